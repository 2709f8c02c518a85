/* links: tests/bed/faultdisk.c agent/hostid.c agent/spoolstore.c agent/spooldb.c agent/spoolmark.c agent/spoolmeta.c agent/spoolowner.c agent/spoolrecords.c agent/spoolroom.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The spool's store on a disk that fails at its first operation, at its second, and so on to the last of a small life: what
 * was said to be recorded is there, once, under its number, whatever became of the rest; and the same when the power goes. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/spoolstore.h"
#include "tests/bed/failures.h"

#define BOOT    "0123456789abcdef0123456789abcdef"
#define MACHINE "0123456789abcdef0123456789abcdef\n"
#define NOW     1800000000U
#define PAGES   100U /* the bound is near: room is made by giving up */
#define BATCH   8U
#define KEPT    4096U

/* In memory: nothing is really synced here. */
static char directory[] = "/dev/shm/lekdicht-faults.XXXXXX", machine[64], path[64];
static struct spoolstore *store;

/* What the store has promised. */
enum promise { NOTHING, TRIED, RECORDED, ACKNOWLEDGED, ASIDE };

static struct {
        enum promise promise[KEPT];
        char uid[KEPT][ULID_LENGTH + 1]; /* of the event with that seq */
        uint64_t highest;                /* seq that was ever given */
        uint64_t acknowledged;
        uint64_t asked, asked_aside; /* the collector has it, or will not; not promised, but it may be marked already */
        char host[HOSTID_SIZE];      /* "": nothing was recorded yet */
        bool damage;                 /* the database is to be set aside */
} life;

static void keep_promise(uint64_t first, uint64_t last, enum promise promise)
{
        for (uint64_t seq = first; seq <= last; seq++)
                life.promise[seq] = promise;
}

static int ensure_open(void)
{
        int r = store ? 0 : spoolstore_open(path, machine, PAGES, life.damage, NOW, &store);

        if (r >= 0)
                life.damage = false;
        return r;
}

/* ---- the steps of a life: 0, or -errno and then it is taken again ---- */

/* n events of that name; the first and only one may tell of a loss. */
static int add(unsigned n, enum event_name name, const struct spoolroom_lost *lost)
{
        static struct event event;
        uint64_t first = spoolstore_state(store)->next_seq, last = first + n - 1;
        int r = spoolstore_begin(store);

        assert_true(last < KEPT);
        for (uint64_t seq = first; r >= 0 && seq <= last; seq++) {
                assert_int_equal(event_init(&event, name, (uint64_t) NOW * 1000000000, BOOT), 0);
                if (lost) {
                        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_COUNT, (int64_t) lost->count), 0);
                        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_FIRST, (int64_t) lost->first), 0);
                        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_LAST, (int64_t) lost->last), 0);
                }
                event.seq = seq;
                strcpy(life.uid[seq], event.uid);
                life.promise[seq] = TRIED;
                r = spoolstore_add(store, &event);
        }
        r = spoolstore_commit(store, r, NOW);
        if (r < 0)
                return r;
        keep_promise(first, last, RECORDED);
        life.highest = last;
        strcpy(life.host, spoolstore_state(store)->host_id);
        return 0;
}

static int append(void)
{
        return add(BATCH, EVENT_DEVICE_REFUSED, NULL);
}

/* What was given up becomes an event. */
static int report(void)
{
        struct spoolroom_lost lost;
        int r = spoolstore_lost(store, 0, &lost);

        return r <= 0 ? r : add(1, EVENT_SPOOL_DROPPED, &lost);
}

static int acknowledge(void)
{
        uint64_t seq = life.highest - BATCH / 2;
        int r;

        life.asked = seq;
        r = spoolstore_acknowledge(store, seq, NOW);
        if (r < 0)
                return r;
        for (uint64_t i = 1; i <= seq; i++)
                if (life.promise[i] == RECORDED)
                        life.promise[i] = ACKNOWLEDGED;
        life.acknowledged = seq;
        return 0;
}

static int set_aside(void)
{
        int r;

        life.asked_aside = life.highest;
        r = spoolstore_set_aside(store, life.highest, SPOOLSTORE_TOO_LARGE, NOW);
        if (r >= 0)
                life.promise[life.highest] = ASIDE;
        return r < 0 ? r : 0;
}

static int make_room(void)
{
        int r = spoolstore_make_room(store);

        return r < 0 ? r : 0;
}

static int close_store(void)
{
        store = spoolstore_close(store);
        return 0;
}

static unsigned files(const char *pattern)
{
        char full[128];
        glob_t found;
        unsigned n;

        snprintf(full, sizeof(full), "%s/%s", directory, pattern);
        n = glob(full, 0, NULL, &found) == 0 ? (unsigned) found.gl_pathc : 0;
        globfree(&found);
        return n;
}

static void scribble(const char *file)
{
        FILE *stream = fopen(file, "r+e");

        /* The C library writes by itself: this is not one of the disk's operations. */
        assert_non_null(stream);
        for (unsigned i = 0; i < 4096; i++)
                assert_true(fputs("not a database !", stream) >= 0);
        assert_int_equal(fclose(stream), 0);
        faultdisk_settle(file);
}

/* The database is no database any more. What was in it is not promised any more; its numbers are. */
static int damage(void)
{
        char log[80];

        store = spoolstore_abandon(store);
        snprintf(log, sizeof(log), "%s-wal", path);
        scribble(path);
        if (files("spool.db-wal") > 0)
                scribble(log);
        faultdisk_settle(directory);
        keep_promise(1, life.highest, ACKNOWLEDGED);
        life.acknowledged = life.asked = 0;
        life.damage = true;
        return 0;
}

typedef int (*step_t)(void);

struct life {
        const char *name;
        const step_t *steps;
        unsigned n;
};

static const step_t usual[] = { append,      append,    acknowledge, append, set_aside,   close_store, append,
                                acknowledge, make_room, append,      append, close_store, append };
static const step_t crowded[] = { append, append,    make_room,   append, report,
                                  append, make_room, close_store, report, append };
static const step_t damaged[] = { append, append, damage, append, close_store, append };

#define LIFE(steps)                                                                                                    \
        {                                                                                                              \
#steps, steps, sizeof(steps) / sizeof(*steps)                                                          \
        }
static const struct life lives[] = { LIFE(usual), LIFE(crowded), LIFE(damaged) };

/* ---- what has to be so, whatever happened ---- */

/* What was given up, by what the store remembers and by the reports in it. */
static bool given_up[KEPT];

static uint64_t number_in(const char *text, const char *key)
{
        const char *at = strstr(text, key);

        at = at ? strpbrk(at + strlen(key), "0123456789") : NULL;
        assert_non_null(at);
        return strtoull(at, NULL, 10);
}

static void note_given_up(uint64_t count, uint64_t first, uint64_t last)
{
        /* Nothing else is in these lives: they went one after the other. */
        assert_true(first > 0 && last < KEPT && last - first + 1 >= count);
        for (uint64_t seq = first; seq <= last; seq++)
                given_up[seq] = true;
}

static void find_given_up(const struct spoolrecords *records)
{
        struct spoolroom_lost lost = { 0 };
        const char *text;
        uint64_t seq;
        size_t at = 0;

        memset(given_up, 0, sizeof(given_up));
        while (spoolstore_lost(store, lost.id, &lost) > 0)
                note_given_up(lost.count, lost.first, lost.last);
        while (spoolrecords_next(records, &at, &seq, &text))
                if (strstr(text, "lekdicht.spool.dropped"))
                        note_given_up(number_in(text, "lekdicht.dropped.count"),
                                      number_in(text, "lekdicht.dropped.first"),
                                      number_in(text, "lekdicht.dropped.last"));
}

/* From among those that wait. */
static bool may_be_gone(uint64_t seq)
{
        return life.promise[seq] != RECORDED || seq <= spoolstore_state(store)->acknowledged ||
               seq == life.asked_aside || given_up[seq];
}

static void check(unsigned times_damaged)
{
        struct spoolrecords records = { 0 };
        uint64_t seq, expected = 1, tried = 0;
        const char *text;
        size_t at = 0;

        if (life.host[0] != '\0')
                assert_string_equal(spoolstore_state(store)->host_id, life.host);
        assert_true(spoolstore_state(store)->next_seq > life.highest);
        assert_true(spoolstore_state(store)->acknowledged == life.acknowledged ||
                    spoolstore_state(store)->acknowledged == life.asked);
        assert_true(files("*.damaged-*") == 0 || times_damaged > 0);
        assert_int_equal(files("*.cloned-*"), 0);
        assert_int_equal(spoolstore_waiting(store, 0, KEPT, &records), 0);
        assert_int_equal(spoolstore_state(store)->waiting, records.n);
        find_given_up(&records);
        while (spoolrecords_next(&records, &at, &seq, &text)) {
                for (; expected < seq; expected++)
                        assert_true(may_be_gone(expected));
                assert_true(life.promise[seq] == RECORDED || life.promise[seq] == TRIED);
                assert_non_null(strstr(text, life.uid[seq]));
                tried += life.promise[seq] == TRIED;
                expected = seq + 1;
        }
        for (; expected <= life.highest; expected++)
                assert_true(may_be_gone(expected));
        /* A batch that was not confirmed is there as a whole, or not. */
        assert_true(tried <= 1 || tried == BATCH);
        spoolrecords_clear(&records);
}

/* What the thread does after trouble, and what a machine does that was switched on again. */
static void recover(const struct failure *failure, int error, unsigned times_damaged)
{
        if (failure->fault == FAULTDISK_CUT || error != -ENOSPC)
                store = spoolstore_abandon(store);
        faultdisk_heal();
        if (failure->fault == FAULTDISK_CUT) {
                faultdisk_cut(failure->left);
                life.damage = false; /* only who was there knew */
        }
        assert_int_equal(ensure_open(), 0);
        check(times_damaged);
        /* What was there unconfirmed goes to the collector now, too. */
        for (uint64_t seq = 1; seq < spoolstore_state(store)->next_seq; seq++)
                if (life.promise[seq] == TRIED)
                        life.promise[seq] = RECORDED;
        if (spoolstore_state(store)->next_seq - 1 > life.highest)
                life.highest = spoolstore_state(store)->next_seq - 1;
}

/* A life with the nth operation failing. False: it has less than n. */
static bool live(const struct life *lived, const struct failure *failure, unsigned nth)
{
        unsigned times_damaged = 0;
        bool struck = false;

        memset(&life, 0, sizeof(life));
        faultdisk_watch(directory);
        faultdisk_fail(failure->fault, nth, failure->once);
        for (unsigned i = 0; i < lived->n;) {
                int r = ensure_open();

                if (r >= 0)
                        r = lived->steps[i]();
                assert_true(r >= 0 || (faultdisk_failed() && !struck));
                if (r >= 0) {
                        times_damaged += lived->steps[i] == damage;
                        i++;
                }
                /* The power may also go where nobody hears of it: when the log is written back. */
                if (r < 0 || (failure->fault == FAULTDISK_CUT && faultdisk_failed() && !struck)) {
                        recover(failure, r, times_damaged);
                        struck = true;
                }
        }
        faultdisk_heal();
        store = spoolstore_close(store);
        assert_int_equal(ensure_open(), 0);
        check(times_damaged);
        store = spoolstore_close(store);
        return faultdisk_failed();
}

static void empty_directory(void)
{
        char full[128];
        glob_t found;

        snprintf(full, sizeof(full), "%s/spool.db*", directory);
        if (glob(full, 0, NULL, &found) == 0)
                for (size_t i = 0; i < found.gl_pathc; i++)
                        assert_int_equal(unlink(found.gl_pathv[i]), 0);
        globfree(&found);
}

static void live_with(void **state)
{
        const struct failure *failure = *state;
        for (size_t i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
                unsigned nth;

                for (nth = 1; live(&lives[i], failure, nth); nth++)
                        empty_directory();
                empty_directory();
                assert_true(nth > lives[i].n);
                print_message("# %u operations of life %s\n", nth - 1, lives[i].name);
        }
}

static struct failure a_kill = { .fault = FAULTDISK_CUT, .left = FAULTDISK_ALL };

static int setup(void **state)
{
        FILE *stream;

        (void) state;
        strcpy(strrchr(directory, '.') + 1, "XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/spool.db", directory);
        snprintf(machine, sizeof(machine), "%s/machine-id", directory);
        stream = fopen(machine, "we");
        if (!stream || fputs(MACHINE, stream) < 0 || fclose(stream) != 0)
                return -1;
        return 0;
}

static int teardown(void **state)
{
        char command[128];

        (void) state;
        store = spoolstore_abandon(store);
        faultdisk_unwatch();
        snprintf(command, sizeof(command), "rm -rf %s", directory);
        return system(command);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                LIVES_THROUGH_ALL,
                LIVES_THROUGH(a_kill),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
