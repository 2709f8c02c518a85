/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two tables: the events, each already a LogRecord in JSON, and a handful of facts about the store itself. `next_seq` is
 * a fact of its own and not the highest seq in the table, so that deleting never lowers it; and the high-water
 * mark is a file of its own, so that losing the database does not either. The mark runs ahead, since it is written
 * rarely: after a loss some numbers are left out, and none is given twice. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/hostid.h"
#include "agent/spooldb.h"
#include "agent/spoolmark.h"
#include "agent/spoolmeta.h"
#include "agent/spoolowner.h"
#include "agent/spoolroom.h"
#include "agent/spoolstore.h"
#include "common/cleanup.h"
#include "common/durable.h"
#include "common/jsonw.h"

#define APPLICATION_ID "1818585956" /* "lekd" */
#define SCHEMA_VERSION "1"
#define SECONDS_A_DAY  86400U
#define NSEC_A_MSEC    1000000U
#define PRUNE_ROWS     "1000" /* deleted at a time */
#define MARK_PAGES     16U    /* and one in 32: beyond pages_max, for marks */

enum state { WAITING = 0, ACKNOWLEDGED = 1, ASIDE = 2 };

static const char schema[] = "PRAGMA application_id = " APPLICATION_ID ";"
                             "PRAGMA user_version = " SCHEMA_VERSION ";" SPOOLMETA_TABLE "CREATE TABLE event ("
                             "  seq INTEGER PRIMARY KEY,"
                             "  name TEXT NOT NULL,"
                             "  record TEXT NOT NULL,"
                             "  state INTEGER NOT NULL DEFAULT 0," /* enum state */
                             "  changed INTEGER NOT NULL,"         /* milliseconds: when it came into this state */
                             "  why TEXT);"
                             "CREATE INDEX waiting ON event (seq) WHERE state = 0;"
                             "CREATE INDEX done ON event (changed) WHERE state <> 0;";

struct spoolstore {
        struct spooldb *db;
        const char *path;
        unsigned pages_max;
        struct spoolstore_state state;
        uint64_t told;        /* losses up to this id */
        uint64_t mark;        /* no seq at or above it was ever given; 0: not known */
        uint64_t pruned;      /* seconds: when old records were last deleted */
        bool begun;           /* this run is marked as under way */
        uint64_t added, last; /* in the open transaction: how many, and the last seq */
        bool again;           /* one of them was there already */
};

/* ---- opening ---- */

/* Fill an empty database. */
static int make(struct spoolstore *store)
{
        char host_id[HOSTID_SIZE];
        uint64_t first = 1;
        int r = spoolmark_read(store->path, &first);

        if (r < 0 && r != -ENOENT && r != -EBADMSG)
                return r;
        r = spoolowner_last(store->path, host_id); /* a laptop whose spool was lost is still the same */
        if (r < 0)
                r = hostid_new(host_id);
        if (r >= 0)
                r = spooldb_begin(store->db);
        if (r < 0)
                return r;
        r = spooldb_run(store->db, schema);
        if (r >= 0)
                r = spoolmeta_set_text(store->db, "host_id", host_id);
        if (r >= 0)
                r = spoolmeta_set(store->db, "next_seq", first);
        if (r >= 0)
                r = spoolmeta_set(store->db, "acknowledged", 0);
        if (r >= 0)
                r = spoolmeta_set(store->db, "clean", 1);
        store->state.made = true;
        return spooldb_end(store->db, r);
}

static int count(struct spoolstore *store)
{
        int r = spooldb_do(store->db, &store->state.waiting,
                           "SELECT count(*) FROM event INDEXED BY waiting WHERE state = 0", "");

        if (r >= 0)
                r = spooldb_do(store->db, &store->state.aside, "SELECT count(*) FROM event WHERE state = 2", "");
        return r < 0 ? r : 0;
}

static int read_state(struct spoolstore *store)
{
        uint64_t clean = 0, highest = 0;
        int r = spoolmeta_text(store->db, "host_id", store->state.host_id, sizeof(store->state.host_id));

        if (r >= 0)
                r = spoolmeta_get(store->db, "next_seq", &store->state.next_seq);
        if (r >= 0)
                r = spoolmeta_get(store->db, "acknowledged", &store->state.acknowledged);
        if (r >= 0)
                r = spoolmeta_get(store->db, "clean", &clean);
        if (r >= 0)
                r = spooldb_do(store->db, &highest, "SELECT max(seq) FROM event", "");
        if (r >= 0)
                r = count(store);
        if (r < 0)
                return r;
        if (store->state.next_seq == 0 || store->state.next_seq <= highest || store->state.next_seq > INT64_MAX)
                return -EUCLEAN;
        store->state.clean = clean != 0;
        if (spoolmark_read(store->path, &store->mark) < 0)
                store->mark = 0; /* written anew with the next record */
        return 0;
}

static int check_version(struct spoolstore *store, bool *ret_empty)
{
        uint64_t ours = 0, tables = 0;
        int r = spooldb_do(store->db, &ours,
                           "SELECT application_id = " APPLICATION_ID " AND user_version = " SCHEMA_VERSION
                           " FROM pragma_application_id, pragma_user_version",
                           "");

        if (r >= 0)
                r = spooldb_do(store->db, &tables, "SELECT count(*) FROM sqlite_master", "");
        if (r < 0)
                return r;
        *ret_empty = tables == 0;
        return tables == 0 || ours ? 0 : -EUCLEAN;
}

struct spoolstore *spoolstore_abandon(struct spoolstore *store)
{
        if (!store)
                return NULL;
        spooldb_close(store->db);
        free(store);
        return NULL;
}

DEFINE_CLEANUP(cleanup_store, struct spoolstore *, spoolstore_abandon)

static int try_open(const char *path, unsigned pages_max, struct spoolstore **ret)
{
        CLEANUP(cleanup_store) struct spoolstore *store = calloc(1, sizeof(*store));
        bool empty = false;
        int r;

        if (!store)
                return -ENOMEM;
        store->path = path;
        store->pages_max = pages_max ? pages_max : SPOOLSTORE_PAGES_MAX;
        r = spooldb_open(path, store->pages_max, &store->db);
        if (r >= 0)
                r = check_version(store, &empty);
        if (r >= 0 && empty)
                r = make(store);
        if (r >= 0)
                r = spoolroom_prepare(store->db);
        if (r >= 0)
                r = read_state(store);
        if (r < 0)
                return r;
        *ret = store;
        store = NULL;
        return 0;
}

int spoolstore_open(const char *path, const char *machine, unsigned pages_max, bool damaged, uint64_t now_sec,
                    struct spoolstore **ret)
{
        int cloned = machine ? spoolowner_leave_copy(path, machine, now_sec) : 0, r;

        if (cloned < 0)
                return cloned;
        r = damaged ? -EUCLEAN : try_open(path, pages_max, ret);
        if (r == -EUCLEAN) {
                r = spoolowner_leave_damaged(path, now_sec);
                if (r >= 0)
                        r = try_open(path, pages_max, ret);
                if (r >= 0)
                        (*ret)->state.replaced = true;
        }
        if (r < 0)
                return r;
        (*ret)->state.cloned = cloned > 0;
        if (machine)
                spoolowner_keep(path, machine, (*ret)->state.host_id);
        return 0;
}

struct spoolstore *spoolstore_close(struct spoolstore *store)
{
        if (!store)
                return NULL;
        if (store->begun)
                (void) spoolmeta_set(store->db, "clean", 1);
        spooldb_checkpoint(store->db);
        return spoolstore_abandon(store);
}

int spoolstore_limit(struct spoolstore *store, unsigned pages_max)
{
        unsigned before = store->pages_max;
        int r;

        store->pages_max = pages_max ? pages_max : SPOOLSTORE_PAGES_MAX;
        if (store->pages_max == before)
                return 0;
        r = spooldb_limit(store->db, store->pages_max);
        if (r < 0)
                store->pages_max = before;
        return r;
}

const struct spoolstore_state *spoolstore_state(const struct spoolstore *store)
{
        return &store->state;
}

/* ---- writing ---- */

/* As JSON, for the caller to free. */
static int render(const struct spoolstore *store, const struct event *event, char **ret)
{
        CLEANUP(cleanup_free) struct event *started = NULL;
        struct jsonw json;
        int r;

        /* Only the store knows how the run before ended. */
        if (event->name == EVENT_AGENT_STARTED) {
                started = malloc(sizeof(*started));
                if (!started)
                        return -ENOMEM;
                *started = *event;
                (void) event_set_bool(started, EVENT_KEY_CLEAN, store->state.clean);
                event = started;
        }
        jsonw_init_buffer(&json, 0, 0);
        event_write_otlp(event, &json, NULL);
        r = jsonw_finish(&json);
        if (r >= 0)
                *ret = jsonw_steal(&json, NULL);
        jsonw_clear(&json);
        return r;
}

static int advance_mark(struct spoolstore *store, uint64_t last)
{
        int r;

        if (last < store->mark)
                return 0;
        r = spoolmark_write(store->path, last + SPOOLSTORE_MARK_STEP);
        if (r >= 0)
                store->mark = last + SPOOLSTORE_MARK_STEP;
        return r;
}

int spoolstore_begin(struct spoolstore *store)
{
        int r = spooldb_begin(store->db);

        store->added = store->last = 0;
        store->again = false;
        /* A transaction that failed is ended by spoolstore_commit(). */
        if (r >= 0 && !store->begun)
                r = spoolmeta_set(store->db, "clean", 0);
        return r < 0 ? r : 0;
}

int spoolstore_add(struct spoolstore *store, const struct event *event)
{
        bool again = event->seq < store->state.next_seq;
        CLEANUP(cleanup_free) char *record = NULL;
        int r = advance_mark(store, event->seq);

        if (r >= 0)
                r = render(store, event, &record);
        if (r >= 0)
                r = spooldb_do(
                        store->db, NULL,
                        again ? "INSERT OR REPLACE INTO event (seq, name, record, changed) VALUES (?1, ?2, ?3, ?4)"
                              : "INSERT INTO event (seq, name, record, changed) VALUES (?1, ?2, ?3, ?4)",
                        "itti", event->seq, event_name_string(event->name), record, event->time_ns / NSEC_A_MSEC);
        if (r >= 0 && event->name == EVENT_SPOOL_DROPPED)
                r = spoolroom_reported(store->db, event);
        if (r < 0)
                return r;
        store->again = store->again || again;
        store->last = event->seq;
        store->added++;
        return 0;
}

/* Delete the oldest of what is done with and has been so since before that time, a piece of it. Returns how many. */
static int prune(struct spoolstore *store, uint64_t before_sec)
{
        uint64_t deleted = 0;
        int r = spooldb_begin(store->db);

        if (r < 0)
                return r;
        r = spooldb_do(store->db, NULL,
                       "DELETE FROM event WHERE seq IN (SELECT seq FROM event INDEXED BY done WHERE state <> 0 AND "
                       "changed < ?1 ORDER BY changed LIMIT " PRUNE_ROWS ")",
                       "i", before_sec * 1000);
        if (r >= 0)
                deleted = spooldb_changes(store->db);
        r = spooldb_end(store->db, r);
        if (r >= 0 && deleted > 0)
                r = count(store);
        return r < 0 ? r : (int) deleted;
}

/* What was marked while the clock was ahead counts from now, or it would stay for years. */
static int pull_back(struct spoolstore *store, uint64_t now_sec)
{
        int r = spooldb_do(store->db, NULL,
                           "UPDATE event INDEXED BY done SET changed = ?1 WHERE state <> 0 AND changed > ?2", "ii",
                           now_sec * 1000, (now_sec + SECONDS_A_DAY) * 1000);

        return r < 0 ? r : 0;
}

/* Once a day, and a piece at a time: nobody waits for it to finish. */
static void prune_old(struct spoolstore *store, uint64_t now_sec)
{
        uint64_t kept = (uint64_t) SPOOLSTORE_KEPT_DAYS * SECONDS_A_DAY;

        if (now_sec < kept ||
            (store->pruned != 0 && now_sec >= store->pruned && now_sec < store->pruned + SECONDS_A_DAY))
                return;
        if (pull_back(store, now_sec) == 0 && prune(store, now_sec - kept) == 0)
                store->pruned = now_sec;
}

int spoolstore_commit(struct spoolstore *store, int r, uint64_t now_sec)
{
        if (r >= 0 && store->last >= store->state.next_seq)
                r = spoolmeta_set(store->db, "next_seq", store->last + 1);
        r = spooldb_end(store->db, r);
        if (r < 0 || store->added == 0)
                return r;
        store->begun = true;
        if (store->last >= store->state.next_seq)
                store->state.next_seq = store->last + 1;
        store->state.waiting += store->added;
        if (store->again)
                (void) count(store);
        prune_old(store, now_sec);
        return 0;
}

/* Marking takes a little room, and what has arrived must never keep new ones out. A row does not grow by it: 0 and 1 are
 * of one size, and so are two times. */
static int begin_mark(struct spoolstore *store)
{
        int r = spooldb_limit(store->db, store->pages_max + store->pages_max / 32 + MARK_PAGES);

        return r < 0 ? r : spooldb_begin(store->db);
}

static int end_mark(struct spoolstore *store, int r)
{
        r = spooldb_end(store->db, r);
        (void) spooldb_limit(store->db, store->pages_max);
        return r;
}

int spoolstore_make_room(struct spoolstore *store)
{
        int n = prune(store, INT64_MAX / 1000), r;

        if (n != 0)
                return n;
        r = spoolroom_is_full(store->db, store->pages_max);
        if (r <= 0)
                return r;
        r = begin_mark(store);
        if (r < 0)
                return r;
        n = spoolroom_give_up(store->db, store->told);
        r = end_mark(store, n);
        if (r < 0)
                return r;
        store->state.waiting -= (uint64_t) n;
        return n;
}

int spoolstore_lost(struct spoolstore *store, uint64_t told, struct spoolroom_lost *ret)
{
        int r = spoolroom_lost(store->db, told, ret);

        store->told = r > 0 ? ret->id : told;
        return r;
}

int spoolstore_acknowledge(struct spoolstore *store, uint64_t seq, uint64_t now_sec)
{
        uint64_t changed = 0;
        int r;

        if (seq <= store->state.acknowledged)
                return 0;
        r = begin_mark(store);
        if (r < 0)
                return r;
        r = spooldb_do(store->db, NULL,
                       "UPDATE event INDEXED BY waiting SET state = 1, changed = ?2 WHERE state = 0 AND seq <= ?1",
                       "ii", seq, now_sec * 1000);
        if (r >= 0)
                changed = spooldb_changes(store->db);
        if (r >= 0)
                r = spoolmeta_set(store->db, "acknowledged", seq);
        r = end_mark(store, r);
        if (r < 0)
                return r;
        store->state.acknowledged = seq;
        store->state.waiting -= changed;
        return 0;
}

int spoolstore_set_aside(struct spoolstore *store, uint64_t seq, enum spoolstore_aside why, uint64_t now_sec)
{
        uint64_t state, report = 0;
        int r = spooldb_do(store->db, &state, "SELECT state FROM event WHERE seq = ?1", "i", seq);

        if (r < 0)
                return r;
        if (r == 0 || state == ACKNOWLEDGED)
                return -ENOENT;
        if (state == ASIDE)
                return 0;
        r = spooldb_do(store->db, &report, "SELECT name = ?2 FROM event WHERE seq = ?1", "it", seq,
                       event_name_string(EVENT_SPOOL_DROPPED));
        if (r >= 0)
                r = begin_mark(store);
        if (r < 0)
                return r;
        r = spooldb_do(store->db, NULL, "UPDATE event SET state = 2, changed = ?2, why = ?3 WHERE seq = ?1", "iit", seq,
                       now_sec * 1000, spoolstore_aside_name(why));
        r = end_mark(store, r);
        if (r < 0)
                return r;
        store->state.waiting--;
        store->state.aside++;
        return report ? 0 : 1;
}

const char *spoolstore_aside_name(enum spoolstore_aside why)
{
        switch (why) {
        case SPOOLSTORE_REJECTED:
                return "rejected";
        case SPOOLSTORE_TOO_LARGE:
                return "too-large";
        case SPOOLSTORE_UNREADABLE:
                return "unreadable";
        }
        return "unreadable";
}

int spoolstore_aside_from_name(const char *name)
{
        static const enum spoolstore_aside all[] = { SPOOLSTORE_REJECTED, SPOOLSTORE_TOO_LARGE, SPOOLSTORE_UNREADABLE };

        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
                if (strcmp(name, spoolstore_aside_name(all[i])) == 0)
                        return (int) all[i];
        return -EINVAL;
}

/* ---- reading ---- */

/* All rows, of seq and text, that fit; the query is done with. */
static int collect(struct spooldb_query *query, struct spoolrecords *ret)
{
        struct spoolrecords records = { 0 };
        const char *text;
        size_t size;
        int r;

        while ((r = spooldb_step(query)) > 0) {
                text = spooldb_text(query, 1, &size);
                r = text ? spoolrecords_add(&records, spooldb_int(query, 0), text, size) : -ENOMEM;
                if (r <= 0)
                        break;
        }
        spooldb_done(query);
        if (r < 0)
                spoolrecords_clear(&records);
        else
                *ret = records;
        return r < 0 ? r : 0;
}

int spoolstore_waiting(struct spoolstore *store, uint64_t after, unsigned max, struct spoolrecords *ret)
{
        struct spooldb_query *query;
        int r = spooldb_query(store->db, &query,
                              "SELECT seq, record FROM event INDEXED BY waiting WHERE state = 0 AND seq > ?1 ORDER BY "
                              "seq LIMIT ?2",
                              "ii", after, (uint64_t) max);

        return r < 0 ? r : collect(query, ret);
}

int spoolstore_recent(struct spoolstore *store, const char *filter, unsigned max, struct spoolrecords *ret)
{
        struct spoolrecords records;
        struct spooldb_query *query;
        int r = spooldb_query(store->db, &query,
                              "SELECT seq, record FROM event WHERE substr(name, 1, length(?1)) = ?1 ORDER BY seq DESC "
                              "LIMIT ?2",
                              "ti", filter, (uint64_t) max);

        if (r >= 0)
                r = collect(query, &records);
        if (r < 0)
                return r;
        r = spoolrecords_turn(&records);
        if (r < 0)
                spoolrecords_clear(&records);
        else
                *ret = records;
        return r;
}
