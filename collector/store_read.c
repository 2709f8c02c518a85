/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the page shows, from the SQLite store: on the reader's connection. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_sqlite.h"

int sqlite_event(sqlite3_stmt *row, struct store_event *event)
{
        const unsigned char *attributes = sqlite3_column_text(row, 10);

        event->position.shown_ns = sqlite3_column_int64(row, 0);
        event->position.id = sqlite3_column_int64(row, 1);
        sqlite_text(event->host, sizeof(event->host), row, 2);
        sqlite_text(event->uid, sizeof(event->uid), row, 3);
        sqlite_text(event->name, sizeof(event->name), row, 4);
        event->seq = sqlite_number(row, 5);
        event->time_ns = sqlite_number(row, 6);
        event->received_ns = sqlite_number(row, 7);
        event->severity = sqlite3_column_int(row, 8);
        event->clone = sqlite3_column_int(row, 9);
        sqlite_text(event->label, sizeof(event->label), row, 11);
        event->attributes = strdup(attributes ? (const char *) attributes : "{}");
        return event->attributes ? 0 : -ENOMEM;
}

int store_events(struct store *store, const char *host, struct store_position before, size_t limit,
                 struct store_events *ret)
{
        return store_site_events(store, NULL, host, before, limit, ret);
}

/* What a statement gives, of EVENT_COLUMNS, where one more than limit is asked for; `reading` is held. */
static int read_events(sqlite3_stmt *statement, size_t limit, struct store_events *ret)
{
        struct store_events events = { .items = calloc(limit, sizeof(*events.items)) };
        int code = SQLITE_DONE, r = events.items ? 0 : -ENOMEM;

        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
                events.more = events.n == limit;
                if (events.more)
                        break;
                r = sqlite_event(statement, &events.items[events.n++]);
        }
        sqlite3_reset(statement);
        if (r == 0 && code != SQLITE_ROW)
                r = sqlite_error(code);
        if (r < 0) {
                store_events_clear(&events);
                return r;
        }
        *ret = events;
        return 0;
}

int store_site_events(struct store *store, const char *site, const char *host, struct store_position before,
                      size_t limit, struct store_events *ret)
{
        static const enum schema_statement which[2][2] = {
                { SCHEMA_EVENTS, SCHEMA_EVENTS_OF_HOST },
                { SCHEMA_EVENTS_OF_SITE, SCHEMA_EVENTS_OF_SITE_AND_HOST },
        };
        int r;

        if (limit > STORE_EVENTS_MAX)
                limit = STORE_EVENTS_MAX;
        pthread_mutex_lock(&store->reading);
        r = read_events(sqlite_bind(store, which[site != NULL][host != NULL],
                                    site && host   ? "nnntt"
                                    : site || host ? "nnnt"
                                                   : "nnn",
                                    (uint64_t) before.shown_ns, (uint64_t) before.id, (uint64_t) limit + 1,
                                    site ? site : host, host),
                        limit, ret);
        pthread_mutex_unlock(&store->reading);
        return r;
}

int store_attention_events(struct store *store, const char *site, uint64_t since_ns, size_t limit,
                           struct store_events *ret)
{
        int r;

        if (limit > STORE_EVENTS_MAX)
                limit = STORE_EVENTS_MAX;
        pthread_mutex_lock(&store->reading);
        r = read_events(sqlite_bind(store, SCHEMA_ATTENTION_EVENTS, "ntn", since_ns, site, (uint64_t) limit + 1), limit,
                        ret);
        pthread_mutex_unlock(&store->reading);
        return r;
}

static int read_missing(struct store *store, struct store_laptop *laptop)
{
        struct audit_laptop audit = { .host = "" };
        int r;

        strcpy(audit.host, laptop->host);
        r = sqlite_audit(store, &audit, laptop->highest);
        laptop->missing = audit.unexplained;
        return r;
}

int store_laptops(struct store *store, size_t limit, struct store_laptops *ret)
{
        return store_site_laptops(store, NULL, limit, ret);
}

int store_site_has(struct store *store, const char *site, const char *host)
{
        sqlite3_stmt *statement;
        int code, n = 0;

        pthread_mutex_lock(&store->reading);
        statement = sqlite_bind(store, SCHEMA_SITE_HAS, "tt", host, site);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                n = sqlite3_column_int(statement, 0);
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->reading);
        return code == SQLITE_ROW ? n > 0 : sqlite_error(code);
}

static int read_laptop(struct store *store, sqlite3_stmt *row, struct store_laptop *laptop)
{
        const unsigned char *attributes;

        sqlite_text(laptop->host, sizeof(laptop->host), row, 0);
        sqlite_text(laptop->version, sizeof(laptop->version), row, 1);
        laptop->first_seen_ns = sqlite_number(row, 2);
        laptop->last_seen_ns = sqlite_number(row, 3);
        laptop->events = sqlite_number(row, 4);
        laptop->clones = sqlite_number(row, 5);
        laptop->highest = sqlite_number(row, 6);
        sqlite_text(laptop->label, sizeof(laptop->label), row, 7);
        attributes = sqlite3_column_text(row, 8);
        laptop->heartbeat = attributes ? strdup((const char *) attributes) : NULL;
        return attributes && !laptop->heartbeat ? -ENOMEM : read_missing(store, laptop);
}

/* As read_events(), of LAPTOP_COLUMNS. */
static int read_laptops(struct store *store, sqlite3_stmt *statement, size_t limit, struct store_laptops *ret)
{
        struct store_laptops laptops = { .items = calloc(limit, sizeof(*laptops.items)) };
        int code = SQLITE_DONE, r = laptops.items ? 0 : -ENOMEM;

        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
                laptops.more = laptops.n == limit;
                if (laptops.more)
                        break;
                r = read_laptop(store, statement, &laptops.items[laptops.n++]);
        }
        sqlite3_reset(statement);
        if (r == 0 && code != SQLITE_ROW)
                r = sqlite_error(code);
        if (r < 0) {
                store_laptops_clear(&laptops);
                return r;
        }
        *ret = laptops;
        return 0;
}

int store_site_laptops(struct store *store, const char *site, size_t limit, struct store_laptops *ret)
{
        int r;

        if (limit > STORE_LAPTOPS_MAX)
                limit = STORE_LAPTOPS_MAX;
        pthread_mutex_lock(&store->reading);
        r = read_laptops(store,
                         sqlite_bind(store, site ? SCHEMA_LAPTOPS_OF_SITE : SCHEMA_LAPTOPS, site ? "nt" : "n",
                                     (uint64_t) limit + 1, site),
                         limit, ret);
        pthread_mutex_unlock(&store->reading);
        return r;
}

int store_attention_laptops(struct store *store, const char *site, uint64_t silent_ns, size_t limit,
                            struct store_laptops *ret)
{
        int r;

        if (limit > STORE_LAPTOPS_MAX)
                limit = STORE_LAPTOPS_MAX;
        pthread_mutex_lock(&store->reading);
        r = read_laptops(store,
                         sqlite_bind(store, SCHEMA_ATTENTION_LAPTOPS, "ntn", (uint64_t) limit + 1, site, silent_ns),
                         limit, ret);
        pthread_mutex_unlock(&store->reading);
        return r;
}

int store_intervals(struct store *store, const char *host, struct intervals *ret)
{
        sqlite3_stmt *statement;
        struct intervals intervals = { 0 };
        int code = SQLITE_DONE, r = 0;

        pthread_mutex_lock(&store->reading);
        statement = sqlite_bind(store, SCHEMA_INTERVALS, "tn", host, (uint64_t) STORE_INTERVALS_MAX);
        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = intervals_add(&intervals,
                                  (struct interval){ sqlite_number(statement, 0), sqlite_number(statement, 1) });
        sqlite3_reset(statement);
        pthread_mutex_unlock(&store->reading);

        if (r == 0)
                r = sqlite_error(code);
        if (r < 0) {
                intervals_clear(&intervals);
                return r;
        }
        *ret = intervals;
        return 0;
}
