/* links: agent/spool.c agent/spoolwork.c agent/spoolpack.c agent/spoolrecords.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The queue before the store: it never waits, keeps the order, counts what it gives up, and finds its way back. The store is
 * played: it hangs, fails and heals as the test wants. */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/spool.h"
#include "common/clock.h"

#define BOOT "0123456789abcdef0123456789abcdef"
#define KEPT 8192

/* ---- a store that does as it is told ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t go = PTHREAD_COND_INITIALIZER;
static struct {
        bool hangs, inside; /* a commit waits for the disk */
        int open_error, commit_error;
        unsigned opens, damaged_opens, commits, largest, rooms, closes;
        uint64_t first_seq;
        uint64_t seqs[KEPT];
        char uids[KEPT][ULID_LENGTH + 1];
        struct event last, dropped;
        struct spoolroom_lost lost; /* count 0: nothing */
        unsigned n, pending;
} fake;

struct spoolstore {
        struct spoolstore_state state;
};

int spoolstore_open(const char *path, const char *machine, unsigned pages_max, bool damaged, uint64_t now_sec,
                    struct spoolstore **ret)
{
        int r;

        (void) path;
        (void) machine;
        (void) pages_max;
        (void) now_sec;
        pthread_mutex_lock(&lock);
        fake.opens++;
        fake.damaged_opens += damaged;
        r = fake.open_error;
        if (r == 0) {
                *ret = calloc(1, sizeof(**ret));
                (*ret)->state.next_seq = fake.n ? fake.seqs[fake.n - 1] + 1 : fake.first_seq;
                (*ret)->state.waiting = fake.n;
                (*ret)->state.replaced = damaged;
                strcpy((*ret)->state.host_id, "6c656b64-0000-4000-8000-000000000000");
        }
        pthread_mutex_unlock(&lock);
        return r;
}

struct spoolstore *spoolstore_abandon(struct spoolstore *store)
{
        free(store);
        return NULL;
}

struct spoolstore *spoolstore_close(struct spoolstore *store)
{
        fake.closes += store != NULL;
        return spoolstore_abandon(store);
}

static unsigned limit_now;

int spoolstore_limit(struct spoolstore *store, unsigned pages_max)
{
        (void) store;
        limit_now = pages_max;
        return 0;
}

const struct spoolstore_state *spoolstore_state(const struct spoolstore *store)
{
        return &store->state;
}

int spoolstore_begin(struct spoolstore *store)
{
        (void) store;
        fake.pending = 0;
        return 0;
}

int spoolstore_add(struct spoolstore *store, const struct event *event)
{
        (void) store;
        pthread_mutex_lock(&lock);
        if (fake.n + fake.pending < KEPT) {
                fake.seqs[fake.n + fake.pending] = event->seq;
                strcpy(fake.uids[fake.n + fake.pending], event->uid);
                fake.pending++;
        }
        fake.last = *event;
        if (event->name == EVENT_SPOOL_DROPPED)
                fake.dropped = *event;
        pthread_mutex_unlock(&lock);
        return 0;
}

int spoolstore_commit(struct spoolstore *store, int r, uint64_t now_sec)
{
        (void) now_sec;
        pthread_mutex_lock(&lock);
        fake.commits++;
        fake.inside = true;
        while (fake.hangs)
                pthread_cond_wait(&go, &lock);
        fake.inside = false;
        if (fake.commit_error < 0)
                r = fake.commit_error;
        if (r >= 0) {
                fake.n += fake.pending;
                store->state.waiting += fake.pending;
                if (fake.pending > fake.largest)
                        fake.largest = fake.pending;
        }
        fake.pending = 0;
        pthread_mutex_unlock(&lock);
        return r;
}

int spoolstore_make_room(struct spoolstore *store)
{
        (void) store;
        fake.rooms++;
        return 0;
}

int spoolstore_lost(struct spoolstore *store, uint64_t told, struct spoolroom_lost *ret)
{
        int r;

        (void) store;
        pthread_mutex_lock(&lock);
        r = fake.lost.id > told;
        if (r)
                *ret = fake.lost;
        pthread_mutex_unlock(&lock);
        return r;
}

int spoolstore_acknowledge(struct spoolstore *store, uint64_t seq, uint64_t now_sec)
{
        (void) now_sec;
        store->state.acknowledged = seq;
        return 0;
}

int spoolstore_set_aside(struct spoolstore *store, uint64_t seq, enum spoolstore_aside why, uint64_t now_sec)
{
        (void) seq;
        (void) why;
        (void) now_sec;
        store->state.aside++;
        return 0;
}

int spoolstore_waiting(struct spoolstore *store, uint64_t after, unsigned max, struct spoolrecords *ret)
{
        (void) store;
        pthread_mutex_lock(&lock);
        for (unsigned i = 0; i < fake.n && ret->n < max; i++)
                if (fake.seqs[i] > after)
                        assert_int_equal(spoolrecords_add(ret, fake.seqs[i], "{}", 2), 1);
        pthread_mutex_unlock(&lock);
        return 0;
}

int spoolstore_recent(struct spoolstore *store, const char *filter, unsigned max, struct spoolrecords *ret)
{
        (void) filter;
        return spoolstore_waiting(store, 0, max, ret);
}

static void set_store(bool hangs, int open_error, int commit_error)
{
        pthread_mutex_lock(&lock);
        fake.hangs = hangs;
        fake.open_error = open_error;
        fake.commit_error = commit_error;
        pthread_cond_broadcast(&go);
        pthread_mutex_unlock(&lock);
}

static unsigned stored(void)
{
        unsigned n;

        pthread_mutex_lock(&lock);
        n = fake.n;
        pthread_mutex_unlock(&lock);
        return n;
}

static bool inside(void)
{
        bool is;

        pthread_mutex_lock(&lock);
        is = fake.inside;
        pthread_mutex_unlock(&lock);
        return is;
}

/* ---- the loop ---- */

static sd_event *loop;
static struct spool *spool;
static uint64_t recorded;
static int health[16];
static unsigned n_health, n_dropped_told;
static bool ending; /* spool_free() is under way */
static uint64_t dropped_count, dropped_first, dropped_last;

static uint64_t add(enum event_name name)
{
        struct event event;

        assert_int_equal(event_init(&event, name, 1800000000ULL * 1000000000, BOOT), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_RULE, "[storage] usb-disk"), 0);
        assert_int_equal(event_set_bool(&event, EVENT_KEY_AUDIT, true), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_VERDICT_USEC, -7), 0);
        return spool_add(spool, &event);
}

static void on_recorded(void *userdata, uint64_t ticket)
{
        (void) userdata;
        assert_true(ticket > recorded);
        recorded = ticket;
}

static void on_dropped(void *userdata, uint64_t count, uint64_t first, uint64_t last)
{
        struct event event;

        (void) userdata;
        n_dropped_told++;
        dropped_count = count;
        dropped_first = first;
        dropped_last = last;
        if (ending)
                return;
        assert_int_equal(event_init(&event, EVENT_SPOOL_DROPPED, 1800000000ULL * 1000000000, BOOT), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_COUNT, (int64_t) count), 0);
        assert_true(spool_add(spool, &event) > 0);
}

static void on_health(void *userdata, int error)
{
        (void) userdata;
        health[n_health++ % 16] = error;
}

static const struct spool_ops ops = { .recorded = on_recorded, .dropped = on_dropped, .health = on_health };

#define UNTIL(expression)                                                                                              \
        do {                                                                                                           \
                uint64_t end_ = clock_usec(CLOCK_MONOTONIC) + 8000000;                                                 \
                while (!(expression) && clock_usec(CLOCK_MONOTONIC) < end_)                                            \
                        sd_event_run(loop, 10000);                                                                     \
                assert_true(expression);                                                                               \
        } while (0)

static int setup(void **state)
{
        (void) state;
        memset(&fake, 0, sizeof(fake));
        fake.first_seq = 41;
        recorded = 0;
        n_health = n_dropped_told = 0;
        ending = false;
        return sd_event_new(&loop) < 0 || spool_new(loop, "/nowhere/spool.db", NULL, 0, &ops, &spool) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        (void) state;
        set_store(false, 0, 0);
        spool = spool_free(spool);
        loop = sd_event_unref(loop);
        return 0;
}

static enum spool_health health_now(void)
{
        struct spool_status status;

        spool_status(spool, &status);
        return status.health;
}

static void in_order_with_a_seq_each(void **state)
{
        (void) state;
        for (unsigned i = 1; i <= 300; i++)
                assert_int_equal(add(EVENT_DEVICE_REFUSED), i);
        UNTIL(recorded == 300);
        assert_int_equal(stored(), 300);
        for (unsigned i = 0; i < 300; i++)
                assert_int_equal(fake.seqs[i], 41 + i);
        /* As it was put in. */
        assert_int_equal(fake.last.name, EVENT_DEVICE_REFUSED);
        assert_int_equal(fake.last.severity, EVENT_WARN);
        assert_int_equal(fake.last.n, 3);
        assert_int_equal(fake.last.attributes[0].key, EVENT_KEY_RULE);
        assert_string_equal(fake.last.attributes[0].string, "[storage] usb-disk");
        assert_true(fake.last.attributes[1].boolean);
        assert_int_equal(fake.last.attributes[2].integer, -7);
        assert_string_equal(fake.last.boot, BOOT);
        assert_int_equal(health_now(), SPOOL_OK);
}

static void the_seq_is_known_at_once(void **state)
{
        struct event event;

        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        assert_int_equal(event_init(&event, EVENT_GATE_OPENED, 1800000000ULL * 1000000000, BOOT), 0);
        assert_int_equal(spool_add(spool, &event), 1);
        assert_int_equal(event.seq, 41);
        UNTIL(recorded == 1);
        assert_int_equal(fake.seqs[0], 41);
        assert_string_equal(fake.uids[0], event.uid);
}

static void a_disk_that_hangs_delays_nobody(void **state)
{
        uint64_t begun;

        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        set_store(true, 0, 0);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(inside());
        begun = clock_usec(CLOCK_MONOTONIC);
        for (unsigned i = 0; i < SPOOL_QUEUE_MAX + 500; i++) {
                add(EVENT_DEVICE_REFUSED);
                sd_event_run(loop, 0);
        }
        /* All of that took a moment, and a fsync would have taken for ever. */
        assert_true(clock_usec(CLOCK_MONOTONIC) - begun < 2000000);
        assert_int_equal(recorded, 0);
        set_store(false, 0, 0);
        UNTIL(n_dropped_told == 1 && recorded == SPOOL_QUEUE_MAX + 500 + 2);
        assert_int_equal(dropped_count, 501);
        assert_int_equal(stored(), SPOOL_QUEUE_MAX + 1);
        /* Many were one transaction. */
        assert_int_equal(fake.largest, SPOOL_BATCH_MAX);
        assert_true(fake.commits <= SPOOL_QUEUE_MAX / SPOOL_BATCH_MAX + 3);
}

static void what_is_given_up_is_counted(void **state)
{
        struct spool_status status;
        unsigned fits = 0, more = 0;

        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        set_store(false, 0, -ENOSPC);
        while (add(EVENT_DEVICE_REFUSED) > 0)
                fits++;
        assert_int_equal(fits, SPOOL_QUEUE_MAX);
        for (; more < 9; more++)
                assert_int_equal(add(EVENT_DEVICE_REFUSED), 0);
        UNTIL(health_now() == SPOOL_FAILING);
        UNTIL(n_health > 0);
        assert_int_equal(health[0], -ENOSPC);
        spool_status(spool, &status);
        assert_int_equal(status.dropped, 10);
        assert_int_equal(status.waiting, SPOOL_QUEUE_MAX);
        assert_true(fake.rooms > 0);
        set_store(false, 0, 0);
        UNTIL(recorded == SPOOL_QUEUE_MAX + 10 + 1);
        assert_int_equal(n_dropped_told, 1);
        assert_int_equal(dropped_count, 10);
        assert_int_equal(dropped_first, 41 + SPOOL_QUEUE_MAX);
        assert_int_equal(dropped_last, 41 + SPOOL_QUEUE_MAX + 9);
        /* Recorded, behind all that was kept, with the next number. */
        assert_int_equal(stored(), SPOOL_QUEUE_MAX + 1);
        assert_int_equal(fake.seqs[SPOOL_QUEUE_MAX - 1], 41 + SPOOL_QUEUE_MAX - 1);
        assert_int_equal(fake.seqs[SPOOL_QUEUE_MAX], 41 + SPOOL_QUEUE_MAX + 10);
        assert_int_equal(fake.dropped.attributes[0].integer, 10);
        assert_int_equal(health_now(), SPOOL_OK);
        assert_int_equal(health[(n_health - 1) % 16], 0);
        /* And it is told once. */
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == SPOOL_QUEUE_MAX + 10 + 2);
        assert_int_equal(n_dropped_told, 1);
}

/* The store says so after a transaction, and in the next run when it was killed in between. */
static void what_the_store_gave_up_is_told_once(void **state)
{
        struct spool_status status;

        (void) state;
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 1);
        pthread_mutex_lock(&lock);
        fake.lost = (struct spoolroom_lost){ .id = 7, .count = 200, .first = 3, .last = 260 };
        pthread_mutex_unlock(&lock);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 3);
        assert_int_equal(n_dropped_told, 1);
        assert_int_equal(dropped_count, 200);
        assert_int_equal(dropped_first, 3);
        assert_int_equal(dropped_last, 260);
        spool_status(spool, &status);
        assert_int_equal(status.dropped, 200);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 4);
        assert_int_equal(n_dropped_told, 1);
        spool = spool_free(spool);
        recorded = 0;
        assert_int_equal(spool_new(loop, "/nowhere/spool.db", NULL, 0, &ops, &spool), 0);
        UNTIL(n_dropped_told == 2);
}

static void the_bound_may_change(void **state)
{
        (void) state;
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 1);
        assert_int_equal(limit_now, 0);
        spool_limit(spool, 1024);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 2);
        assert_int_equal(limit_now, 1024);
}

static void a_store_that_cannot_be_opened_is_tried_again(void **state)
{
        (void) state;
        spool = spool_free(spool);
        memset(&fake, 0, sizeof(fake));
        fake.first_seq = 7;
        fake.open_error = -EROFS;
        assert_int_equal(spool_new(loop, "/nowhere/spool.db", NULL, 0, &ops, &spool), 0);
        recorded = 0;
        n_health = 0;
        assert_int_equal(add(EVENT_AGENT_STARTED), 1);
        assert_int_equal(add(EVENT_DEVICE_REFUSED), 2);
        UNTIL(n_health == 1);
        assert_int_equal(health[0], -EROFS);
        assert_int_equal(health_now(), SPOOL_FAILING);
        set_store(false, 0, 0);
        UNTIL(recorded == 2);
        assert_int_equal(fake.seqs[0], 7);
        assert_int_equal(fake.seqs[1], 8);
}

static void trouble_is_tried_again_but_not_all_the_time(void **state)
{
        unsigned commits;
        uint64_t end;

        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        set_store(false, 0, -EIO);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(health_now() == SPOOL_FAILING);
        for (end = clock_usec(CLOCK_MONOTONIC) + 500000; clock_usec(CLOCK_MONOTONIC) < end;)
                sd_event_run(loop, 10000);
        commits = fake.commits;
        assert_true(commits <= 2);
        set_store(false, 0, 0);
        UNTIL(recorded == 1);
        /* After a failed sync it is read anew. */
        assert_true(fake.opens >= 2);
        assert_int_equal(stored(), 1);
}

static void a_damaged_store_is_replaced(void **state)
{
        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        set_store(false, 0, -EUCLEAN);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(n_health >= 1);
        set_store(false, 0, 0);
        UNTIL(recorded == 1);
        assert_int_equal(fake.damaged_opens, 1);
        assert_int_equal(fake.seqs[0], 41);
}

/* ---- questions ---- */

static struct {
        unsigned n;
        int error;
        size_t records;
        char host_id[HOSTID_SIZE];
} heard;

static void on_answer(void *userdata, const struct spool_answer *answer)
{
        (void) userdata;
        heard.n++;
        heard.error = answer->error;
        heard.records = answer->records.n;
        memcpy(heard.host_id, answer->host_id, sizeof(heard.host_id));
}

static void questions_are_answered(void **state)
{
        (void) state;
        memset(&heard, 0, sizeof(heard));
        for (unsigned i = 0; i < 5; i++)
                add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 5);
        assert_int_equal(spool_acknowledge(spool, 41, on_answer, NULL), 0);
        UNTIL(heard.n == 1);
        assert_int_equal(heard.error, -EINVAL); /* nothing was handed out */
        assert_int_equal(spool_events(spool, 0, 3, on_answer, NULL), 0);
        UNTIL(heard.n == 2);
        assert_int_equal(heard.error, 0);
        assert_int_equal(heard.records, 3);
        assert_string_equal(heard.host_id, "6c656b64-0000-4000-8000-000000000000");
        assert_int_equal(spool_acknowledge(spool, 44, on_answer, NULL), 0);
        UNTIL(heard.n == 3);
        assert_int_equal(heard.error, -EINVAL);
        assert_int_equal(spool_set_aside(spool, 44, SPOOLSTORE_REJECTED, on_answer, NULL), 0);
        UNTIL(heard.n == 4);
        assert_int_equal(heard.error, -EINVAL);
        assert_int_equal(spool_acknowledge(spool, 43, on_answer, NULL), 0);
        UNTIL(heard.n == 5);
        assert_int_equal(heard.error, 0);
}

static void questions_are_bounded_and_never_lost(void **state)
{
        unsigned asked = 0;

        (void) state;
        memset(&heard, 0, sizeof(heard));
        UNTIL(health_now() == SPOOL_OK);
        set_store(true, 0, 0);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(inside());
        while (spool_events(spool, 0, 3, on_answer, NULL) == 0)
                asked++;
        assert_int_equal(asked, SPOOL_REQUESTS_MAX);
        assert_int_equal(spool_recent(spool, "", 3, on_answer, NULL), -ENOBUFS);
        assert_int_equal(heard.n, 0);
        set_store(false, 0, 0);
        UNTIL(heard.n == asked);
        assert_int_equal(heard.error, 0);
        /* Without a store there is an answer, too. */
        set_store(false, -EIO, -EIO);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(health_now() == SPOOL_FAILING);
        assert_int_equal(spool_recent(spool, "", 3, on_answer, NULL), 0);
        UNTIL(heard.n == asked + 1);
        assert_int_equal(heard.error, -EAGAIN);
}

/* ---- the end ---- */

static void the_end_writes_what_waits(void **state)
{
        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        for (unsigned i = 0; i < 700; i++)
                add(EVENT_DEVICE_REFUSED);
        spool = spool_free(spool);
        assert_int_equal(stored(), 700);
        assert_int_equal(fake.closes, 1);
}

static void what_the_end_could_not_write_is_counted(void **state)
{
        (void) state;
        UNTIL(health_now() == SPOOL_OK);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(recorded == 1);
        set_store(false, 0, -ENOSPC);
        while (add(EVENT_DEVICE_REFUSED) > 0)
                ;
        ending = true;
        spool = spool_free(spool);
        assert_int_equal(n_dropped_told, 1);
        assert_int_equal(dropped_count, SPOOL_QUEUE_MAX + 1);
        assert_int_equal(dropped_first, 42);
        assert_int_equal(dropped_last, 42 + SPOOL_QUEUE_MAX);
}

static void the_end_waits_for_a_sick_disk_but_not_for_ever(void **state)
{
        uint64_t begun;

        (void) state;
        memset(&heard, 0, sizeof(heard));
        UNTIL(health_now() == SPOOL_OK);
        set_store(true, 0, 0);
        add(EVENT_DEVICE_REFUSED);
        UNTIL(inside());
        assert_int_equal(spool_events(spool, 0, 3, on_answer, NULL), 0);
        begun = clock_usec(CLOCK_MONOTONIC);
        spool = spool_free(spool);
        assert_true(clock_usec(CLOCK_MONOTONIC) - begun >= SPOOL_STOP_USEC);
        assert_true(clock_usec(CLOCK_MONOTONIC) - begun < SPOOL_STOP_USEC + 2000000);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.error, -ECANCELED);
        /* Let the thread that was left behind go. */
        set_store(false, 0, 0);
        usleep(200000);
}

/* A slow disk at boot is no trouble: `lekdicht status` is asked before the store is open. */
static void while_it_opens_nothing_is_wrong(void **state)
{
        (void) state;
        spool = spool_free(spool);
        pthread_mutex_lock(&lock); /* spoolstore_open() waits */
        assert_int_equal(spool_new(loop, "/nowhere/spool.db", NULL, 0, &ops, &spool), 0);
        assert_int_equal(health_now(), SPOOL_OPENING);
        assert_string_equal(spool_health_name(SPOOL_OPENING), "opening");
        pthread_mutex_unlock(&lock);
        UNTIL(health_now() == SPOOL_OK);
}

static void without_a_path_nothing_is_recorded(void **state)
{
        struct spool_status status;

        (void) state;
        memset(&heard, 0, sizeof(heard));
        spool = spool_free(spool);
        assert_int_equal(spool_new(loop, NULL, NULL, 0, &ops, &spool), 0);
        assert_int_equal(add(EVENT_DEVICE_REFUSED), 0);
        spool_status(spool, &status);
        assert_int_equal(status.health, SPOOL_ABSENT);
        assert_int_equal(status.dropped, 0);
        assert_int_equal(spool_recent(spool, "", 3, on_answer, NULL), 0);
        UNTIL(heard.n == 1);
        assert_int_equal(heard.error, -EAGAIN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(in_order_with_a_seq_each),
                TEST(the_seq_is_known_at_once),
                TEST(a_disk_that_hangs_delays_nobody),
                TEST(what_is_given_up_is_counted),
                TEST(what_the_store_gave_up_is_told_once),
                TEST(the_bound_may_change),
                TEST(a_store_that_cannot_be_opened_is_tried_again),
                TEST(trouble_is_tried_again_but_not_all_the_time),
                TEST(a_damaged_store_is_replaced),
                TEST(questions_are_answered),
                TEST(questions_are_bounded_and_never_lost),
                TEST(the_end_writes_what_waits),
                TEST(what_the_end_could_not_write_is_counted),
                TEST(the_end_waits_for_a_sick_disk_but_not_for_ever),
                TEST(while_it_opens_nothing_is_wrong),
                TEST(without_a_path_nothing_is_recorded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
