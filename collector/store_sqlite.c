/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The store in one SQLite file. Two connections: the writer's, and one for reading, which in WAL mode never waits for the
 * writer nor makes it wait. synchronous=FULL: a commit returns when the log is on the disk.
 *
 * Statements are prepared once and bound, never printed. They are reset at once, since an open read holds the log back. */

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/schema.h"
#include "collector/store.h"

#define BUSY_MS         2000 /* how long to wait for another program that has the file */
#define CACHE_KIB       4096
#define WAL_KEPT_BYTES  (16 * 1024 * 1024)
#define VALUE_BYTES_MAX (1024 * 1024) /* of anything in the database */

struct store {
        sqlite3 *writer, *reader;
        pthread_mutex_t reading; /* for the reader and its statements */
        sqlite3_stmt *statements[_SCHEMA_STATEMENT_MAX];
};

static int error_of(int code)
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

/* Bind the values of a statement: for each letter of types t, a text (const char *), or n, a number (uint64_t). Texts must
 * stay until the statement is reset. Errors of binding (no memory) show up again when the statement is run. */
static sqlite3_stmt *bind(struct store *store, enum schema_statement which, const char *types, ...)
{
        sqlite3_stmt *statement = store->statements[which];
        va_list values;

        va_start(values, types);
        for (int at = 1; types[at - 1]; at++) {
                if (types[at - 1] == 't')
                        sqlite3_bind_text(statement, at, va_arg(values, const char *), -1, SQLITE_STATIC);
                else
                        sqlite3_bind_int64(statement, at, (int64_t) va_arg(values, uint64_t));
        }
        va_end(values);
        return statement;
}

/* Run a statement that gives no rows. */
static int run(sqlite3_stmt *statement)
{
        int code = sqlite3_step(statement);

        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : error_of(code);
}

static uint64_t number_of(sqlite3_stmt *statement, int column)
{
        return (uint64_t) sqlite3_column_int64(statement, column);
}

static void copy_text(char *to, size_t size, sqlite3_stmt *statement, int column)
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
        return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -EUCLEAN : error_of(code);
}

static int execute(sqlite3 *database, const char *text)
{
        return error_of(sqlite3_exec(database, text, NULL, NULL, NULL));
}

static int connect_to(const char *place, sqlite3 **ret)
{
        char settings[512];
        int r;

        /* Even on failure there is a handle to close, which store_close() does. */
        r = error_of(
                sqlite3_open_v2(place, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
        if (r < 0)
                return r;
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
                copy_text(mode, sizeof(mode), statement, 0);
        sqlite3_finalize(statement);
        return code != SQLITE_ROW ? error_of(code) : strcmp(mode, "wal") == 0 ? 0 : -EIO;
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

        r = connect_to(place, &store->writer);
        if (r == 0)
                r = migrate(store->writer);
        if (r == 0)
                r = connect_to(place, &store->reader);
        if (r == 0)
                r = execute(store->reader, "PRAGMA query_only = ON");
        for (int i = 0; i < _SCHEMA_STATEMENT_MAX && r == 0; i++)
                r = error_of(sqlite3_prepare_v3(i < _SCHEMA_WRITER_MAX ? store->writer : store->reader, schema_sql[i],
                                                -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL));
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
        sqlite3_close(store->reader);
        sqlite3_close(store->writer);
        pthread_mutex_destroy(&store->reading);
        free(store);
        return NULL;
}

/* ---- adding ------------------------------------------------------------------------------------------------------- */

/* What one resource of a batch brings, until it is written. */
struct arrival {
        struct intervals numbers;
        uint64_t records, events, clones, highest;
};

static int contains(struct store *store, const char *host, uint64_t number, bool *ret)
{
        sqlite3_stmt *statement = bind(store, SCHEMA_RECEIVED_BEFORE, "tn", host, number);
        int code = sqlite3_step(statement);

        *ret = code == SQLITE_ROW && number_of(statement, 1) >= number;
        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : error_of(code);
}

static int add_record(struct store *store, const char *host, const struct batch_record *record, uint64_t received_ns,
                      struct arrival *arrival)
{
        bool known;
        int r;

        arrival->records++;
        r = run(bind(store, SCHEMA_ADD_EVENT, "ttnnntnt", host, record->uid, record->seq, record->time_ns, received_ns,
                     record->name, (uint64_t) record->severity, record->attributes));
        if (r < 0)
                return r;
        if (sqlite3_changes(store->writer) == 0)
                return 0; /* here already */
        arrival->events++;

        r = contains(store, host, record->seq, &known);
        if (r < 0)
                return r;
        if (known || intervals_contain(&arrival->numbers, record->seq)) {
                arrival->clones++;
                return run(bind(store, SCHEMA_MARK_CLONES, "tn", host, record->seq));
        }
        if (record->seq > arrival->highest)
                arrival->highest = record->seq;
        return intervals_add(&arrival->numbers, (struct interval){ record->seq, record->seq });
}

/* Put one interval into the table: it and all it touches become one row. */
static int add_interval(struct store *store, const char *host, struct interval interval)
{
        uint64_t behind = interval.last < INT64_MAX ? interval.last + 1 : interval.last;
        sqlite3_stmt *statement = bind(store, SCHEMA_RECEIVED_BEFORE, "tn", host, behind);
        struct interval grown = interval;
        int code, r;

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                struct interval other = { number_of(statement, 0), number_of(statement, 1) };

                if (!interval_touches(other, interval))
                        break;
                grown = interval_union(grown, other);
        }
        sqlite3_reset(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return error_of(code);

        r = run(bind(store, SCHEMA_DELETE_RECEIVED, "tnn", host, grown.first, grown.last));
        return r < 0 ? r : run(bind(store, SCHEMA_ADD_RECEIVED, "tnn", host, grown.first, grown.last));
}

static int add_arrival(struct store *store, const struct batch_resource *resource, const struct arrival *arrival,
                       uint64_t received_ns)
{
        int r = 0;

        if (arrival->records == 0)
                return 0;
        for (size_t i = 0; i < arrival->numbers.n && r == 0; i++)
                r = add_interval(store, resource->host, arrival->numbers.items[i]);
        if (r < 0)
                return r;
        return run(bind(store, SCHEMA_ADD_LAPTOP, "ttnnnn", resource->host, resource->version, received_ns,
                        arrival->events, arrival->clones, arrival->highest));
}

/* The records of one resource are written together, so that a host that is named twice sees its own numbers. */
static int add_batch(struct store *store, const struct batch *batch, uint64_t received_ns)
{
        int r = 0;

        for (size_t i = 0; i < batch->n_resources && r == 0; i++) {
                struct arrival arrival = { 0 };

                for (size_t j = 0; j < batch->n_records && r == 0; j++)
                        if (batch->records[j].resource == i)
                                r = add_record(store, batch->resources[i].host, &batch->records[j], received_ns,
                                               &arrival);
                if (r == 0)
                        r = add_arrival(store, &batch->resources[i], &arrival, received_ns);
                intervals_clear(&arrival.numbers);
        }
        return r;
}

int store_add(struct store *store, struct batch *const *batches, size_t n, uint64_t received_ns)
{
        int r;

        /* Whatever went wrong before: never inside what is left of another transaction. */
        r = sqlite3_get_autocommit(store->writer) ? 0 : run(store->statements[SCHEMA_ROLLBACK]);
        if (r == 0)
                r = run(store->statements[SCHEMA_BEGIN]);
        for (size_t i = 0; i < n && r == 0; i++)
                r = add_batch(store, batches[i], received_ns);
        if (r == 0)
                r = run(store->statements[SCHEMA_COMMIT]);
        /* Some errors have ended the transaction already (sqlite.org/lang_transaction.html). */
        if (r < 0 && !sqlite3_get_autocommit(store->writer))
                run(store->statements[SCHEMA_ROLLBACK]);
        return r;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static int read_event(sqlite3_stmt *row, struct store_event *event)
{
        const unsigned char *attributes = sqlite3_column_text(row, 10);

        event->position.shown_ns = sqlite3_column_int64(row, 0);
        event->position.id = sqlite3_column_int64(row, 1);
        copy_text(event->host, sizeof(event->host), row, 2);
        copy_text(event->uid, sizeof(event->uid), row, 3);
        copy_text(event->name, sizeof(event->name), row, 4);
        event->seq = number_of(row, 5);
        event->time_ns = number_of(row, 6);
        event->received_ns = number_of(row, 7);
        event->severity = sqlite3_column_int(row, 8);
        event->clone = sqlite3_column_int(row, 9);
        event->attributes = strdup(attributes ? (const char *) attributes : "{}");
        return event->attributes ? 0 : -ENOMEM;
}

int store_events(struct store *store, const char *host, struct store_position before, size_t limit,
                 struct store_events *ret)
{
        sqlite3_stmt *statement;
        struct store_events events = { 0 };
        int code = SQLITE_DONE, r = 0;

        if (limit > STORE_EVENTS_MAX)
                limit = STORE_EVENTS_MAX;
        events.items = calloc(limit, sizeof(*events.items));
        if (!events.items)
                return -ENOMEM;

        pthread_mutex_lock(&store->reading);
        statement = bind(store, host ? SCHEMA_EVENTS_OF_HOST : SCHEMA_EVENTS, host ? "nnnt" : "nnn",
                         (uint64_t) before.shown_ns, (uint64_t) before.id, (uint64_t) limit + 1, host);
        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
                events.more = events.n == limit;
                if (events.more)
                        break;
                r = read_event(statement, &events.items[events.n++]);
        }
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->reading);

        if (r == 0 && code != SQLITE_ROW)
                r = error_of(code);
        if (r < 0) {
                store_events_clear(&events);
                return r;
        }
        *ret = events;
        return 0;
}

int store_laptops(struct store *store, size_t limit, struct store_laptops *ret)
{
        sqlite3_stmt *statement;
        struct store_laptops laptops = { 0 };
        int code;

        if (limit > STORE_LAPTOPS_MAX)
                limit = STORE_LAPTOPS_MAX;
        laptops.items = calloc(limit, sizeof(*laptops.items));
        if (!laptops.items)
                return -ENOMEM;

        pthread_mutex_lock(&store->reading);
        statement = bind(store, SCHEMA_LAPTOPS, "n", (uint64_t) limit + 1);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                struct store_laptop *laptop = &laptops.items[laptops.n];

                laptops.more = laptops.n == limit;
                if (laptops.more)
                        break;
                copy_text(laptop->host, sizeof(laptop->host), statement, 0);
                copy_text(laptop->version, sizeof(laptop->version), statement, 1);
                laptop->first_seen_ns = number_of(statement, 2);
                laptop->last_seen_ns = number_of(statement, 3);
                laptop->events = number_of(statement, 4);
                laptop->clones = number_of(statement, 5);
                laptop->highest = number_of(statement, 6);
                /* Each event is a number that had not come, or a clone. */
                laptop->missing = laptop->highest - (laptop->events - laptop->clones);
                laptops.n++;
        }
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->reading);

        if (code != SQLITE_ROW && code != SQLITE_DONE) {
                store_laptops_clear(&laptops);
                return error_of(code);
        }
        *ret = laptops;
        return 0;
}

int store_intervals(struct store *store, const char *host, struct intervals *ret)
{
        sqlite3_stmt *statement;
        struct intervals intervals = { 0 };
        int code = SQLITE_DONE, r = 0;

        pthread_mutex_lock(&store->reading);
        statement = bind(store, SCHEMA_INTERVALS, "tn", host, (uint64_t) STORE_INTERVALS_MAX);
        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = intervals_add(&intervals, (struct interval){ number_of(statement, 0), number_of(statement, 1) });
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->reading);

        if (r == 0)
                r = error_of(code);
        if (r < 0) {
                intervals_clear(&intervals);
                return r;
        }
        *ret = intervals;
        return 0;
}
