/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events that are looked for, from the SQLite store: on the reader's connection.
 *
 * Two statements, of which the index decides where they begin and how far they go; what is wished for is looked at in the rows
 * between. So a wish that nothing fits costs as much as one page and not as much as the whole table. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/store_sqlite.h"

static sqlite3_stmt *bind_find(struct store *store, const struct store_wish *wish, struct store_position before,
                               size_t limit)
{
        return sqlite_bind(store, SCHEMA_FIND_EVENTS, "nnnnttttttttn", (uint64_t) before.shown_ns, (uint64_t) before.id,
                           (uint64_t) wish->from_ns, (uint64_t) STORE_LOOKED_AT_MAX, wish->site, wish->own_site,
                           wish->name, wish->laptop, wish->code, wish->kind, wish->rule, wish->client,
                           (uint64_t) limit + 1);
}

/* The last of those that were looked at, or, with *ret_more false, there were not so many. */
static int find_end(struct store *store, const struct store_wish *wish, struct store_position before,
                    struct store_position *ret, bool *ret_more)
{
        sqlite3_stmt *statement =
                sqlite_bind(store, SCHEMA_FIND_END, "nnnn", (uint64_t) before.shown_ns, (uint64_t) before.id,
                            (uint64_t) wish->from_ns, (uint64_t) STORE_LOOKED_AT_MAX - 1);
        int code = sqlite3_step(statement);

        *ret_more = code == SQLITE_ROW;
        if (*ret_more)
                *ret = (struct store_position){ sqlite3_column_int64(statement, 0),
                                                sqlite3_column_int64(statement, 1) };
        sqlite3_reset(statement);
        return code == SQLITE_ROW ? 0 : sqlite_error(code);
}

static int find(struct store *store, const struct store_wish *wish, struct store_position before, size_t limit,
                struct store_events *events, struct store_position *ret_next)
{
        sqlite3_stmt *statement = bind_find(store, wish, before, limit);
        int code = SQLITE_DONE, r = 0;

        while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
                events->more = events->n == limit;
                if (events->more)
                        break;
                r = sqlite_event(statement, &events->items[events->n++]);
        }
        sqlite3_reset(statement);
        if (r == 0 && code != SQLITE_ROW)
                r = sqlite_error(code);
        if (r < 0)
                return r;
        if (!events->more)
                return find_end(store, wish, before, ret_next, &events->more);
        *ret_next = events->items[events->n - 1].position;
        return 0;
}

int store_find(struct store *store, const struct store_wish *wish, struct store_position before, size_t limit,
               struct store_events *ret, struct store_position *ret_next)
{
        struct store_events events = { 0 };
        int r;

        if (limit > STORE_EVENTS_MAX)
                limit = STORE_EVENTS_MAX;
        if (wish->until_ns < before.shown_ns)
                before = (struct store_position){ wish->until_ns, 0 };
        events.items = calloc(limit, sizeof(*events.items));
        if (!events.items)
                return -ENOMEM;
        pthread_mutex_lock(&store->reading);
        r = find(store, wish, before, limit, &events, ret_next);
        pthread_mutex_unlock(&store->reading);
        if (r < 0) {
                store_events_clear(&events);
                return r;
        }
        *ret = events;
        return 0;
}
