/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The one file of the agent that knows SQLite. Small caches: a spool is written at its end and read once. */

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/spooldb.h"
#include "common/cleanup.h"

/* The lock keeps the WAL's index in our memory, instead of in one more file that others can map. */
#define SETTINGS                                                                                                       \
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -128;"                      \
        "PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"                            \
        "PRAGMA wal_autocheckpoint = 128; PRAGMA journal_size_limit = 1048576;"

struct spooldb {
        sqlite3 *sqlite;
};

struct spooldb_query {
        sqlite3 *sqlite;
        sqlite3_stmt *statement;
};

static int error_of(sqlite3 *sqlite, int code)
{
        int system = sqlite ? sqlite3_system_errno(sqlite) : 0;

        switch (code & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_IOERR:
                return system == ENOSPC || system == EDQUOT ? -ENOSPC : -EIO;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CANTOPEN:
                return system > 0 ? -system : -EIO;
        default:
                return -EIO;
        }
}

/* SQLite makes files with the umask of the process; what belongs to the database takes over its mode. */
static int make_file(const char *path)
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

struct spooldb *spooldb_close(struct spooldb *db)
{
        if (!db)
                return NULL;
        sqlite3_close(db->sqlite);
        free(db);
        return NULL;
}

DEFINE_CLEANUP(cleanup_db, struct spooldb *, spooldb_close)

int spooldb_open(const char *path, unsigned pages_max, struct spooldb **ret)
{
        CLEANUP(cleanup_db) struct spooldb *db = calloc(1, sizeof(*db));
        int r;

        if (!db)
                return -ENOMEM;
        r = make_file(path);
        if (r < 0)
                return r;
        r = sqlite3_open_v2(path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK)
                return error_of(db->sqlite, r);
        sqlite3_extended_result_codes(db->sqlite, 1);
        /* 100 kB of small pieces for a connection are more than all the rest. */
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        r = spooldb_run(db, SETTINGS);
        if (r >= 0)
                r = spooldb_limit(db, pages_max);
        if (r < 0)
                return r;
        *ret = db;
        db = NULL;
        return 0;
}

void spooldb_checkpoint(struct spooldb *db)
{
        (void) sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

int spooldb_limit(struct spooldb *db, unsigned pages_max)
{
        char sql[64];

        snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %u", pages_max);
        return spooldb_run(db, sql);
}

int spooldb_run(struct spooldb *db, const char *sql)
{
        return error_of(db->sqlite, sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
}

int spooldb_begin(struct spooldb *db)
{
        return spooldb_run(db, "BEGIN IMMEDIATE");
}

int spooldb_end(struct spooldb *db, int r)
{
        if (r >= 0)
                r = spooldb_run(db, "COMMIT");
        /* Some errors have rolled back already. */
        if (r < 0 && !sqlite3_get_autocommit(db->sqlite))
                (void) spooldb_run(db, "ROLLBACK");
        return r < 0 ? r : 0;
}

struct spooldb_query *spooldb_done(struct spooldb_query *query)
{
        if (!query)
                return NULL;
        sqlite3_finalize(query->statement);
        free(query);
        return NULL;
}

DEFINE_CLEANUP(cleanup_query, struct spooldb_query *, spooldb_done)

static int query_with(struct spooldb *db, struct spooldb_query **ret, const char *sql, const char *types,
                      va_list parameters)
{
        CLEANUP(cleanup_query) struct spooldb_query *query = calloc(1, sizeof(*query));
        int code;

        if (!query)
                return -ENOMEM;
        query->sqlite = db->sqlite;
        code = sqlite3_prepare_v2(db->sqlite, sql, -1, &query->statement, NULL);
        for (int i = 0; code == SQLITE_OK && types[i]; i++) {
                if (types[i] == 'i') {
                        uint64_t value = va_arg(parameters, uint64_t);

                        code = sqlite3_bind_int64(query->statement, i + 1,
                                                  value > INT64_MAX ? INT64_MAX : (sqlite3_int64) value);
                } else {
                        code = sqlite3_bind_text(query->statement, i + 1, va_arg(parameters, const char *), -1,
                                                 SQLITE_STATIC);
                }
        }
        if (code != SQLITE_OK)
                return error_of(db->sqlite, code);
        *ret = query;
        query = NULL;
        return 0;
}

int spooldb_query(struct spooldb *db, struct spooldb_query **ret, const char *sql, const char *types, ...)
{
        va_list parameters;
        int r;

        va_start(parameters, types);
        r = query_with(db, ret, sql, types, parameters);
        va_end(parameters);
        return r;
}

int spooldb_step(struct spooldb_query *query)
{
        int code = sqlite3_step(query->statement), r = error_of(query->sqlite, code);

        return r < 0 ? r : code == SQLITE_ROW;
}

uint64_t spooldb_int(struct spooldb_query *query, int column)
{
        return (uint64_t) sqlite3_column_int64(query->statement, column);
}

const char *spooldb_text(struct spooldb_query *query, int column, size_t *ret_size)
{
        const char *text = (const char *) sqlite3_column_text(query->statement, column);

        *ret_size = (size_t) sqlite3_column_bytes(query->statement, column);
        return text;
}

int spooldb_do(struct spooldb *db, uint64_t *ret, const char *sql, const char *types, ...)
{
        CLEANUP(cleanup_query) struct spooldb_query *query = NULL;
        va_list parameters;
        int r;

        va_start(parameters, types);
        r = query_with(db, &query, sql, types, parameters);
        va_end(parameters);
        if (r >= 0)
                r = spooldb_step(query);
        if (r > 0 && ret)
                *ret = spooldb_int(query, 0);
        return r;
}

uint64_t spooldb_changes(struct spooldb *db)
{
        return (uint64_t) sqlite3_changes64(db->sqlite);
}
