/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What laptops bring, into the SQLite store: on the writer's connection and thread. */

#include <errno.h>
#include <string.h>

#include "collector/store_sqlite.h"
#include "common/event.h"

/* What one resource of a batch brings, until it is written. */
struct arrival {
        struct intervals numbers, dropped;
        uint64_t records, events, clones, highest;
};

static int contains(struct store *store, const char *host, uint64_t number, bool *ret)
{
        sqlite3_stmt *statement = sqlite_bind(store, SCHEMA_RECEIVED_BEFORE, "tn", host, number);
        int code = sqlite3_step(statement);

        *ret = code == SQLITE_ROW && sqlite_number(statement, 1) >= number;
        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : sqlite_error(code);
}

/* A sign of life updates a row. Its uid is not kept, so one that comes again is known by its number. */
static int add_heartbeat(struct store *store, const char *host, const struct batch_record *record, uint64_t received_ns,
                         struct arrival *arrival)
{
        bool known;
        int r = contains(store, host, record->seq, &known);

        if (r < 0 || known || intervals_contain(&arrival->numbers, record->seq))
                return r;
        if (record->seq > arrival->highest)
                arrival->highest = record->seq;
        r = intervals_add(&arrival->numbers, (struct interval){ record->seq, record->seq });
        return r < 0 ? r
                     : sqlite_run(sqlite_bind(store, SCHEMA_SET_HEARTBEAT, "tnnt", host, record->seq, received_ns,
                                              record->attributes));
}

static int add_record(struct store *store, const char *host, const struct batch_record *record, uint64_t received_ns,
                      struct arrival *arrival)
{
        bool known;
        int r;

        arrival->records++;
        if (strcmp(record->name, event_name_string(EVENT_AGENT_HEARTBEAT)) == 0)
                return add_heartbeat(store, host, record, received_ns, arrival);
        r = sqlite_run(sqlite_bind(store, SCHEMA_ADD_EVENT, "ttnnntnt", host, record->uid, record->seq, record->time_ns,
                                   received_ns, record->name, (uint64_t) record->severity, record->attributes));
        if (r < 0)
                return r;
        if (sqlite3_changes(store->writer) == 0)
                return 0; /* here already */
        arrival->events++;
        if (record->dropped.first > 0)
                r = intervals_add(&arrival->dropped, record->dropped);
        if (r < 0)
                return r;

        r = contains(store, host, record->seq, &known);
        if (r < 0)
                return r;
        if (known || intervals_contain(&arrival->numbers, record->seq)) {
                arrival->clones++;
                return sqlite_run(sqlite_bind(store, SCHEMA_MARK_CLONES, "tn", host, record->seq));
        }
        if (record->seq > arrival->highest)
                arrival->highest = record->seq;
        return intervals_add(&arrival->numbers, (struct interval){ record->seq, record->seq });
}

/* Both tables of intervals are written alike. */
static const struct table {
        enum schema_statement before, remove, add;
} received = { SCHEMA_RECEIVED_BEFORE, SCHEMA_DELETE_RECEIVED, SCHEMA_ADD_RECEIVED },
  dropped = { SCHEMA_DROPPED_BEFORE, SCHEMA_DELETE_DROPPED, SCHEMA_ADD_DROPPED };

/* Put one interval into the table: it and all it touches become one row. */
static int add_interval(struct store *store, const struct table *table, const char *host, struct interval interval)
{
        uint64_t behind = interval.last < INT64_MAX ? interval.last + 1 : interval.last;
        sqlite3_stmt *statement = sqlite_bind(store, table->before, "tn", host, behind);
        struct interval grown = interval;
        int code, r;

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                struct interval other = { sqlite_number(statement, 0), sqlite_number(statement, 1) };

                if (!interval_touches(other, interval))
                        break;
                grown = interval_union(grown, other);
        }
        sqlite3_reset(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return sqlite_error(code);

        r = sqlite_run(sqlite_bind(store, table->remove, "tnn", host, grown.first, grown.last));
        return r < 0 ? r : sqlite_run(sqlite_bind(store, table->add, "tnn", host, grown.first, grown.last));
}

static int add_arrival(struct store *store, const struct batch_resource *resource, const struct arrival *arrival,
                       uint64_t received_ns)
{
        int r = 0;

        if (arrival->records == 0)
                return 0;
        for (size_t i = 0; i < arrival->numbers.n && r == 0; i++)
                r = add_interval(store, &received, resource->host, arrival->numbers.items[i]);
        for (size_t i = 0; i < arrival->dropped.n && r == 0; i++)
                r = add_interval(store, &dropped, resource->host, arrival->dropped.items[i]);
        if (r < 0)
                return r;
        return sqlite_run(sqlite_bind(store, SCHEMA_ADD_LAPTOP, "ttnnnn", resource->host, resource->version,
                                      received_ns, arrival->events, arrival->clones, arrival->highest));
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
                intervals_clear(&arrival.dropped);
        }
        return r;
}

int store_add(struct store *store, struct batch *const *batches, size_t n, uint64_t received_ns)
{
        int r;

        /* Whatever went wrong before: never inside what is left of another transaction. */
        r = sqlite3_get_autocommit(store->writer) ? 0 : sqlite_run(store->statements[SCHEMA_ROLLBACK]);
        if (r == 0)
                r = sqlite_run(store->statements[SCHEMA_BEGIN]);
        for (size_t i = 0; i < n && r == 0; i++)
                r = add_batch(store, batches[i], received_ns);
        if (r == 0)
                r = sqlite_run(store->statements[SCHEMA_COMMIT]);
        /* Some errors have ended the transaction already (sqlite.org/lang_transaction.html). */
        if (r < 0 && !sqlite3_get_autocommit(store->writer))
                sqlite_run(store->statements[SCHEMA_ROLLBACK]);
        return r;
}
