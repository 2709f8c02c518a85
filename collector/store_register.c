/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The register in the SQLite store: on the keeper's connection. Secrets are found by their ids, which are no secrets, and
 * then compared as hashes. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/register.h"
#include "collector/store_sqlite.h"

/* The hash in a column, or false. */
static bool read_hash(sqlite3_stmt *row, int column, unsigned char ret[static SECRET_HASH_SIZE])
{
        const void *hash = sqlite3_column_blob(row, column);

        if (!hash || sqlite3_column_bytes(row, column) != (int) SECRET_HASH_SIZE)
                return false;
        memcpy(ret, hash, SECRET_HASH_SIZE);
        return true;
}

static void read_token(sqlite3_stmt *row, struct register_token *token)
{
        sqlite_text(token->id, sizeof(token->id), row, 0);
        sqlite_text(token->site, sizeof(token->site), row, 1);
        token->laptops = sqlite_number(row, 2);
        token->used = sqlite_number(row, 3);
        token->made = sqlite_number(row, 4);
        token->expires = sqlite_number(row, 5);
        token->revoked = sqlite_number(row, 6);
}

/* ---- transactions of the keeper ---- */

int keeper_begin(struct store *store)
{
        pthread_mutex_lock(&store->keeping);
        if (!sqlite3_get_autocommit(store->keeper))
                sqlite_run(store->statements[SCHEMA_KEEPER_ROLLBACK]);
        return sqlite_run(store->statements[SCHEMA_KEEPER_BEGIN]);
}

int keeper_end(struct store *store, int r)
{
        if (r == 0)
                r = sqlite_run(store->statements[SCHEMA_KEEPER_COMMIT]);
        if (r < 0 && !sqlite3_get_autocommit(store->keeper))
                sqlite_run(store->statements[SCHEMA_KEEPER_ROLLBACK]);
        pthread_mutex_unlock(&store->keeping);
        return r;
}

/* One statement that changes one row, or -ENOENT. */
int keeper_change(struct store *store, sqlite3_stmt *statement)
{
        int r = sqlite_run(statement);

        return r == 0 && sqlite3_changes(store->keeper) == 0 ? -ENOENT : r;
}

/* ---- tokens ---- */

int register_add_token(struct store *store, const struct register_token *token,
                       const unsigned char hash[static SECRET_HASH_SIZE])
{
        int r;

        pthread_mutex_lock(&store->keeping);
        r = keeper_change(store, sqlite_bind(store, SCHEMA_ADD_TOKEN, "thtnnn", token->id, hash, token->site,
                                             token->laptops, token->made, token->expires));
        pthread_mutex_unlock(&store->keeping);
        return r == -ENOENT ? -EEXIST : r;
}

int register_tokens(struct store *store, struct register_tokens *ret)
{
        struct register_tokens tokens = { .items = calloc(REGISTER_TOKENS_MAX, sizeof(*tokens.items)) };
        sqlite3_stmt *statement;
        int code;

        if (!tokens.items)
                return -ENOMEM;
        pthread_mutex_lock(&store->keeping);
        statement = sqlite_bind(store, SCHEMA_TOKENS, "n", (uint64_t) REGISTER_TOKENS_MAX);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
                read_token(statement, &tokens.items[tokens.n++]);
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->keeping);
        if (code != SQLITE_DONE) {
                register_tokens_clear(&tokens);
                return sqlite_error(code);
        }
        *ret = tokens;
        return 0;
}

void register_tokens_clear(struct register_tokens *tokens)
{
        free(tokens->items);
        *tokens = (struct register_tokens){ 0 };
}

int register_revoke_token(struct store *store, const char *id, uint64_t now)
{
        int r;

        pthread_mutex_lock(&store->keeping);
        r = keeper_change(store, sqlite_bind(store, SCHEMA_REVOKE_TOKEN, "tn", id, now));
        pthread_mutex_unlock(&store->keeping);
        return r;
}

/* ---- laptops ---- */

struct credential {
        unsigned char hash[SECRET_HASH_SIZE];
        bool known, revoked;
};

static int find_credential(struct store *store, const char *host, struct credential *ret)
{
        sqlite3_stmt *statement = sqlite_bind(store, SCHEMA_CREDENTIAL, "t", host);
        int code = sqlite3_step(statement);

        *ret = (struct credential){ .known = code == SQLITE_ROW };
        if (ret->known) {
                ret->revoked = sqlite_number(statement, 1) != 0;
                if (!read_hash(statement, 0, ret->hash))
                        code = SQLITE_CORRUPT;
        }
        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : sqlite_error(code);
}

static int check_token(struct store *store, const struct secret *shown, bool is_new, uint64_t now)
{
        sqlite3_stmt *statement = sqlite_bind(store, SCHEMA_TOKEN, "t", shown->id);
        unsigned char hash[SECRET_HASH_SIZE];
        struct register_token token;
        int code = sqlite3_step(statement);
        bool right = code == SQLITE_ROW && read_hash(statement, 7, hash);

        if (code == SQLITE_ROW)
                read_token(statement, &token);
        sqlite3_reset(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return sqlite_error(code);
        /* Whether it expired, only who knows it may learn. */
        if (!right || !secret_same(hash, shown->hash))
                return -ENOKEY;
        if (token.revoked)
                return -EKEYREVOKED;
        if (now >= token.expires)
                return -EKEYEXPIRED;
        return is_new && token.used >= token.laptops ? -EDQUOT : 0;
}

static int enrol(struct store *store, const struct register_wish *wish, uint64_t now)
{
        const char *host = wish->credential.id;
        struct credential last;
        bool again;
        int r = find_credential(store, host, &last);

        if (r < 0)
                return r;
        again = last.known && secret_same(last.hash, wish->credential.hash);
        if (again)
                return last.revoked ? -EKEYREVOKED : 0;
        r = check_token(store, &wish->token, !last.known, now);
        if (r < 0)
                return r;
        if (last.known && !last.revoked &&
            (strcmp(wish->previous.id, host) != 0 || !secret_same(last.hash, wish->previous.hash)))
                return -EEXIST;

        r = sqlite_run(
                sqlite_bind(store, SCHEMA_SET_CREDENTIAL, "thtn", host, wish->credential.hash, wish->token.id, now));
        if (r == 0 && !last.known)
                r = sqlite_run(sqlite_bind(store, SCHEMA_USE_TOKEN, "t", wish->token.id));
        if (r == 0 && wish->label[0])
                r = sqlite_run(sqlite_bind(store, SCHEMA_SET_LABEL, "tt", host, wish->label));
        return r;
}

int register_enrol(struct store *store, const struct register_wish *wish, uint64_t now)
{
        int r = keeper_begin(store);

        if (r == 0)
                r = enrol(store, wish, now);
        return keeper_end(store, r);
}

int register_admit(struct store *store, const struct secret *credential)
{
        struct credential last;
        int r;

        pthread_mutex_lock(&store->keeping);
        r = find_credential(store, credential->id, &last);
        pthread_mutex_unlock(&store->keeping);
        if (r < 0)
                return r;
        if (!last.known || !secret_same(last.hash, credential->hash))
                return -ENOKEY;
        return last.revoked ? -EKEYREVOKED : 0;
}

int register_find(struct store *store, const char *name, struct register_laptop ret[static REGISTER_MATCHES_MAX],
                  size_t *ret_n)
{
        sqlite3_stmt *statement;
        int code;

        *ret_n = 0;
        pthread_mutex_lock(&store->keeping);
        statement = sqlite_bind(store, SCHEMA_FIND_LAPTOPS, "tn", name, (uint64_t) REGISTER_MATCHES_MAX);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                struct register_laptop *laptop = &ret[(*ret_n)++];

                sqlite_text(laptop->host, sizeof(laptop->host), statement, 0);
                sqlite_text(laptop->label, sizeof(laptop->label), statement, 1);
                laptop->revoked = sqlite_number(statement, 2) != 0;
        }
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->keeping);
        return sqlite_error(code);
}

int register_revoke(struct store *store, const char *host, uint64_t now)
{
        int r;

        pthread_mutex_lock(&store->keeping);
        r = keeper_change(store, sqlite_bind(store, SCHEMA_REVOKE_LAPTOP, "tn", host, now));
        pthread_mutex_unlock(&store->keeping);
        return r;
}
