/* links: collector/store_sqlite.c collector/store_add.c collector/store_read.c collector/store_audit.c collector/store_register.c collector/secret.c collector/schema.c collector/store.c collector/interval.c collector/batch.c collector/writer.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What store.h promises, and the writer on top of it. This file says nothing of SQLite but where it damages the database
 * on purpose: another store must pass it too. */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/store.h"
#include "collector/writer.h"

#define HOST  "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define OTHER "0e0b0c0d-1111-4222-8333-444455556666"

/* SQLite calls these two for "on the disk"; here they are counted, and fail when told to. */
static unsigned syncs;
static int sync_error;

static int sync_file(long call, int fd)
{
        syncs++;
        if (sync_error) {
                errno = sync_error;
                return -1;
        }
        return (int) syscall(call, fd);
}

int fdatasync(int fd)
{
        return sync_file(SYS_fdatasync, fd);
}

int fsync(int fd)
{
        return sync_file(SYS_fsync, fd);
}

struct place {
        char folder[64], path[128];
        struct store *store;
};

static int set_up(void **state)
{
        struct place *place = calloc(1, sizeof(*place));

        if (!place)
                return -1;
        strcpy(place->folder, "/tmp/lekdicht-store-XXXXXX");
        if (!mkdtemp(place->folder))
                return -1;
        snprintf(place->path, sizeof(place->path), "%s/store", place->folder);
        *state = place;
        return store_open(place->path, &place->store);
}

static int tear_down(void **state)
{
        struct place *place = *state;
        char command[128];

        store_close(place->store);
        snprintf(command, sizeof(command), "rm -r %s", place->folder);
        free(place);
        return system(command);
}

static void reopen(struct place *place)
{
        place->store = store_close(place->store);
        assert_int_equal(store_open(place->path, &place->store), 0);
}

static struct batch *batch_of(const char *host)
{
        struct batch *batch = batch_new();

        assert_non_null(batch);
        strcpy(batch->resources[0].host, host);
        strcpy(batch->resources[0].version, "0.1.0");
        batch->n_resources = 1;
        return batch;
}

/* An event whose uid is made of its number and `twin`. */
static void add(struct batch *batch, uint64_t seq, unsigned twin)
{
        struct batch_record *record;

        assert_int_equal(batch_add(batch, &record), 0);
        snprintf(record->uid, sizeof(record->uid), "%010u%016" PRIX64, twin, seq);
        strcpy(record->name, "lekdicht.device.refused");
        record->seq = seq;
        record->time_ns = 1000 + seq;
        record->severity = 13;
        record->attributes = strdup("{\"lekdicht.rule\":\"[storage] usb-disk\"}");
        assert_non_null(record->attributes);
}

static int put(struct place *place, struct batch *batch, uint64_t received_ns)
{
        int r = store_add(place->store, &batch, 1, received_ns);

        batch_free(batch);
        return r;
}

/* One event of HOST. */
static void put_one(struct place *place, uint64_t seq, unsigned twin)
{
        struct batch *batch = batch_of(HOST);

        add(batch, seq, twin);
        assert_int_equal(put(place, batch, 1000000), 0);
}

/* The numbers of the events of a host (NULL: all), newest first, as "9 8! 7"; ! is a clone. */
static void expect_events(struct place *place, const char *host, const char *expected)
{
        struct store_events events;
        char text[1024] = "";

        assert_int_equal(store_events(place->store, host, STORE_NEWEST, STORE_EVENTS_MAX, &events), 0);
        for (size_t i = 0; i < events.n; i++)
                sprintf(text + strlen(text), "%s%" PRIu64 "%s", i ? " " : "", events.items[i].seq,
                        events.items[i].clone ? "!" : "");
        assert_string_equal(text, expected);
        store_events_clear(&events);
}

static void expect_intervals(struct place *place, const char *expected)
{
        struct intervals intervals;
        char text[1024] = "";

        assert_int_equal(store_intervals(place->store, HOST, &intervals), 0);
        for (size_t i = 0; i < intervals.n; i++)
                sprintf(text + strlen(text), "%s%" PRIu64 "-%" PRIu64, i ? " " : "", intervals.items[i].first,
                        intervals.items[i].last);
        assert_string_equal(text, expected);
        intervals_clear(&intervals);
}

static void an_event_is_kept_whole(void **state)
{
        struct place *place = *state;
        struct store_events events;
        struct store_laptops laptops;
        int64_t id;

        put_one(place, 17, 0);
        reopen(place);
        assert_int_equal(store_events(place->store, NULL, STORE_NEWEST, 10, &events), 0);
        assert_int_equal(events.n, 1);
        assert_false(events.more);
        assert_string_equal(events.items[0].host, HOST);
        assert_string_equal(events.items[0].uid, "00000000000000000000000011");
        assert_string_equal(events.items[0].name, "lekdicht.device.refused");
        assert_int_equal(events.items[0].seq, 17);
        assert_int_equal(events.items[0].time_ns, 1017);
        assert_int_equal(events.items[0].received_ns, 1000000);
        assert_int_equal(events.items[0].position.shown_ns, 1017);
        assert_int_equal(events.items[0].severity, 13);
        assert_false(events.items[0].clone);
        assert_string_equal(events.items[0].attributes, "{\"lekdicht.rule\":\"[storage] usb-disk\"}");
        id = events.items[0].position.id;
        store_events_clear(&events);
        assert_int_equal(store_events(place->store, NULL, (struct store_position){ 1017, id }, 10, &events), 0);
        assert_int_equal(events.n, 0);
        store_events_clear(&events);

        assert_int_equal(store_laptops(place->store, 10, &laptops), 0);
        assert_int_equal(laptops.n, 1);
        assert_string_equal(laptops.items[0].host, HOST);
        assert_string_equal(laptops.items[0].version, "0.1.0");
        assert_int_equal(laptops.items[0].first_seen_ns, 1000000);
        assert_int_equal(laptops.items[0].last_seen_ns, 1000000);
        assert_int_equal(laptops.items[0].events, 1);
        assert_int_equal(laptops.items[0].highest, 17);
        assert_int_equal(laptops.items[0].missing, 16);
        assert_int_equal(laptops.items[0].clones, 0);
        store_laptops_clear(&laptops);
}

static void what_comes_again_is_there_once(void **state)
{
        struct place *place = *state;

        put_one(place, 1, 0);
        put_one(place, 1, 0);
        reopen(place);
        put_one(place, 1, 0);
        expect_events(place, HOST, "1");
        expect_intervals(place, "1-1");
}

static void one_number_twice_is_two_clones(void **state)
{
        struct place *place = *state;
        struct batch *batch;

        put_one(place, 1, 0);
        put_one(place, 2, 0);
        put_one(place, 3, 0);
        put_one(place, 2, 1);
        expect_events(place, HOST, "3 2! 2! 1");
        expect_intervals(place, "1-3");
        put_one(place, 2, 1); /* again: nothing new */
        put_one(place, 2, 2); /* a third one */
        expect_events(place, HOST, "3 2! 2! 2! 1");

        batch = batch_of(OTHER);
        add(batch, 2, 0);
        assert_int_equal(put(place, batch, 1000000), 0);
        expect_events(place, OTHER, "2"); /* another laptop's 2 is another number */
        expect_events(place, HOST, "3 2! 2! 2! 1");
}

static void numbers_merge_over_batches(void **state)
{
        struct place *place = *state;
        static const uint64_t numbers[] = {
                5, 7, 6, 1, 3, 2, 100, 102, 101, 4, 9223372036854775807, 9223372036854775806
        };
        static const char *expected[] = { "5-5",
                                          "5-5 7-7",
                                          "5-7",
                                          "1-1 5-7",
                                          "1-1 3-3 5-7",
                                          "1-3 5-7",
                                          "1-3 5-7 100-100",
                                          "1-3 5-7 100-100 102-102",
                                          "1-3 5-7 100-102",
                                          "1-7 100-102",
                                          "1-7 100-102 9223372036854775807-9223372036854775807",
                                          "1-7 100-102 9223372036854775806-9223372036854775807" };

        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
                put_one(place, numbers[i], 0);
                expect_intervals(place, expected[i]);
        }
}

/* Random batches, random order, some twice: the same as one set in memory. */
static void numbers_are_those_of_a_set(void **state)
{
        struct place *place = *state;
        struct intervals set = { 0 }, stored;

        srandom(11);
        for (unsigned round = 0; round < 150; round++) {
                struct batch *batch = batch_of(HOST);
                uint64_t first = 1 + (uint64_t) random() % 300;

                for (unsigned i = 0; i < 1 + (unsigned) random() % 12; i++) {
                        uint64_t seq = first + (uint64_t) random() % 14;

                        add(batch, seq, 0);
                        assert_int_equal(intervals_add(&set, (struct interval){ seq, seq }), 0);
                }
                assert_int_equal(put(place, batch, 1000000), 0);
        }
        assert_int_equal(store_intervals(place->store, HOST, &stored), 0);
        assert_int_equal(stored.n, set.n);
        assert_true(set.n > 3);
        assert_memory_equal(stored.items, set.items, set.n * sizeof(*set.items));
        intervals_clear(&stored);
        intervals_clear(&set);
}

static void batches_go_together_or_not_at_all(void **state)
{
        struct place *place = *state;
        struct batch *batches[] = { batch_of(HOST), batch_of(OTHER) };
        struct rlimit old, none;

        for (uint64_t seq = 1; seq <= 500; seq++) {
                add(batches[0], seq, 0);
                add(batches[1], seq, 1);
        }
        /* No file may grow: the log cannot be written. */
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        none = (struct rlimit){ 40000, old.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        assert_true(store_add(place->store, batches, 2, 1000000) < 0);
        assert_true(store_add(place->store, batches, 2, 1000000) < 0);
        expect_events(place, NULL, "");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

        expect_events(place, NULL, "");
        expect_intervals(place, "");
        assert_int_equal(store_add(place->store, batches, 2, 1000000), 0);
        expect_intervals(place, "1-500");
        batch_free(batches[0]);
        batch_free(batches[1]);
}

/* Not an error of the disk, with which SQLite itself would take everything back. */
static void a_fault_in_the_middle_takes_all_back(void **state)
{
        struct place *place = *state;
        struct batch *batches[] = { batch_of(HOST), batch_of(OTHER) };

        add(batches[0], 1, 0);
        add(batches[1], 1, 0);
        add(batches[1], 2, 0);
        free(batches[1]->records[1].attributes);
        batches[1]->records[1].attributes = NULL;
        assert_true(store_add(place->store, batches, 2, 1000000) < 0);
        expect_events(place, NULL, "");
        expect_intervals(place, "");
        assert_int_equal(store_add(place->store, batches, 1, 1000000), 0);
        expect_events(place, NULL, "1");
        batch_free(batches[0]);
        batch_free(batches[1]);
}

static void confirmed_is_synced(void **state)
{
        struct place *place = *state;

        for (uint64_t seq = 1; seq <= 20; seq++) {
                unsigned before = syncs;

                put_one(place, seq, 0);
                assert_true(syncs > before);
        }
}

static void what_could_not_be_synced_is_not_confirmed(void **state)
{
        struct place *place = *state;
        struct batch *batch = batch_of(HOST);

        put_one(place, 1, 0);
        add(batch, 2, 0);
        sync_error = EIO;
        assert_int_equal(store_add(place->store, &batch, 1, 1000000), -EIO);
        assert_int_equal(store_add(place->store, &batch, 1, 1000000), -EIO);
        expect_events(place, HOST, "1");
        sync_error = 0;
        assert_int_equal(put(place, batch, 1000000), 0);
        expect_events(place, HOST, "2 1");
        reopen(place);
        expect_events(place, HOST, "2 1");
        expect_intervals(place, "1-2");
}

static void pages_have_no_holes(void **state)
{
        struct place *place = *state;
        struct store_position position = STORE_NEWEST;
        struct batch *batch = batch_of(HOST);
        uint64_t next = 95;
        bool more = true;

        for (uint64_t seq = 1; seq <= 95; seq++) {
                add(batch, seq, 0);
                batch->records[seq - 1].time_ns = 1000 + seq / 10; /* many at the same time */
        }
        assert_int_equal(put(place, batch, 1000000), 0);
        while (more) {
                struct store_events events;

                assert_int_equal(store_events(place->store, next % 2 ? HOST : NULL, position, 10, &events), 0);
                assert_int_equal(events.n, next > 10 ? 10 : next);
                for (size_t i = 0; i < events.n; i++)
                        assert_int_equal(events.items[i].seq, next--);
                position = events.items[events.n - 1].position;
                more = events.more;
                store_events_clear(&events);
        }
        assert_int_equal(next, 0);
}

static void laptops_are_bounded_and_the_last_seen_is_first(void **state)
{
        struct place *place = *state;
        struct store_laptops laptops;

        for (unsigned i = 0; i < 5; i++) {
                char host[BATCH_HOST_LENGTH + 1];
                struct batch *batch;

                snprintf(host, sizeof(host), "%08u-9dc0-41d1-b245-5ffdce74fad2", i);
                batch = batch_of(host);
                add(batch, 1, 0);
                assert_int_equal(put(place, batch, 1000 + i), 0);
        }
        assert_int_equal(store_laptops(place->store, 5, &laptops), 0);
        assert_int_equal(laptops.n, 5);
        assert_false(laptops.more);
        assert_string_equal(laptops.items[0].host, "00000004-9dc0-41d1-b245-5ffdce74fad2");
        store_laptops_clear(&laptops);
        assert_int_equal(store_laptops(place->store, 4, &laptops), 0);
        assert_int_equal(laptops.n, 4);
        assert_true(laptops.more);
        store_laptops_clear(&laptops);
}

static void what_is_no_store_is_not_touched(void **state)
{
        struct place *place = *state;
        struct store *store = (struct store *) 5;
        FILE *file;

        put_one(place, 1, 0);
        place->store = store_close(place->store);
        file = fopen(place->path, "r+");
        assert_non_null(file);
        assert_int_equal(fseek(file, 63, SEEK_SET), 0); /* user_version (sqlite.org/fileformat2.html) */
        fputc(99, file);
        fclose(file);
        assert_int_equal(store_open(place->path, &store), -EPROTONOSUPPORT);

        file = fopen(place->path, "w");
        assert_non_null(file);
        for (int i = 0; i < 1000; i++)
                fputs("no database", file);
        fclose(file);
        assert_int_equal(store_open(place->path, &store), -EUCLEAN);
        assert_ptr_equal(store, (struct store *) 5);
        assert_int_equal(store_open("/nowhere/at/all", &store), -EACCES);
        assert_int_equal(unlink(place->path), 0);
}

/* ---- the writer --------------------------------------------------------------------------------------------------- */

struct answers {
        pthread_mutex_t lock;
        unsigned good, bad, changes;
        int last;
};

static void answered(void *userdata, int result)
{
        struct answers *answers = userdata;

        pthread_mutex_lock(&answers->lock);
        answers->good += result == 0;
        answers->bad += result != 0;
        pthread_mutex_unlock(&answers->lock);
}

static void trouble(void *userdata, int error)
{
        struct answers *answers = userdata;

        answers->changes++;
        answers->last = error;
}

static void all_that_was_submitted_is_answered(void **state)
{
        struct place *place = *state;
        struct answers answers = { .lock = PTHREAD_MUTEX_INITIALIZER };
        struct intervals intervals;
        struct writer *writer;
        uint64_t seq = 0;
        unsigned taken = 0;

        assert_int_equal(writer_new(place->store, trouble, &answers, &writer), 0);
        for (unsigned i = 0; i < 3000; i++) {
                struct batch *batch = batch_of(HOST);
                int r;

                add(batch, seq + 1, 0);
                add(batch, seq + 2, 0);
                r = writer_submit(writer, batch, answered, &answers);
                assert_true(r == 0 || r == -EAGAIN);
                if (r == 0) {
                        seq += 2;
                        taken++;
                } else {
                        batch_free(batch);
                }
        }
        writer_free(writer);
        assert_true(taken >= WRITER_QUEUE_BATCHES_MAX);
        assert_int_equal(answers.good, taken);
        assert_int_equal(answers.bad + answers.changes, 0);
        assert_int_equal(store_intervals(place->store, HOST, &intervals), 0);
        assert_int_equal(intervals.n, 1);
        assert_int_equal(intervals.items[0].last, seq);
        intervals_clear(&intervals);
}

static void a_queue_has_an_end(void **state)
{
        struct place *place = *state;
        struct answers answers = { .lock = PTHREAD_MUTEX_INITIALIZER };
        struct batch *batch = batch_of(HOST);
        struct writer *writer;

        assert_int_equal(writer_new(place->store, NULL, NULL, &writer), 0);
        add(batch, 1, 0);
        batch->bytes = WRITER_QUEUE_BYTES_MAX + 1;
        assert_int_equal(writer_submit(writer, batch, answered, &answers), -EAGAIN);
        batch->bytes = WRITER_QUEUE_BYTES_MAX;
        assert_int_equal(writer_submit(writer, batch, answered, &answers), 0);
        writer_free(writer);
        assert_int_equal(answers.good, 1);
        expect_events(place, HOST, "1");
}

static void trouble_is_told_once_and_its_end(void **state)
{
        struct place *place = *state;
        struct answers answers = { .lock = PTHREAD_MUTEX_INITIALIZER };
        struct rlimit old, none;
        struct writer *writer;
        unsigned told = 0;

        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        none = (struct rlimit){ 1000, old.rlim_max };
        assert_int_equal(writer_new(place->store, trouble, &answers, &writer), 0);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        for (uint64_t seq = 1; seq <= 4; seq++) {
                struct batch *batch = batch_of(HOST);

                if (seq == 4)
                        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
                add(batch, seq, 0);
                assert_int_equal(writer_submit(writer, batch, answered, &answers), 0);
                do {
                        usleep(1000);
                        pthread_mutex_lock(&answers.lock);
                        told = answers.good + answers.bad;
                        pthread_mutex_unlock(&answers.lock);
                } while (told < seq);
        }
        writer_free(writer);
        assert_int_equal(answers.bad, 3);
        assert_int_equal(answers.good, 1);
        assert_int_equal(answers.changes, 2);
        assert_int_equal(answers.last, 0);
        expect_events(place, HOST, "4");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(an_event_is_kept_whole),
                TEST(what_comes_again_is_there_once),
                TEST(one_number_twice_is_two_clones),
                TEST(numbers_merge_over_batches),
                TEST(numbers_are_those_of_a_set),
                TEST(batches_go_together_or_not_at_all),
                TEST(a_fault_in_the_middle_takes_all_back),
                TEST(confirmed_is_synced),
                TEST(what_could_not_be_synced_is_not_confirmed),
                TEST(pages_have_no_holes),
                TEST(laptops_are_bounded_and_the_last_seen_is_first),
                TEST(what_is_no_store_is_not_touched),
                TEST(all_that_was_submitted_is_answered),
                TEST(a_queue_has_an_end),
                TEST(trouble_is_told_once_and_its_end),
        };

        return cmocka_run_group_tests_name("collector store", tests, NULL, NULL);
}
