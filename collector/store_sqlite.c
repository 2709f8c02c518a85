/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The store in one SQLite file: opening it, and what the others share. synchronous=FULL: a commit returns when the log is
 * on the disk.
 *
 * Statements are prepared once and bound, never printed. They are reset at once, since an open read holds the log back. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/secret.h"
#include "collector/store_sqlite.h"

#define BUSY_MS         2000 /* how long to wait for another program that has the file */
#define CACHE_KIB       4096
#define WAL_KEPT_BYTES  (16 * 1024 * 1024)
#define VALUE_BYTES_MAX (1024 * 1024) /* of anything in the database */

int sqlite_error(int code)
{
        switch (code & 0xFF) {
        case SQLITE_OK:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
                return -EACCES;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        default:
                return -EIO;
        }
}

sqlite3_stmt *sqlite_bind(struct store *store, enum schema_statement which, const char *types, ...)
{
        sqlite3_stmt *statement = store->statements[which];
        va_list values;

        va_start(values, types);
        for (int at = 1; types[at - 1]; at++) {
                if (types[at - 1] == 't')
                        sqlite3_bind_text(statement, at, va_arg(values, const char *), -1, SQLITE_STATIC);
                else if (types[at - 1] == 'h')
                        sqlite3_bind_blob(statement, at, va_arg(values, const unsigned char *), SECRET_HASH_SIZE,
                                          SQLITE_STATIC);
                else
                        sqlite3_bind_int64(statement, at, (int64_t) va_arg(values, uint64_t));
        }
        va_end(values);
        return statement;
}

int sqlite_run(sqlite3_stmt *statement)
{
        int code = sqlite3_step(statement);

        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : sqlite_error(code);
}

int sqlite_count(struct store *store, enum schema_statement which, int *ret)
{
        sqlite3_stmt *statement = store->statements[which];
        int code = sqlite3_step(statement);

        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int(statement, 0);
        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -EUCLEAN : sqlite_error(code);
}

uint64_t sqlite_number(sqlite3_stmt *statement, int column)
{
        return (uint64_t) sqlite3_column_int64(statement, column);
}

void sqlite_text(char *to, size_t size, sqlite3_stmt *statement, int column)
{
        const unsigned char *text = sqlite3_column_text(statement, column);

        snprintf(to, size, "%s", text ? (const char *) text : "");
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static int pragma_number(sqlite3 *database, const char *pragma, int64_t *ret)
{
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(database, pragma, -1, &statement, NULL);

        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -EUCLEAN : sqlite_error(code);
}

static int execute(sqlite3 *database, const char *text)
{
        return sqlite_error(sqlite3_exec(database, text, NULL, NULL, NULL));
}

static int connect_to(const char *place, sqlite3 **ret)
{
        char settings[512];
        int r;

        /* Even on failure there is a handle to close, which store_close() does. */
        r = sqlite_error(
                sqlite3_open_v2(place, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
        if (r < 0)
                return r;
        /* On a disk that is read-only at this moment SQLite would be content to read, and stay so when it is not any more. */
        if (sqlite3_db_readonly(*ret, "main") != 0)
                return -EROFS;
        sqlite3_extended_result_codes(*ret, 1);
        sqlite3_busy_timeout(*ret, BUSY_MS);
        sqlite3_limit(*ret, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
        sqlite3_db_config(*ret, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(*ret, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        snprintf(settings, sizeof(settings),
                 "PRAGMA synchronous = FULL; PRAGMA cache_size = -%d; PRAGMA journal_size_limit = %d;"
                 "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;",
                 CACHE_KIB, WAL_KEPT_BYTES);
        return execute(*ret, settings);
}

/* SQLite answers with the mode it is in, without an error, when it cannot have the one it was asked for. */
static int use_wal(sqlite3 *database)
{
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(database, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
        char mode[8] = "";

        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                sqlite_text(mode, sizeof(mode), statement, 0);
        sqlite3_finalize(statement);
        return code != SQLITE_ROW ? sqlite_error(code) : strcmp(mode, "wal") == 0 ? 0 : -EIO;
}

static int migrate(sqlite3 *database)
{
        int64_t version, application, tables;
        char text[64];
        int r;

        r = pragma_number(database, "PRAGMA user_version", &version);
        if (r == 0)
                r = pragma_number(database, "PRAGMA application_id", &application);
        if (r == 0)
                r = pragma_number(database, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0)
                return r;
        if (application != SCHEMA_APPLICATION_ID && (application != 0 || version != 0 || tables != 0))
                return -EMEDIUMTYPE;
        if (version > SCHEMA_VERSION)
                return -EPROTONOSUPPORT;
        if (version < 0)
                return -EUCLEAN;

        r = use_wal(database);
        for (size_t i = (size_t) version; i < SCHEMA_VERSION && r == 0; i++) {
                snprintf(text, sizeof(text), "PRAGMA user_version = %zu; COMMIT", i + 1);
                r = execute(database, "BEGIN IMMEDIATE");
                if (r == 0)
                        r = execute(database, schema_migrations[i]);
                if (r == 0)
                        r = execute(database, text);
                if (r < 0)
                        execute(database, "ROLLBACK");
        }
        return r;
}

int store_open(const char *place, struct store **ret)
{
        struct store *store;
        int r;

        store = calloc(1, sizeof(*store));
        if (!store)
                return -ENOMEM;
        pthread_mutex_init(&store->reading, NULL);
        pthread_mutex_init(&store->keeping, NULL);

        r = connect_to(place, &store->writer);
        if (r == 0)
                r = migrate(store->writer);
        if (r == 0)
                r = connect_to(place, &store->reader);
        if (r == 0)
                r = execute(store->reader, "PRAGMA query_only = ON");
        if (r == 0)
                r = connect_to(place, &store->keeper);
        for (int i = 0; i < _SCHEMA_STATEMENT_MAX && r == 0; i++)
                r = sqlite_error(sqlite3_prepare_v3(i < _SCHEMA_WRITER_MAX   ? store->writer
                                                    : i < _SCHEMA_READER_MAX ? store->reader
                                                                             : store->keeper,
                                                    schema_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                                                    NULL));
        if (r < 0) {
                store_close(store);
                return r;
        }
        *ret = store;
        return 0;
}

struct store *store_close(struct store *store)
{
        if (!store)
                return NULL;
        for (int i = 0; i < _SCHEMA_STATEMENT_MAX; i++)
                sqlite3_finalize(store->statements[i]);
        sqlite3_close(store->keeper);
        sqlite3_close(store->reader);
        sqlite3_close(store->writer);
        pthread_mutex_destroy(&store->keeping);
        pthread_mutex_destroy(&store->reading);
        free(store);
        return NULL;
}
