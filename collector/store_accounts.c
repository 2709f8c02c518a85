/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Accounts and sessions in the SQLite store, on the keeper's connection. */

#include "collector/accounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_sqlite.h"

/* The first columns of every statement that reads accounts: name, role, site, made, seen. */
static int read_account(sqlite3_stmt *row, struct account *account)
{
        char role[32];
        int r;

        *account = (struct account){ 0 };
        sqlite_text(account->name, sizeof(account->name), row, 0);
        sqlite_text(role, sizeof(role), row, 1);
        sqlite_text(account->site, sizeof(account->site), row, 2);
        account->made = sqlite_number(row, 3);
        account->seen = sqlite_number(row, 4);
        r = role_from_string(role);
        if (r < 0 || (role_has_site((enum role) r) && !account->site[0]))
                return -EUCLEAN; /* rather nobody than somebody who sees too much */
        account->role = (enum role) r;
        return 0;
}

static int add(struct store *store, const struct account *account, const char *hash)
{
        int n, r = sqlite_count(store, SCHEMA_COUNT_ACCOUNTS, &n);

        if (r < 0)
                return r;
        if (n >= (int) ACCOUNTS_MAX)
                return -EDQUOT;
        r = keeper_change(store, sqlite_bind(store, SCHEMA_ADD_ACCOUNT, "ttttn", account->name, hash,
                                             role_to_string(account->role), account->site, account->made));
        return r == -ENOENT ? -EEXIST : r;
}

int accounts_add(struct store *store, const struct account *account, const char *hash)
{
        int r = keeper_begin(store);

        if (r == 0)
                r = add(store, account, hash);
        return keeper_end(store, r);
}

int accounts_set_password(struct store *store, const char *name, const char *hash)
{
        int r = keeper_begin(store);

        if (r == 0)
                r = keeper_change(store, sqlite_bind(store, SCHEMA_SET_PASSWORD, "tt", name, hash));
        if (r == 0)
                r = sqlite_run(sqlite_bind(store, SCHEMA_DELETE_SESSIONS, "t", name));
        return keeper_end(store, r);
}

int accounts_remove(struct store *store, const char *name)
{
        int r = keeper_begin(store);

        if (r == 0)
                r = keeper_change(store, sqlite_bind(store, SCHEMA_DELETE_ACCOUNT, "t", name));
        if (r == 0)
                r = sqlite_run(sqlite_bind(store, SCHEMA_DELETE_SESSIONS, "t", name));
        return keeper_end(store, r);
}

int accounts_find(struct store *store, const char *name, struct account *ret, char ret_hash[static PASSWORD_HASH_SIZE])
{
        sqlite3_stmt *statement;
        int code, r = -ENOENT;

        pthread_mutex_lock(&store->keeping);
        statement = sqlite_bind(store, SCHEMA_ACCOUNT, "t", name);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
                r = read_account(statement, ret);
                sqlite_text(ret_hash, PASSWORD_HASH_SIZE, statement, 5);
        }
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->keeping);
        return code == SQLITE_ROW || code == SQLITE_DONE ? r : sqlite_error(code);
}

int accounts_list(struct store *store, struct accounts *ret)
{
        struct accounts accounts = { .items = calloc(ACCOUNTS_MAX, sizeof(*accounts.items)) };
        sqlite3_stmt *statement;
        int code = SQLITE_DONE, r = 0;

        if (!accounts.items)
                return -ENOMEM;
        pthread_mutex_lock(&store->keeping);
        statement = sqlite_bind(store, SCHEMA_ACCOUNTS, "n", (uint64_t) ACCOUNTS_MAX);
        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = read_account(statement, &accounts.items[accounts.n++]);
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->keeping);
        if (r == 0)
                r = sqlite_error(code);
        if (r < 0) {
                accounts_clear(&accounts);
                return r;
        }
        *ret = accounts;
        return 0;
}

void accounts_clear(struct accounts *accounts)
{
        free(accounts->items);
        *accounts = (struct accounts){ 0 };
}

int accounts_any(struct store *store)
{
        int n = 0, r;

        pthread_mutex_lock(&store->keeping);
        r = sqlite_count(store, SCHEMA_COUNT_ACCOUNTS, &n);
        pthread_mutex_unlock(&store->keeping);
        return r < 0 ? r : n > 0;
}

/* ---- sessions ---- */

int sessions_begin(struct store *store, const char *name, const unsigned char hash[static SECRET_HASH_SIZE],
                   uint64_t now)
{
        int r = keeper_begin(store);

        if (r == 0)
                r = sqlite_run(sqlite_bind(store, SCHEMA_DELETE_OLD_SESSIONS, "nnn", now, (uint64_t) SESSION_SECONDS,
                                           (uint64_t) SESSION_IDLE_SECONDS));
        if (r == 0)
                r = keeper_change(store, sqlite_bind(store, SCHEMA_SEE_ACCOUNT, "tn", name, now));
        if (r == 0)
                r = sqlite_run(sqlite_bind(store, SCHEMA_ADD_SESSION, "htn", hash, name, now));
        return keeper_end(store, r);
}

/* A session whose times lie ahead, because the clock was put back, is over too. */
static bool is_over(uint64_t now, uint64_t made, uint64_t used)
{
        return made > now || used > now || now - made >= SESSION_SECONDS || now - used >= SESSION_IDLE_SECONDS;
}

int sessions_find(struct store *store, const unsigned char hash[static SECRET_HASH_SIZE], uint64_t now,
                  struct account *ret)
{
        uint64_t made = 0, used = 0;
        sqlite3_stmt *statement;
        int code, r = -ENOKEY;

        pthread_mutex_lock(&store->keeping);
        statement = sqlite_bind(store, SCHEMA_SESSION, "h", hash);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
                r = read_account(statement, ret);
                made = sqlite_number(statement, 5);
                used = sqlite_number(statement, 6);
        } else if (code != SQLITE_DONE) {
                r = sqlite_error(code);
        }
        sqlite3_reset(statement);
        if (r == 0 && is_over(now, made, used))
                r = -ENOKEY;
        if (r == 0 && now - used >= SESSION_TOUCH_SECONDS)
                r = sqlite_run(sqlite_bind(store, SCHEMA_USE_SESSION, "hn", hash, now));
        pthread_mutex_unlock(&store->keeping);
        return r;
}

int sessions_end(struct store *store, const unsigned char hash[static SECRET_HASH_SIZE])
{
        int r;

        pthread_mutex_lock(&store->keeping);
        r = sqlite_run(sqlite_bind(store, SCHEMA_DELETE_SESSION, "h", hash));
        pthread_mutex_unlock(&store->keeping);
        return r;
}
