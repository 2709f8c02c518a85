/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The verbs for IT, typed on the collector's machine: who may send. They work while the collector runs and while it does
 * not, for they go to its database. */

#include <stdbool.h>
#include <stdio.h>

#include "collector/store.h"

#define ADMIN_LAPTOPS 100U /* that a token lets in when nothing else is said */
#define ADMIN_DAYS    14U  /* so long */

struct admin {
        struct store *store;
        const char *argument; /* SITE, ID or LAPTOP; NULL for verbs without one */
        unsigned laptops, days;
        FILE *out, *err; /* what was asked for; everything else */
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
