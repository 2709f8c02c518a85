/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who may look: people's accounts and their sessions, which every store keeps. Any thread; times are seconds of
 * CLOCK_REALTIME. Errors besides those named here are those of store.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/password.h"
#include "collector/register.h"
#include "collector/roles.h"

#define ACCOUNT_NAME_MAX 32U   /* bytes */
#define ACCOUNTS_MAX     1000U /* that there can be */

/* A session ends when so long nobody looked, and then in any case; and how exactly it is kept when somebody looked, so that not
 * every look is written down. */
#define SESSION_IDLE_SECONDS  (60U * 60U)
#define SESSION_SECONDS       (12U * 60U * 60U)
#define SESSION_TOUCH_SECONDS 60U

struct account {
        char name[ACCOUNT_NAME_MAX + 1];
        enum role role;
        char site[REGISTER_SITE_MAX + 1]; /* "": all */
        uint64_t made, seen;              /* seen: signed in; 0: never */
};

struct accounts {
        struct account *items;
        size_t n;
};

/* Letters, digits, dot, - and _; at most ACCOUNT_NAME_MAX. */
bool account_is_name(const char *text);

/* 0; -EEXIST; -EDQUOT: there are ACCOUNTS_MAX. hash: of password_hash(). */
int accounts_add(struct store *store, const struct account *account, const char *hash);
/* These two end the account's sessions. 0 or -ENOENT. */
int accounts_set_password(struct store *store, const char *name, const char *hash);
int accounts_remove(struct store *store, const char *name);
/* By name. 0 or -ENOENT. */
int accounts_find(struct store *store, const char *name, struct account *ret, char ret_hash[static PASSWORD_HASH_SIZE]);
/* In the order of their names. */
int accounts_list(struct store *store, struct accounts *ret);
void accounts_clear(struct accounts *accounts);
/* Is there one? 1 or 0. */
int accounts_any(struct store *store);

/* From now on who shows what has this hash is that account; sessions that are over are thrown away. */
int sessions_begin(struct store *store, const char *name, const unsigned char hash[static SECRET_HASH_SIZE],
                   uint64_t now);
/* Whose is it? 0; -ENOKEY: nobody's, or it is over. */
int sessions_find(struct store *store, const unsigned char hash[static SECRET_HASH_SIZE], uint64_t now,
                  struct account *ret);
/* 0 also when there is none. */
int sessions_end(struct store *store, const unsigned char hash[static SECRET_HASH_SIZE]);
