/* links: agent/spool.c agent/spoolwork.c agent/spoolpack.c agent/hostid.c agent/spoolstore.c agent/spooldb.c agent/spoolmark.c agent/spoolmeta.c agent/spoolowner.c agent/spoolrecords.c agent/spoolroom.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: sqlite3 libsodium libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A month without a collector in a few seconds: the whole spool, thread and disk, with a bound of 2 MiB and far more events
 * than fit, a restart each day, and a clock that goes to 1970 and to 2099 in between. Then the collector is back and has it
 * all: every number came or was reported as dropped, none twice, and of the refusals none is missing. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/spool.h"
#include "common/clock.h"

#define BOOT      "0123456789abcdef0123456789abcdef"
#define DAYS      30U
#define A_DAY     600U       /* events */
#define REFUSED   60U        /* of these one in so many is a refusal */
#define PAGES     512U       /* of 4096 bytes */
#define LOG_MAX   (2U << 20) /* bytes of SQLite's log beside the database */
#define KEPT      (DAYS * A_DAY * 2)
#define TODAY     1800000000 /* 2027 */
#define DEAD      3600       /* 1970: what a clock without a battery says */
#define FAR       4070908800 /* 2099 */
#define WAIT_USEC 20000000ULL

static char directory[] = "/tmp/lekdicht-month.XXXXXX", path[64];
static sd_event *loop;
static struct spool *spool;
static uint64_t recorded;
static time_t wall;

/* What the time of day is, also to the spool's thread. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
        if (clock != CLOCK_REALTIME)
                return (int) syscall(SYS_clock_gettime, clock, ret);
        *ret = (struct timespec){ .tv_sec = __atomic_load_n(&wall, __ATOMIC_RELAXED) };
        return 0;
}

static void set_day(unsigned day)
{
        time_t now = TODAY + (time_t) day * 86400;

        if (day >= 10 && day < 13)
                now = DEAD;
        if (day >= 20 && day < 22)
                now = FAR;
        __atomic_store_n(&wall, now, __ATOMIC_RELAXED);
}

/* ---- the laptop ---- */

static char uids[KEPT][ULID_LENGTH + 1]; /* of the event with that seq */
static bool refused[KEPT];
static unsigned n_reports;

static uint64_t put(struct event *event)
{
        uint64_t ticket = spool_add(spool, event);

        assert_true(ticket > 0 && event->seq > 0 && event->seq < KEPT);
        assert_string_equal(uids[event->seq], ""); /* no number twice */
        strcpy(uids[event->seq], event->uid);
        refused[event->seq] = event->name == EVENT_DEVICE_REFUSED;
        return ticket;
}

static uint64_t add(enum event_name name)
{
        static struct event event;

        assert_int_equal(event_init(&event, name, (uint64_t) wall * 1000000000, BOOT), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_REASON, "a reason of the usual length, more or less"), 0);
        return put(&event);
}

static void on_recorded(void *userdata, uint64_t ticket)
{
        (void) userdata;
        recorded = ticket;
}

static void on_dropped(void *userdata, uint64_t count, uint64_t first, uint64_t last)
{
        static struct event event;

        (void) userdata;
        assert_int_equal(event_init(&event, EVENT_SPOOL_DROPPED, (uint64_t) wall * 1000000000, BOOT), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_COUNT, (int64_t) count), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_FIRST, (int64_t) first), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_DROPPED_LAST, (int64_t) last), 0);
        put(&event);
        n_reports++;
}

static void on_health(void *userdata, int error)
{
        (void) userdata;
        assert_int_equal(error, 0);
}

static const struct spool_ops ops = { .recorded = on_recorded, .dropped = on_dropped, .health = on_health };

#define UNTIL(expression)                                                                                              \
        do {                                                                                                           \
                uint64_t end_ = clock_usec(CLOCK_MONOTONIC) + WAIT_USEC;                                               \
                while (!(expression) && clock_usec(CLOCK_MONOTONIC) < end_)                                            \
                        sd_event_run(loop, 10000);                                                                     \
                assert_true(expression);                                                                               \
        } while (0)

static bool is_open(void)
{
        struct spool_status status;

        spool_status(spool, &status);
        return status.health == SPOOL_OK;
}

static void start(void)
{
        recorded = 0;
        assert_int_equal(spool_new(loop, path, NULL, PAGES, &ops, &spool), 0);
        UNTIL(is_open());
}

static void check_size(void)
{
        char log[80];
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size <= (PAGES + PAGES / 32 + 16) * 4096);
        snprintf(log, sizeof(log), "%s-wal", path);
        assert_true(stat(log, &st) < 0 || st.st_size <= LOG_MAX);
}

static void live_a_day(unsigned day)
{
        static const enum event_name usual[] = { EVENT_DEVICE_INVENTORY, EVENT_CLIENT_RUNNING, EVENT_DEVICE_REMOVED };
        uint64_t ticket = 0;

        set_day(day);
        start();
        for (unsigned i = 0; i < A_DAY; i++) {
                ticket = add(i % REFUSED == 0 ? EVENT_DEVICE_REFUSED : usual[i % 3]);
                if (i % 100 == 0)
                        UNTIL(recorded >= ticket);
        }
        UNTIL(recorded >= ticket);
        check_size();
        spool = spool_free(spool);
}

/* ---- the collector ---- */

static bool came[KEPT], told[KEPT];
static uint64_t n_came, n_told, last_seq;
static unsigned got;

static uint64_t number_in(const char *text, const char *key)
{
        const char *at = strstr(text, key);

        at = at ? strpbrk(at + strlen(key), "0123456789") : NULL;
        assert_non_null(at);
        return strtoull(at, NULL, 10);
}

static void take(uint64_t seq, const char *text)
{
        assert_true(seq < KEPT && !came[seq]);
        assert_non_null(strstr(text, uids[seq]));
        came[seq] = true;
        n_came++;
        last_seq = seq;
        if (!strstr(text, "lekdicht.spool.dropped"))
                return;
        n_told += number_in(text, "lekdicht.dropped.count");
        for (uint64_t i = number_in(text, "dropped.first"); i <= number_in(text, "dropped.last"); i++)
                told[i] = true;
}

static void on_events(void *userdata, const struct spool_answer *answer)
{
        const char *text;
        uint64_t seq;
        size_t at = 0;

        assert_int_equal(answer->error, 0);
        got = 0;
        while (spoolrecords_next(&answer->records, &at, &seq, &text)) {
                take(seq, text);
                got++;
        }
        *(bool *) userdata = true;
}

static void on_done(void *userdata, const struct spool_answer *answer)
{
        assert_int_equal(answer->error, 0);
        *(bool *) userdata = true;
}

static void collect(void)
{
        do {
                bool answered = false, done = false;

                assert_int_equal(spool_events(spool, 0, 500, on_events, &answered), 0);
                UNTIL(answered);
                if (got == 0)
                        break;
                assert_int_equal(spool_acknowledge(spool, last_seq, on_done, &done), 0);
                UNTIL(done);
        } while (true);
}

static uint64_t highest(void)
{
        uint64_t seq = 0;

        for (uint64_t i = 1; i < KEPT; i++)
                if (uids[i][0] != '\0')
                        seq = i;
        return seq;
}

static void a_month_without_a_collector(void **state)
{
        (void) state;
        for (unsigned day = 0; day < DAYS; day++)
                live_a_day(day);
        set_day(DAYS);
        start();
        for (unsigned tries = 0; tries < 100 && n_came + n_told < highest(); tries++) {
                collect();
                sd_event_run(loop, 10000);
        }
        for (uint64_t seq = 1; seq <= highest(); seq++) {
                assert_true(came[seq] || told[seq]);
                assert_true(came[seq] || !refused[seq]);
        }
        /* Exactly: no number is counted twice, none not at all. */
        assert_int_equal(n_came + n_told, highest());
        assert_true(n_told > DAYS * A_DAY / 4 && n_came > DAYS * A_DAY / REFUSED);
        print_message("# %" PRIu64 " events, %" PRIu64 " came, %" PRIu64 " were dropped in %u reports\n", highest(),
                      n_came, n_told, n_reports);
}

static int setup(void **state)
{
        (void) state;
        if (!mkdtemp(directory))
                return -1;
        snprintf(path, sizeof(path), "%s/spool.db", directory);
        return sd_event_new(&loop) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        char command[80];

        (void) state;
        spool = spool_free(spool);
        loop = sd_event_unref(loop);
        snprintf(command, sizeof(command), "rm -r %s", directory);
        return system(command);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_month_without_a_collector, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
