/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The verbs for IT, typed on the collector's machine: who may send and who may look. They work while the collector runs and while it does
 * not, for they go to its database. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "collector/store.h"

#define ADMIN_LAPTOPS 100U /* that a token lets in when nothing else is said */
#define ADMIN_DAYS    14U  /* so long */

#define ADMIN_DATE_SIZE sizeof("2026-11-22")

struct admin {
        struct store *store;
        const char *argument; /* SITE, ID, LAPTOP or NAME; NULL for verbs without one */
        unsigned laptops, days;
        const char *role, *site; /* NULL: not given */
        FILE *out, *err;         /* what was asked for; everything else */
};

struct admin_verb {
        const char *verb, *noun; /* "token" "add"; noun NULL when the verb stands alone */
        const char *argument;    /* NULL: takes none */
        const char *options;     /* for the help; NULL: knows none */
        const char *help;
        int (*function)(const struct admin *admin); /* 0; or -errno, after it was said why */
};

extern const struct admin_verb admin_verbs[];
extern const size_t admin_verbs_n;

/* Root becomes the owner of the folder that the database is in, so that nothing there becomes root's. 0 or -errno. */
int admin_become_owner(const char *database);

/* For the verbs. Say what is wrong, or what the store said, and return error. */
__attribute__((format(printf, 3, 4))) int admin_fail(const struct admin *admin, int error, const char *format, ...);
int admin_fail_store(const struct admin *admin, int error);

/* Seconds of CLOCK_REALTIME, and the day that they are in here. */
uint64_t admin_now(void);
void admin_format_date(uint64_t seconds, char ret[static ADMIN_DATE_SIZE]);
