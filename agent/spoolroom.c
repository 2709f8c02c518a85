/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See spoolroom.h. */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "agent/spoolroom.h"
#include "common/cleanup.h"

#define BATCH_PAGES 128U  /* no transaction needs more: with more of them free, the bound is not what is reached */
#define NAMES_MAX   1024U /* bytes: room for all of them */

DEFINE_CLEANUP(cleanup_query, struct spooldb_query *, spooldb_done)

/* In the order in which they go; what is not below any of them never does. */
static const enum event_severity order[] = {
        EVENT_TRACE, EVENT_DEBUG, EVENT_INFO, EVENT_WARN, EVENT_ERROR, EVENT_FATAL
};

#define N_ORDER (sizeof(order) / sizeof(*order))

/* What the laptop is judged by: these go after all others. */
static bool is_kept_longest(enum event_name name)
{
        return name == EVENT_DEVICE_REFUSED || name == EVENT_DEVICE_DRIFT || name == EVENT_GATE_DRIFT;
}

/* The names of rank n as ",a,b,", from 0 to N_ORDER, for instr(). */
static void names_of(size_t rank, char ret[static NAMES_MAX])
{
        size_t at = 1;

        strcpy(ret, ",");
        for (enum event_name name = 0; name < _EVENT_NAME_MAX; name++) {
                bool last = is_kept_longest(name);

                if (name == EVENT_SPOOL_DROPPED || last != (rank == N_ORDER) ||
                    (!last && event_name_severity(name) != order[rank]))
                        continue;
                at += (size_t) snprintf(ret + at, NAMES_MAX - at, "%s,", event_name_string(name));
        }
}

int spoolroom_prepare(struct spooldb *db)
{
        return spooldb_run(db,
                           "CREATE TABLE IF NOT EXISTS lost (id INTEGER PRIMARY KEY AUTOINCREMENT, count INTEGER NOT "
                           "NULL, first INTEGER NOT NULL, last INTEGER NOT NULL)");
}

int spoolroom_is_full(struct spooldb *db, unsigned pages_max)
{
        uint64_t used = 0;
        int r = spooldb_do(db, &used,
                           "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count", "");

        return r < 0 ? r : used + BATCH_PAGES >= pages_max;
}

/* The oldest piece of one rank: how many, and between which numbers. 0 or -errno. */
static int choose(struct spooldb *db, const char *names, struct spoolroom_lost *ret)
{
        CLEANUP(cleanup_query) struct spooldb_query *query = NULL;
        int r = spooldb_query(
                db, &query,
                "SELECT count(*), min(seq), max(seq) FROM (SELECT seq FROM event INDEXED BY waiting WHERE "
                "state = 0 AND instr(?1, ',' || name || ',') ORDER BY seq LIMIT ?2)",
                "ti", names, (uint64_t) SPOOLROOM_PIECE);

        if (r >= 0)
                r = spooldb_step(query);
        if (r <= 0)
                return r;
        *ret = (struct spoolroom_lost){ .count = spooldb_int(query, 0),
                                        .first = spooldb_int(query, 1),
                                        .last = spooldb_int(query, 2) };
        return 0;
}

/* What nobody was told yet is one loss. */
static int note(struct spooldb *db, uint64_t told, const struct spoolroom_lost *lost)
{
        int r = spooldb_do(db, NULL,
                           "UPDATE lost SET count = count + ?2, first = min(first, ?3), last = max(last, ?4) "
                           "WHERE id > ?1",
                           "iiii", told, lost->count, lost->first, lost->last);

        if (r < 0 || spooldb_changes(db) > 0)
                return r;
        return spooldb_do(db, NULL, "INSERT INTO lost (count, first, last) VALUES (?1, ?2, ?3)", "iii", lost->count,
                          lost->first, lost->last);
}

int spoolroom_give_up(struct spooldb *db, uint64_t told)
{
        struct spoolroom_lost lost = { 0 };
        char names[NAMES_MAX];
        int r = 0;

        for (size_t rank = 0; rank <= N_ORDER && r >= 0 && lost.count == 0; rank++) {
                names_of(rank, names);
                r = choose(db, names, &lost);
        }
        if (r < 0 || lost.count == 0)
                return r;
        r = spooldb_do(db, NULL,
                       "DELETE FROM event WHERE state = 0 AND seq BETWEEN ?2 AND ?3 AND instr(?1, ',' || name || ',')",
                       "tii", names, lost.first, lost.last);
        if (r >= 0)
                r = note(db, told, &lost);
        return r < 0 ? r : (int) lost.count;
}

int spoolroom_lost(struct spooldb *db, uint64_t told, struct spoolroom_lost *ret)
{
        CLEANUP(cleanup_query) struct spooldb_query *query = NULL;
        int r = spooldb_query(db, &query, "SELECT id, count, first, last FROM lost WHERE id > ?1 ORDER BY id LIMIT 1",
                              "i", told);

        if (r >= 0)
                r = spooldb_step(query);
        if (r <= 0)
                return r;
        *ret = (struct spoolroom_lost){ .id = spooldb_int(query, 0),
                                        .count = spooldb_int(query, 1),
                                        .first = spooldb_int(query, 2),
                                        .last = spooldb_int(query, 3) };
        return 1;
}

int spoolroom_reported(struct spooldb *db, const struct event *event)
{
        uint64_t count = 0, first = 0, last = 0;
        int r;

        for (size_t i = 0; i < event->n; i++) {
                const struct event_attribute *attribute = &event->attributes[i];

                if (attribute->key == EVENT_KEY_DROPPED_COUNT)
                        count = (uint64_t) attribute->integer;
                if (attribute->key == EVENT_KEY_DROPPED_FIRST)
                        first = (uint64_t) attribute->integer;
                if (attribute->key == EVENT_KEY_DROPPED_LAST)
                        last = (uint64_t) attribute->integer;
        }
        r = spooldb_do(db, NULL, "DELETE FROM lost WHERE count = ?1 AND first = ?2 AND last = ?3", "iii", count, first,
                       last);
        return r < 0 ? r : 0;
}
