/* links: agent/hostid.c agent/spoolstore.c agent/spooldb.c agent/spoolmark.c agent/spoolmeta.c agent/spoolowner.c agent/spoolrecords.c agent/spoolroom.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: sqlite3 libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The spool's store on a real disk: what must survive, what must never come twice, and disks that are full or lie. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/spoolstore.h"

#define BOOT "0123456789abcdef0123456789abcdef"
#define DAY  86400U
#define NOW  1800000000U

static char directory[] = "/tmp/lekdicht-spool.XXXXXX", path[64];
static struct spoolstore *store;
static uint64_t next; /* the seq of the next event */

static void open_with(unsigned pages, bool damaged)
{
        assert_int_equal(spoolstore_open(path, NULL, pages, damaged, NOW, &store), 0);
        next = spoolstore_state(store)->next_seq;
}

static void open_store(void)
{
        open_with(0, false);
}

static void close_store(void)
{
        store = spoolstore_close(store);
}

/* SQLite's and ours come here: how often the disk was asked to have it all, and whether it says that it could not. */
static unsigned n_syncs;
static bool sync_fails;

int fdatasync(int fd)
{
        (void) fd;
        n_syncs++;
        errno = EIO;
        return sync_fails ? -1 : 0;
}

int fsync(int fd)
{
        return fdatasync(fd);
}

static void make_event(struct event *event, uint64_t seq, enum event_name name)
{
        assert_int_equal(event_init(event, name, (uint64_t) NOW * 1000000000, BOOT), 0);
        assert_int_equal(event_set_string(event, EVENT_KEY_REASON, "refused by [storage] usb-disk"), 0);
        event->seq = seq;
}

/* Append n events in one transaction. */
static int append(unsigned n, enum event_name name)
{
        static struct event event;
        int r = spoolstore_begin(store);

        for (unsigned i = 0; r >= 0 && i < n; i++) {
                make_event(&event, next + i, name);
                r = spoolstore_add(store, &event);
        }
        r = spoolstore_commit(store, r, NOW);
        if (r >= 0)
                next += n;
        return r;
}

static struct spoolrecords got;

static unsigned waiting(uint64_t after, unsigned max)
{
        spoolrecords_clear(&got);
        assert_int_equal(spoolstore_waiting(store, after, max, &got), 0);
        return (unsigned) got.n;
}

static unsigned recent(const char *filter, unsigned max)
{
        spoolrecords_clear(&got);
        assert_int_equal(spoolstore_recent(store, filter, max, &got), 0);
        return (unsigned) got.n;
}

static uint64_t seq_of(unsigned i)
{
        const char *text;
        uint64_t seq = 0;
        size_t at = 0;

        for (unsigned k = 0; k <= i; k++)
                assert_true(spoolrecords_next(&got, &at, &seq, &text));
        return seq;
}

static const char *text_of(unsigned i)
{
        const char *text = NULL;
        uint64_t seq;
        size_t at = 0;

        for (unsigned k = 0; k <= i; k++)
                assert_true(spoolrecords_next(&got, &at, &seq, &text));
        return text;
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

static void overwrite(const char *file, off_t at, size_t n)
{
        int fd = open(file, O_WRONLY | O_CLOEXEC);
        char garbage[4096];

        memset(garbage, 0xa5, sizeof(garbage));
        assert_true(fd >= 0);
        for (size_t done = 0; done < n; done += sizeof(garbage))
                assert_true(pwrite(fd, garbage, n - done < sizeof(garbage) ? n - done : sizeof(garbage),
                                   at + (off_t) done) > 0);
        close(fd);
}

static int setup(void **state)
{
        (void) state;
        sync_fails = false;
        strcpy(strrchr(directory, '.') + 1, "XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/spool.db", directory);
        return 0;
}

static int teardown(void **state)
{
        char command[128];

        (void) state;
        spoolrecords_clear(&got);
        store = spoolstore_abandon(store);
        snprintf(command, sizeof(command), "rm -rf %s", directory);
        return system(command);
}

/* ---- what must survive ---- */

static void what_was_committed_is_there(void **state)
{
        char host[HOSTID_SIZE];
        struct stat st;

        (void) state;
        open_store();
        assert_int_equal(next, 1);
        assert_true(spoolstore_state(store)->made);
        assert_int_equal(strlen(spoolstore_state(store)->host_id), 36);
        assert_int_equal(spoolstore_state(store)->host_id[14], '4');
        strcpy(host, spoolstore_state(store)->host_id);
        assert_int_equal(append(3, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_state(store)->waiting, 3);
        /* As after a power cut: nothing is closed. */
        store = spoolstore_abandon(store);
        open_store();
        assert_int_equal(next, 4);
        assert_string_equal(spoolstore_state(store)->host_id, host);
        assert_int_equal(waiting(0, 10), 3);
        assert_int_equal(seq_of(0), 1);
        assert_int_equal(seq_of(2), 3);
        assert_non_null(strstr(text_of(2), "\"eventName\":\"lekdicht.device.refused\""));
        assert_non_null(strstr(text_of(2), "{\"key\":\"event.sequence\",\"value\":{\"intValue\":\"3\"}}"));
        assert_int_equal(waiting(1, 10), 2);
        assert_int_equal(waiting(0, 2), 2);
        assert_int_equal(waiting(UINT64_MAX, 10), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void others_cannot_read_the_files(void **state)
{
        char file[96];
        struct stat st;

        (void) state;
        umask(0);
        open_store();
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        snprintf(file, sizeof(file), "%s-wal", path);
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        snprintf(file, sizeof(file), "%s.seq", path);
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        umask(022);
}

static void a_transaction_is_whole_or_nothing(void **state)
{
        static struct event event;

        (void) state;
        open_store();
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_begin(store), 0);
        make_event(&event, 2, EVENT_DEVICE_REFUSED);
        assert_int_equal(spoolstore_add(store, &event), 0);
        event.seq = 0; /* cannot be written */
        assert_true(spoolstore_add(store, &event) < 0);
        assert_int_equal(spoolstore_commit(store, -EINVAL, NOW), -EINVAL);
        assert_int_equal(waiting(0, 10), 1);
        assert_int_equal(spoolstore_state(store)->next_seq, 2);
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 10), 2);
}

static void the_end_of_a_run_is_known_to_the_next(void **state)
{
        (void) state;
        open_store();
        assert_true(spoolstore_state(store)->clean);
        assert_int_equal(append(1, EVENT_AGENT_STARTED), 0);
        close_store();
        open_store();
        assert_true(spoolstore_state(store)->clean);
        assert_int_equal(append(1, EVENT_AGENT_STARTED), 0);
        store = spoolstore_abandon(store); /* killed */
        open_store();
        assert_false(spoolstore_state(store)->clean);
        assert_int_equal(append(1, EVENT_AGENT_STARTED), 0);
        assert_int_equal(waiting(0, 10), 3);
        assert_non_null(strstr(text_of(1), "{\"key\":\"lekdicht.agent.clean\",\"value\":{\"boolValue\":true}}"));
        assert_non_null(strstr(text_of(2), "{\"key\":\"lekdicht.agent.clean\",\"value\":{\"boolValue\":false}}"));
        close_store();
        assert_int_equal(files("spool.db-wal"), 0);
}

static void recorded_means_synced(void **state)
{
        unsigned before;

        (void) state;
        open_store();
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        for (unsigned i = 0; i < 5; i++) {
                before = n_syncs;
                assert_int_equal(append(20, EVENT_DEVICE_REFUSED), 0);
                assert_int_equal(n_syncs, before + 1);
        }
        assert_int_equal(waiting(0, 200), 101);
        before = n_syncs;
        assert_int_equal(spoolstore_acknowledge(store, 50, NOW), 0);
        assert_int_equal(n_syncs, before + 1);
        assert_int_equal(waiting(0, 1), 1);
        before = n_syncs;
        assert_int_equal(spoolstore_set_aside(store, 60, SPOOLSTORE_TOO_LARGE, NOW), 1);
        assert_int_equal(n_syncs, before + 1);
}

static void a_disk_that_cannot_sync_has_not_recorded(void **state)
{
        uint64_t before;

        (void) state;
        open_store();
        assert_int_equal(append(3, EVENT_DEVICE_REFUSED), 0);
        before = next;
        sync_fails = true;
        assert_int_equal(append(3, EVENT_DEVICE_REFUSED), -EIO);
        sync_fails = false;
        assert_int_equal(next, before);
        /* Read anew, it may be there after all; and added again it is there once. */
        store = spoolstore_abandon(store);
        assert_int_equal(spoolstore_open(path, NULL, 0, false, NOW, &store), 0);
        assert_int_equal(append(3, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 100), 6);
        assert_int_equal(spoolstore_state(store)->waiting, 6);
        assert_int_equal(seq_of(5), 6);
}

/* ---- what must never come twice ---- */

static void a_seq_is_never_used_again(void **state)
{
        (void) state;
        open_store();
        assert_int_equal(append(5, EVENT_DEVICE_REFUSED), 0);
        close_store();
        open_store();
        assert_int_equal(next, 6);
        /* All of them go. */
        assert_int_equal(spoolstore_acknowledge(store, 5, NOW), 0);
        assert_int_equal(spoolstore_make_room(store), 5);
        assert_int_equal(recent("", 10), 0);
        close_store();
        open_store();
        assert_int_equal(next, 6);
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        close_store();
        /* The database goes. */
        assert_int_equal(unlink(path), 0);
        open_store();
        assert_true(spoolstore_state(store)->made);
        assert_true(next > 6);
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 10), 1);
        assert_true(seq_of(0) > 6);
}

static void the_mark_stays_ahead(void **state)
{
        uint64_t before;

        (void) state;
        open_store();
        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(append(SPOOLSTORE_MARK_STEP / 2 + 7, EVENT_DEVICE_REFUSED), 0);
        before = next;
        store = spoolstore_abandon(store);
        assert_int_equal(unlink(path), 0);
        open_store();
        assert_true(next >= before);
}

static void a_second_attempt_is_no_second_record(void **state)
{
        static struct event event;

        (void) state;
        open_store();
        make_event(&event, 1, EVENT_DEVICE_REFUSED);
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(spoolstore_begin(store), 0);
                assert_int_equal(spoolstore_add(store, &event), 0);
                assert_int_equal(spoolstore_commit(store, 0, NOW), 0);
                /* The commit was said to have failed, but had arrived. */
                store = spoolstore_abandon(store);
                open_store();
        }
        assert_int_equal(waiting(0, 10), 1);
        assert_non_null(strstr(text_of(0), event.uid));
        assert_int_equal(spoolstore_state(store)->waiting, 1);
        assert_int_equal(next, 2);
}

/* ---- acknowledged and set aside ---- */

static void what_arrived_is_not_handed_out_again(void **state)
{
        (void) state;
        open_store();
        assert_int_equal(append(6, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_acknowledge(store, 2, NOW), 0);
        assert_int_equal(spoolstore_state(store)->waiting, 4);
        assert_int_equal(waiting(0, 10), 4);
        assert_int_equal(seq_of(0), 3);
        assert_int_equal(spoolstore_set_aside(store, 4, SPOOLSTORE_REJECTED, NOW), 1);
        assert_int_equal(spoolstore_set_aside(store, 4, SPOOLSTORE_REJECTED, NOW), 0);
        assert_int_equal(spoolstore_set_aside(store, 2, SPOOLSTORE_REJECTED, NOW), -ENOENT);
        assert_int_equal(spoolstore_set_aside(store, 99, SPOOLSTORE_REJECTED, NOW), -ENOENT);
        assert_int_equal(waiting(0, 10), 3);
        assert_int_equal(seq_of(0), 3);
        assert_int_equal(seq_of(1), 5);
        store = spoolstore_abandon(store);
        open_store();
        assert_int_equal(waiting(0, 10), 3);
        assert_int_equal(spoolstore_state(store)->waiting, 3);
        assert_int_equal(spoolstore_state(store)->aside, 1);
        assert_int_equal(spoolstore_state(store)->acknowledged, 2);
        assert_int_equal(spoolstore_acknowledge(store, 6, NOW), 0);
        assert_int_equal(spoolstore_acknowledge(store, 6, NOW), 0);
        assert_int_equal(waiting(0, 10), 0);
        assert_int_equal(spoolstore_state(store)->waiting, 0);
        assert_int_equal(spoolstore_state(store)->aside, 1);
        /* All are kept to be read. */
        assert_int_equal(recent("", 10), 6);
        assert_int_equal(seq_of(0), 1);
        assert_int_equal(seq_of(5), 6);
}

static void it_is_kept_for_a_month(void **state)
{
        static struct event event;

        (void) state;
        open_store();
        assert_int_equal(append(2, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_acknowledge(store, 1, NOW), 0);
        for (unsigned day = 29; day <= 33; day += 2) {
                assert_int_equal(spoolstore_begin(store), 0);
                make_event(&event, next++, EVENT_DEVICE_REFUSED);
                assert_int_equal(spoolstore_add(store, &event), 0);
                assert_int_equal(spoolstore_commit(store, 0, NOW + day * DAY), 0);
                assert_int_equal(recent("", 1), 1);
                if (day < SPOOLSTORE_KEPT_DAYS)
                        assert_int_equal(recent("", 10), 3);
        }
        /* The acknowledged one is gone; what waits is never too old. */
        assert_int_equal(recent("", 10), 4);
        assert_int_equal(seq_of(0), 2);
        assert_int_equal(waiting(0, 10), 4);
}

/* Also when the clock was years ahead as it arrived, and went back. */
static void a_clock_that_was_ahead_keeps_nothing_longer(void **state)
{
        static const uint64_t times[] = { NOW + 2 * (uint64_t) DAY, NOW + 31 * (uint64_t) DAY,
                                          NOW + 33 * (uint64_t) DAY };
        static struct event event;

        (void) state;
        open_store();
        assert_int_equal(append(2, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_acknowledge(store, 1, 2 * (uint64_t) NOW), 0);
        for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(spoolstore_begin(store), 0);
                make_event(&event, next++, EVENT_DEVICE_REFUSED);
                assert_int_equal(spoolstore_add(store, &event), 0);
                assert_int_equal(spoolstore_commit(store, 0, times[i]), 0);
                assert_int_equal(recent("", 10), i < 2 ? 3 + i : 4);
        }
        assert_int_equal(seq_of(0), 2);
}

static void recent_ones_by_name(void **state)
{
        (void) state;
        open_store();
        assert_int_equal(append(2, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(append(1, EVENT_GATE_OPENED), 0);
        assert_int_equal(append(2, EVENT_DEVICE_OPENED), 0);
        assert_int_equal(recent("lekdicht.device", 10), 4);
        assert_int_equal(seq_of(0), 1);
        assert_int_equal(seq_of(3), 5);
        assert_int_equal(recent("lekdicht.device", 3), 3);
        assert_int_equal(seq_of(0), 2);
        assert_int_equal(recent("lekdicht.gate.opened", 3), 1);
        assert_int_equal(recent("lekdicht.%", 3), 0);
        assert_int_equal(recent("device", 3), 0);
}

static void one_answer_is_bounded(void **state)
{
        (void) state;
        open_store();
        for (unsigned i = 0; i < 30; i++)
                assert_int_equal(append(100, EVENT_DEVICE_REFUSED), 0);
        assert_true(waiting(0, 5000) < 3000);
        assert_true(got.size <= SPOOLRECORDS_BYTES_MAX);
        assert_int_equal(seq_of(0), 1);
        recent("", 5000);
        assert_true(got.size <= SPOOLRECORDS_BYTES_MAX);
        assert_int_equal(seq_of((unsigned) got.n - 1), 3000);
}

/* ---- disks that are full, or lie ---- */

static void a_damaged_database_is_set_aside(void **state)
{
        char host[HOSTID_SIZE];
        uint64_t before;

        (void) state;
        open_store();
        strcpy(host, spoolstore_state(store)->host_id);
        assert_int_equal(append(5, EVENT_DEVICE_REFUSED), 0);
        before = next;
        close_store();
        overwrite(path, 0, 4096);
        open_store();
        assert_true(spoolstore_state(store)->replaced);
        assert_true(next >= before);
        assert_int_equal(files("spool.db.damaged-*"), 1);
        assert_string_not_equal(spoolstore_state(store)->host_id, host);
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 10), 1);
        close_store();
        open_store();
        assert_false(spoolstore_state(store)->replaced);
        assert_int_equal(waiting(0, 10), 1);
}

static void damage_that_shows_later_is_set_aside_then(void **state)
{
        struct spoolrecords records;
        struct stat st;
        uint64_t before;
        int r;

        (void) state;
        open_store();
        assert_int_equal(append(500, EVENT_DEVICE_REFUSED), 0);
        before = next;
        close_store();
        assert_int_equal(stat(path, &st), 0);
        overwrite(path, 10 * 4096, (size_t) (st.st_size - 11 * 4096));
        r = spoolstore_open(path, NULL, 0, false, NOW, &store);
        assert_int_equal(r, 0);
        if (!spoolstore_state(store)->replaced) {
                assert_int_equal(spoolstore_waiting(store, 0, 1000, &records), -EUCLEAN);
                store = spoolstore_abandon(store);
                open_with(0, true);
        }
        assert_true(spoolstore_state(store)->replaced);
        assert_int_equal(files("spool.db.damaged-*"), 1);
        assert_true(spoolstore_state(store)->next_seq >= before);
        next = spoolstore_state(store)->next_seq;
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
}

static void no_database_at_all_is_no_trouble(void **state)
{
        char other[96];
        int fd;

        (void) state;
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        close(fd);
        open_store(); /* an empty file is an empty database */
        assert_int_equal(next, 1);
        close_store();
        overwrite(path, 0, 10);
        open_store();
        assert_int_equal(files("spool.db.damaged-*"), 1);
        close_store();
        unlink(path);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_true(spoolstore_open(path, NULL, 0, false, NOW, &store) < 0);
        assert_int_equal(rmdir(path), 0);
        snprintf(other, sizeof(other), "%s/nowhere/spool.db", directory);
        assert_int_equal(spoolstore_open(other, NULL, 0, false, NOW, &store), -ENOENT);
        /* A link may lead anywhere. */
        assert_int_equal(symlink("/tmp/lekdicht-elsewhere.db", path), 0);
        assert_int_equal(spoolstore_open(path, NULL, 0, false, NOW, &store), -ELOOP);
        assert_int_equal(access("/tmp/lekdicht-elsewhere.db", F_OK), -1);
}

static void it_has_a_bound_and_makes_room(void **state)
{
        uint64_t held;
        int r = 0;

        (void) state;
        open_with(40, false);
        while (r == 0)
                r = append(10, EVENT_DEVICE_REFUSED);
        assert_int_equal(r, -ENOSPC);
        held = next - 1;
        assert_true(held >= 20);
        assert_int_equal(waiting(0, 1000), held);
        /* As long as the collector has some, nothing else is given up. */
        assert_int_equal(spoolstore_acknowledge(store, held / 2, NOW), 0);
        assert_true(spoolstore_make_room(store) > 0);
        assert_int_equal(append(10, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 1000), held - held / 2 + 10);
        assert_int_equal(seq_of(0), held / 2 + 1);
}

static void the_bound_may_change(void **state)
{
        unsigned held;

        (void) state;
        open_with(40, false);
        while (append(10, EVENT_DEVICE_REFUSED) == 0)
                ;
        held = waiting(0, 1000);
        assert_int_equal(spoolstore_limit(store, 80), 0);
        assert_int_equal(append(10, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 1000), held + 10);
        /* Below what is there: no larger than it is. */
        assert_int_equal(spoolstore_limit(store, 20), 0);
        assert_int_equal(waiting(0, 1000), held + 10);
        while (append(10, EVENT_DEVICE_REFUSED) == 0)
                ;
        assert_true(spoolstore_make_room(store) > 0);
        assert_int_equal(append(10, EVENT_DEVICE_REFUSED), 0);
}

static unsigned count_of(const char *name)
{
        spoolrecords_clear(&got);
        assert_int_equal(spoolstore_recent(store, name, 100000, &got), 0);
        return (unsigned) got.n;
}

static void the_least_severe_go_first_and_refusals_last(void **state)
{
        /* In the order in which they go; refusals and drift are of one rank, and the reports stay. */
        static const enum event_name names[] = { EVENT_AGENT_STARTED,  EVENT_CLIENT_RUNNING, EVENT_DEVICE_FAILED,
                                                 EVENT_DEVICE_REFUSED, EVENT_GATE_DRIFT,     EVENT_SPOOL_DROPPED };
        unsigned before[6], now[6], n = 0;
        int r = 0;

        (void) state;
        open_with(100, false);
        while (r == 0)
                for (unsigned i = 6; r == 0 && i-- > 0;)
                        r = append(10, names[i]);
        assert_int_equal(r, -ENOSPC);
        for (unsigned i = 0; i < 6; i++)
                before[i] = count_of(event_name_string(names[i]));
        while ((r = spoolstore_make_room(store)) > 0) {
                assert_true((unsigned) r <= SPOOLROOM_PIECE);
                for (unsigned i = 0; i < 6; i++) {
                        now[i] = count_of(event_name_string(names[i]));
                        for (unsigned k = 0; k < i && k < 3; k++)
                                assert_true(now[i] == before[i] || now[k] == 0);
                }
                n += (unsigned) r;
        }
        assert_int_equal(r, 0);
        assert_int_equal(count_of(""), before[5]);
        assert_int_equal(now[5], before[5]);
        assert_int_equal(spoolstore_state(store)->waiting, before[5]);
        assert_int_equal(n, before[0] + before[1] + before[2] + before[3] + before[4]);
}

/* Of what is given up the oldest. */
static void the_oldest_go_first(void **state)
{
        (void) state;
        open_with(100, false);
        while (append(10, EVENT_AGENT_STARTED) == 0)
                ;
        assert_true(next > 2 * SPOOLROOM_PIECE);
        assert_int_equal(spoolstore_make_room(store), SPOOLROOM_PIECE);
        assert_true(waiting(0, 10) > 0);
        assert_int_equal(seq_of(0), SPOOLROOM_PIECE + 1);
        assert_int_equal(append(10, EVENT_AGENT_STARTED), 0);
}

static void report(const struct spoolroom_lost *lost)
{
        static struct event event;

        make_event(&event, next++, EVENT_SPOOL_DROPPED);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_COUNT, (int64_t) lost->count), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_FIRST, (int64_t) lost->first), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_LAST, (int64_t) lost->last), 0);
        assert_int_equal(
                spoolstore_commit(store, spoolstore_begin(store) < 0 ? -EIO : spoolstore_add(store, &event), NOW), 0);
}

static void a_loss_is_remembered_until_it_is_reported(void **state)
{
        struct spoolroom_lost lost, second;

        (void) state;
        open_with(100, false);
        while (append(10, EVENT_AGENT_STARTED) == 0)
                ;
        assert_int_equal(spoolstore_lost(store, 0, &lost), 0);
        assert_int_equal(spoolstore_make_room(store), SPOOLROOM_PIECE);
        assert_int_equal(spoolstore_make_room(store), SPOOLROOM_PIECE);
        /* Killed before anybody was told. */
        store = spoolstore_abandon(store);
        open_with(100, false);
        assert_int_equal(spoolstore_lost(store, 0, &lost), 1);
        assert_int_equal(lost.count, 2 * SPOOLROOM_PIECE);
        assert_int_equal(lost.first, 1);
        assert_int_equal(lost.last, 2 * SPOOLROOM_PIECE);
        /* Told, and more is lost before the report is written: that is another loss. */
        assert_int_equal(spoolstore_lost(store, lost.id, &second), 0);
        assert_true(spoolstore_make_room(store) > 0);
        report(&lost);
        store = spoolstore_abandon(store);
        open_with(100, false);
        assert_int_equal(spoolstore_lost(store, 0, &second), 1);
        assert_int_equal(second.first, lost.last + 1);
        report(&second);
        assert_int_equal(spoolstore_lost(store, 0, &lost), 0);
}

/* Marking takes room, too; and what has arrived must never keep new ones out. */
static void a_full_store_takes_acknowledgements(void **state)
{
        (void) state;
        for (unsigned pages = 20; pages < 60; pages++) {
                uint64_t held;

                unlink(path);
                open_with(pages, false);
                held = next;
                while (append(1, EVENT_DEVICE_REFUSED) == 0)
                        ;
                assert_true(next > held);
                held = next - 1;
                assert_int_equal(spoolstore_acknowledge(store, held, NOW), 0);
                assert_int_equal(waiting(0, 1000), 0);
                assert_int_equal(spoolstore_state(store)->waiting, 0);
                if (append(1, EVENT_DEVICE_REFUSED) < 0) {
                        assert_true(spoolstore_make_room(store) > 0);
                        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
                }
                assert_int_equal(waiting(0, 1000), 1);
                assert_int_equal(seq_of(0), held + 1);
                close_store();
        }
}

static void a_full_disk_is_said_so_and_survived(void **state)
{
        char fill[96], block[4096] = { 0 };
        uint64_t before;
        int fd, r = 0;

        (void) state;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", directory, "tmpfs", 0, "size=256k") < 0)
                skip();
        open_store();
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        snprintf(fill, sizeof(fill), "%s/fill", directory);
        fd = open(fill, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        while (write(fd, block, sizeof(block)) > 0)
                ;
        while (r == 0)
                r = append(10, EVENT_DEVICE_REFUSED);
        assert_int_equal(r, -ENOSPC);
        before = next;
        /* What is there can be read, and is not lost. */
        assert_int_equal(waiting(0, 1000), before - 1);
        assert_int_equal(append(10, EVENT_DEVICE_REFUSED), -ENOSPC);
        /* It is others who have filled it: giving up what is here would not help. */
        assert_int_equal(spoolstore_make_room(store), 0);
        assert_int_equal(unlink(fill), 0);
        close(fd);
        assert_int_equal(append(10, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(waiting(0, 1000), before - 1 + 10);
        close_store();
        open_store();
        assert_int_equal(waiting(0, 1000), before - 1 + 10);
        close_store();
        umount(directory);
}

static void two_at_a_time_are_one_too_many(void **state)
{
        struct spoolstore *other;

        (void) state;
        open_store();
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_open(path, NULL, 0, false, NOW, &other), -EBUSY);
}

static void a_report_that_is_set_aside_is_not_reported(void **state)
{
        (void) state;
        open_store();
        assert_int_equal(append(1, EVENT_SPOOL_DROPPED), 0);
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        assert_int_equal(spoolstore_set_aside(store, 1, SPOOLSTORE_REJECTED, NOW), 0);
        assert_int_equal(spoolstore_set_aside(store, 2, SPOOLSTORE_REJECTED, NOW), 1);
        assert_int_equal(spoolstore_state(store)->aside, 2);
}

/* ---- whose it is ---- */

#define MACHINE "0123456789abcdef0123456789abcdef\n"
#define ANOTHER "0123456789abcdef0123456789abcde0\n"

static char host[HOSTID_SIZE];

/* As the machine with that id; its number is in host then. */
static void open_on(const char *id)
{
        char machine[96];
        FILE *file;

        snprintf(machine, sizeof(machine), "%s/machine-id", directory);
        file = fopen(machine, "w");
        assert_non_null(file);
        fputs(id, file);
        fclose(file);
        assert_int_equal(spoolstore_open(path, machine, 0, false, NOW, &store), 0);
        next = spoolstore_state(store)->next_seq;
        strcpy(host, spoolstore_state(store)->host_id);
}

static void a_copied_disk_is_another_laptop(void **state)
{
        char first[HOSTID_SIZE];

        (void) state;
        open_on(MACHINE);
        strcpy(first, host);
        assert_int_equal(append(3, EVENT_DEVICE_REFUSED), 0);
        close_store();
        open_on(MACHINE);
        assert_string_equal(host, first);
        assert_false(spoolstore_state(store)->cloned);
        assert_int_equal(next, 4);
        close_store();

        open_on(ANOTHER);
        assert_string_not_equal(host, first);
        assert_true(spoolstore_state(store)->cloned);
        assert_false(spoolstore_state(store)->replaced);
        assert_int_equal(next, 1);
        assert_int_equal(waiting(0, 10), 0);
        assert_int_equal(files("spool.db.cloned-*"), 3); /* the database, the mark and the number */
        assert_int_equal(append(1, EVENT_DEVICE_REFUSED), 0);
        close_store();
        open_on(ANOTHER); /* once */
        assert_false(spoolstore_state(store)->cloned);
        assert_int_equal(next, 2);
}

static void a_machine_without_an_id_is_bound_when_it_has_one(void **state)
{
        static const char *const none[] = { "", "uninitialized\n", "0123456789ABCDEF0123456789ABCDEF\n" };
        char first[HOSTID_SIZE] = "";

        (void) state;
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
                open_on(none[i]);
                assert_true(first[0] == '\0' || strcmp(first, host) == 0);
                strcpy(first, host);
                assert_int_equal(files("spool.db.host"), 0);
                close_store();
        }
        open_on(MACHINE);
        assert_string_equal(host, first);
        assert_int_equal(files("spool.db.host"), 1);
        close_store();
        open_on(""); /* it will have it again */
        assert_string_equal(host, first);
        close_store();
        open_on(ANOTHER);
        assert_string_not_equal(host, first);
}

static void a_laptop_outlives_its_spool(void **state)
{
        char first[HOSTID_SIZE], name[96], text[512];
        FILE *file;

        (void) state;
        open_on(MACHINE);
        strcpy(first, host);
        assert_int_equal(append(3, EVENT_DEVICE_REFUSED), 0);
        close_store();
        assert_int_equal(unlink(path), 0);
        open_on(MACHINE);
        assert_string_equal(host, first);
        assert_true(next > 3);
        close_store();

        /* The number's file damaged, or gone: the database has it too. The machine's id is in neither. */
        snprintf(name, sizeof(name), "%s.host", path);
        for (int i = 0; i < 2; i++) {
                file = fopen(name, "r");
                assert_non_null(file);
                assert_non_null(fgets(text, sizeof(text), file));
                fclose(file);
                assert_null(strstr(text, "0123456789abcdef"));
                if (i == 0)
                        assert_int_equal(truncate(name, 50), 0);
                else
                        assert_int_equal(unlink(name), 0);
                open_on(MACHINE);
                assert_string_equal(host, first);
                assert_false(spoolstore_state(store)->cloned);
                close_store();
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(what_was_committed_is_there),
                TEST(others_cannot_read_the_files),
                TEST(a_transaction_is_whole_or_nothing),
                TEST(the_end_of_a_run_is_known_to_the_next),
                TEST(recorded_means_synced),
                TEST(a_disk_that_cannot_sync_has_not_recorded),
                TEST(a_seq_is_never_used_again),
                TEST(the_mark_stays_ahead),
                TEST(a_second_attempt_is_no_second_record),
                TEST(what_arrived_is_not_handed_out_again),
                TEST(it_is_kept_for_a_month),
                TEST(a_clock_that_was_ahead_keeps_nothing_longer),
                TEST(recent_ones_by_name),
                TEST(one_answer_is_bounded),
                TEST(a_damaged_database_is_set_aside),
                TEST(damage_that_shows_later_is_set_aside_then),
                TEST(no_database_at_all_is_no_trouble),
                TEST(it_has_a_bound_and_makes_room),
                TEST(the_bound_may_change),
                TEST(the_least_severe_go_first_and_refusals_last),
                TEST(the_oldest_go_first),
                TEST(a_loss_is_remembered_until_it_is_reported),
                TEST(a_full_store_takes_acknowledgements),
                TEST(a_full_disk_is_said_so_and_survived),
                TEST(two_at_a_time_are_one_too_many),
                TEST(a_report_that_is_set_aside_is_not_reported),
                TEST(a_copied_disk_is_another_laptop),
                TEST(a_machine_without_an_id_is_bound_when_it_has_one),
                TEST(a_laptop_outlives_its_spool),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
