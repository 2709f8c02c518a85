/* links: tests/bed/faultdisk.c collector/store_sqlite.c collector/store_add.c collector/store_read.c collector/store_audit.c collector/store_register.c collector/secret.c collector/schema.c collector/store.c collector/interval.c collector/batch.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The collector's store on a disk that fails at its first operation, at its second, and so on: what was confirmed is there,
 * what was not confirmed is there as a whole or not, and its laptop sends it again and it is there once. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/store.h"
#include "tests/bed/failures.h"

#define HOST    "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define BATCH   10U /* events */
#define BATCHES 6U
#define REOPEN  4U /* after this one the collector is started anew */

/* In memory: nothing is really synced here. */
static char directory[] = "/dev/shm/lekdicht-faults.XXXXXX", place[64];
static struct store *store;
static unsigned confirmed; /* batches */

/* Batch n, from 1: the events n * BATCH - 9 to n * BATCH. */
static int put(unsigned n)
{
        struct batch *batch = batch_new();
        int r;

        assert_non_null(batch);
        strcpy(batch->resources[0].host, HOST);
        strcpy(batch->resources[0].version, "0.1.0");
        batch->n_resources = 1;
        for (uint64_t seq = (n - 1) * BATCH + 1; seq <= n * BATCH; seq++) {
                struct batch_record *record;

                assert_int_equal(batch_add(batch, &record), 0);
                snprintf(record->uid, sizeof(record->uid), "%026" PRIX64, seq);
                strcpy(record->name, "lekdicht.device.refused");
                record->seq = seq;
                record->time_ns = 1000 + seq;
                record->severity = 13;
                record->attributes = strdup("{\"lekdicht.rule\":\"[storage] usb-disk\"}");
                assert_non_null(record->attributes);
        }
        r = store_add(store, &batch, 1, 1000000);
        batch_free(batch);
        return r;
}

/* What is stored is batch 1 to a last one, whole, and the numbers say the same. Returns the last one. */
static unsigned stored(void)
{
        struct intervals numbers = { 0 };
        struct store_events events;
        unsigned n;

        assert_int_equal(store_events(store, HOST, STORE_NEWEST, STORE_EVENTS_MAX, &events), 0);
        assert_int_equal(events.n % BATCH, 0);
        for (size_t i = 0; i < events.n; i++) {
                assert_int_equal(events.items[i].seq, events.n - i);
                assert_false(events.items[i].clone);
        }
        n = (unsigned) events.n / BATCH;
        store_events_clear(&events);
        assert_int_equal(store_intervals(store, HOST, &numbers), 0);
        assert_int_equal(numbers.n, n > 0);
        if (n > 0) {
                assert_int_equal(numbers.items[0].first, 1);
                assert_int_equal(numbers.items[0].last, n * BATCH);
        }
        intervals_clear(&numbers);
        return n;
}

static void recover(const struct failure *failure)
{
        unsigned n;

        if (failure->fault == FAULTDISK_CUT)
                store = store_close(store);
        faultdisk_heal();
        if (failure->fault == FAULTDISK_CUT)
                faultdisk_cut(failure->left);
        if (!store)
                assert_int_equal(store_open(place, &store), 0);
        n = stored();
        /* Without a restart SQLite has taken back what could not be synced. */
        assert_true(n == confirmed || (n == confirmed + 1 && failure->fault == FAULTDISK_CUT));
}

/* A life with the nth operation failing. False: it has less than n. */
static bool live(const struct failure *failure, unsigned nth)
{
        bool struck = false;

        confirmed = 0;
        faultdisk_watch(directory);
        faultdisk_fail(failure->fault, nth, failure->once);
        while (confirmed < BATCHES) {
                int r = store ? 0 : store_open(place, &store);

                if (r == 0)
                        r = put(confirmed + 1);
                assert_true(r == 0 || (faultdisk_failed() && !struck));
                confirmed += r == 0;
                if (r < 0 || (failure->fault == FAULTDISK_CUT && faultdisk_failed() && !struck)) {
                        recover(failure);
                        struck = true;
                } else if (confirmed == REOPEN) {
                        store = store_close(store);
                }
        }
        faultdisk_heal();
        store = store_close(store);
        assert_int_equal(store_open(place, &store), 0);
        assert_int_equal(stored(), BATCHES);
        store = store_close(store);
        return faultdisk_failed();
}

static void remove_store(void)
{
        static const char *const parts[] = { "", "-wal", "-shm", "-journal" };

        for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
                char file[80];

                snprintf(file, sizeof(file), "%s%s", place, parts[i]);
                assert_true(unlink(file) == 0 || errno == ENOENT);
        }
}

static void live_with(void **state)
{
        const struct failure *failure = *state;
        unsigned nth;
        bool more;

        for (nth = 0, more = true; more;) {
                more = live(failure, ++nth);
                remove_store();
        }
        assert_true(nth > BATCHES);
        print_message("# %u operations\n", nth - 1);
}

static int setup(void **state)
{
        (void) state;
        strcpy(strrchr(directory, '.') + 1, "XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(place, sizeof(place), "%s/store", directory);
        return 0;
}

static int teardown(void **state)
{
        char command[80];

        (void) state;
        faultdisk_heal();
        store = store_close(store);
        faultdisk_unwatch();
        snprintf(command, sizeof(command), "rm -r %s", directory);
        return system(command);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                LIVES_THROUGH_ALL,
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
