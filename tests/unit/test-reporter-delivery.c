/* links: reporter/delivery.c reporter/answer.c reporter/backoff.c reporter/batch.c reporter/retry.c common/text.c common/utf8.c libs: jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The reporter's decisions, with agent, collector, time and chance played here. The played collector keeps what it took,
 * so that each test can say: everything arrived, nothing was acknowledged that had not. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#include "reporter/delivery.h"

#define SECOND      UINT64_C(1000000)
#define RECORDS_MAX 1000U
#define POSTS_MAX   3000U
#define WAITS_MAX   3000U
#define SAID_MAX    65536U

/* What the collector does with one request; index counts the requests from 0, seqs holds n records. */
typedef void collector_fn(unsigned index, const unsigned *seqs, size_t n, struct reply *reply);

static struct world {
        unsigned records;   /* the agent has 1 to this */
        unsigned acked;     /* and was told that these arrived */
        unsigned recorded;  /* more, which it records while we are idle */
        unsigned oversized; /* this one is no record at all */
        collector_fn *collector;
        int fetch_error, acknowledge_error, set_aside_error; /* given once each, then reset */
        unsigned n_aside, aside[RECORDS_MAX];                /* what it was told will never arrive */
        enum batch_fault faults[RECORDS_MAX];
        unsigned fetch_errors; /* so many times */
        unsigned fetches, acknowledged, rests;

        bool taken[RECORDS_MAX + 1];
        unsigned times[RECORDS_MAX + 1]; /* that it was in a request which was taken */
        unsigned n_posts;
        size_t posts[POSTS_MAX]; /* how many records each had */
        unsigned n_waits;
        struct {
                uint64_t usec;
                bool wake;
        } waits[WAITS_MAX];
        uint64_t clock; /* microseconds that were slept */
        uint64_t draw;  /* what chance gives */
        char said[SAID_MAX];
} world;

static struct delivery delivery;

static int play_fetch(void *userdata, struct batch *batch)
{
        (void) userdata;
        world.fetches++;
        assert_int_equal(batch->n, 0);
        if (world.fetch_errors > 0) {
                world.fetch_errors--;
                return world.fetch_error;
        }
        assert_int_equal(batch_set_resource(batch, "{}"), 0);
        for (unsigned seq = world.acked + 1; seq <= world.records; seq++) {
                char text[32];

                snprintf(text, sizeof(text), seq == world.oversized ? "broken" : "{\"r\":%u}", seq);
                if (batch_add(batch, seq, text) < 0)
                        break;
        }
        return 0;
}

static int play_acknowledge(void *userdata, uint64_t seq)
{
        (void) userdata;
        if (world.acknowledge_error) {
                int r = world.acknowledge_error;

                world.acknowledge_error = 0;
                return r;
        }
        assert_true(seq > world.acked && seq <= world.records);
        world.acked = (unsigned) seq;
        world.acknowledged++;
        return 0;
}

/* What is set aside is not given out again either; all before it was acknowledged. */
static int play_set_aside(void *userdata, uint64_t seq, enum batch_fault fault)
{
        (void) userdata;
        if (world.set_aside_error) {
                int r = world.set_aside_error;

                world.set_aside_error = 0;
                return r;
        }
        assert_int_equal(seq, world.acked + 1);
        assert_true(seq <= world.records);
        assert_false(world.taken[seq]);
        world.acked = (unsigned) seq;
        world.aside[world.n_aside] = (unsigned) seq;
        world.faults[world.n_aside++] = fault;
        return 0;
}

/* Ends the play when there is nothing to do any more. */
static int play_wait(void *userdata, uint64_t usec, bool wake)
{
        (void) userdata;
        if (world.n_waits == WAITS_MAX)
                return -E2BIG;
        world.waits[world.n_waits].usec = usec;
        world.waits[world.n_waits++].wake = wake;
        if (wake && usec == DELIVERY_IDLE_USEC) {
                if (world.recorded == 0)
                        return -ECANCELED;
                world.records += world.recorded;
                world.recorded = 0;
                return 1;
        }
        world.clock += usec;
        return 0;
}

static void play_post(void *userdata, const char *text, size_t size, struct reply *reply)
{
        unsigned seqs[RECORDS_MAX];
        size_t n = 0;

        (void) userdata;
        assert_int_equal(strlen(text), size);
        for (const char *at = strstr(text, "{\"r\":"); at; at = strstr(at + 1, "{\"r\":"))
                seqs[n++] = (unsigned) atoi(at + 5);
        assert_true(world.n_posts < POSTS_MAX);

        memset(reply, 0, sizeof(*reply));
        reply->status = 200;
        strcpy(reply->content_type, "application/json");
        strcpy(reply->body, "{}");
        if (world.collector)
                world.collector(world.n_posts, seqs, n, reply);
        reply->size = strlen(reply->body);
        world.posts[world.n_posts++] = n;
        if (reply->status == 200 && reply->body[0] == '{') {
                for (size_t i = 0; i < n; i++) {
                        world.taken[seqs[i]] = true;
                        world.times[seqs[i]]++;
                }
        }
}

static void play_rest(void *userdata)
{
        (void) userdata;
        world.rests++;
}

static void play_say(void *userdata, int priority, const char *text)
{
        size_t used = strlen(world.said);

        (void) userdata;
        snprintf(world.said + used, sizeof(world.said) - used, "%d %s\n", priority, text);
}

static int64_t play_wall(void *userdata)
{
        (void) userdata;
        return 1700000000 + (int64_t) (world.clock / SECOND);
}

static uint64_t play_random(void *userdata)
{
        (void) userdata;
        return world.draw;
}

static int begin(void **state)
{
        const struct delivery_parts parts = {
                .fetch = play_fetch,
                .acknowledge = play_acknowledge,
                .set_aside = play_set_aside,
                .wait = play_wait,
                .post = play_post,
                .rest = play_rest,
                .say = play_say,
        };
        const struct clock clock = { .wall = play_wall, .random = play_random };

        (void) state;
        memset(&world, 0, sizeof(world));
        delivery_init(&delivery, &parts, &clock);
        return 0;
}

static int end(void **state)
{
        (void) state;
        delivery_clear(&delivery);
        return 0;
}

/* Until idle with nothing left. */
static void run(void)
{
        int r;

        do
                r = delivery_step(&delivery);
        while (r == 0);
        assert_int_equal(r, -ECANCELED);
}

static void assert_said(const char *text)
{
        if (!strstr(world.said, text))
                fail_msg("\"%s\" was not said, but:\n%s", text, world.said);
}

static unsigned count_said(const char *text)
{
        unsigned n = 0;

        for (const char *at = strstr(world.said, text); at; at = strstr(at + 1, text))
                n++;
        return n;
}

/* All arrived but those; nothing is waiting. */
static void assert_all_taken_but(unsigned seq)
{
        for (unsigned i = 1; i <= world.records; i++) {
                if (world.taken[i] != (i != seq))
                        fail_msg("record %u: taken %d", i, world.taken[i]);
        }
        assert_int_equal(world.acked, world.records);
}

/* ---- when all is well -------------------------------------------------------------------------------------------- */

static void nothing_to_do(void **state)
{
        (void) state;
        run();
        assert_int_equal(world.fetches, 1);
        assert_int_equal(world.n_posts, 0);
        assert_int_equal(world.n_waits, 1);
        assert_true(world.waits[0].wake);
        assert_string_equal(world.said, "");
}

static void everything_arrives_in_full_batches(void **state)
{
        (void) state;
        world.records = 450;
        run();
        assert_all_taken_but(0);
        assert_int_equal(world.n_posts, 3);
        assert_int_equal(world.posts[0], 200);
        assert_int_equal(world.posts[1], 200);
        assert_int_equal(world.posts[2], 50);
        assert_int_equal(world.acknowledged, 3);
        assert_int_equal(world.clock, 0);
        assert_int_equal(world.rests, 1); /* the connection lives through all of it, and no longer */
        assert_string_equal(world.said, "");
}

static void woken_for_something(void **state)
{
        (void) state;
        world.recorded = 3;
        run();
        assert_all_taken_but(0);
        assert_int_equal(world.posts[0], 3);
        assert_int_equal(world.clock, 0);
}

/* Two wake-ups without a record: the second one is not followed at once. */
static int wake_for_nothing(void *userdata, uint64_t usec, bool wake)
{
        int r = play_wait(userdata, usec, wake);

        return r == -ECANCELED && world.n_waits < 20 ? 1 : r;
}

static void woken_for_nothing(void **state)
{
        unsigned calm = 0;

        (void) state;
        delivery.parts.wait = wake_for_nothing;
        run();
        for (unsigned i = 0; i < world.n_waits; i++)
                calm += world.waits[i].usec == DELIVERY_CALM_USEC && !world.waits[i].wake;
        assert_true(world.fetches > 5);
        assert_int_equal(calm, world.fetches - 1);
}

/* ---- the collector is away ---------------------------------------------------------------------------------------- */

static void away_ten_times(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) seqs;
        (void) n;
        if (index >= 10)
                return;
        reply->status = 0;
        reply->body[0] = '\0';
        strcpy(reply->trouble, "Could not connect to server");
}

static void away(void **state)
{
        static const uint64_t ceilings[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512 };

        (void) state;
        world.records = 5;
        world.collector = away_ten_times;
        for (unsigned i = 0; i < 10; i++) { /* by hand, to draw the ceiling each time */
                world.draw = i == 0 ? 0 : ceilings[i - 1] * SECOND;
                assert_int_equal(delivery_step(&delivery), 0);
        }
        world.draw = 512 * SECOND;
        run();
        assert_all_taken_but(0);
        for (unsigned i = 0; i < 10; i++) {
                assert_false(world.waits[i].wake); /* a new record is no reason to try sooner */
                if (i > 0)
                        assert_int_equal(world.waits[i].usec, i == 9 ? 512 * SECOND : ceilings[i] * SECOND);
        }
        assert_int_equal(world.n_posts, 11);
        assert_int_equal(world.fetches, 2); /* the batch is kept meanwhile */
        assert_true(world.rests >= 10);
        assert_string_equal(world.said, "4 records are kept and sent later: Could not connect to server\n"
                                        "6 records are arriving again\n");
}

static void says_503(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) seqs;
        (void) n;
        if (index > 1)
                return;
        reply->status = 503;
        strcpy(reply->retry_after, index == 0 ? "120" : "Tue, 14 Nov 2023 22:20:00 GMT");
}

static void retry_after_and_jitter(void **state)
{
        (void) state;
        world.records = 1;
        world.draw = 700000;
        world.collector = says_503;
        run();
        assert_int_equal(world.waits[0].usec, 120 * SECOND + 700000);
        assert_int_equal(world.waits[1].usec, (400 - 120) * SECOND + 700000); /* the played clock went on */
        assert_all_taken_but(0);
}

static void says_200_in_html(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) seqs;
        (void) n;
        if (index >= 3)
                return;
        strcpy(reply->content_type, "text/html");
        strcpy(reply->body, "<html>Log in to go on</html>");
}

static void a_login_page_takes_nothing(void **state)
{
        (void) state;
        world.records = 3;
        world.draw = 1;
        world.collector = says_200_in_html;
        run();
        assert_int_equal(world.n_posts, 4);
        assert_int_equal(world.acknowledged, 1);
        assert_all_taken_but(0);
        assert_int_equal(count_said("login page"), 1);
}

/* Success in between: the waits begin small again. */
static void every_other(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) seqs;
        (void) n;
        if (index % 2 == 0)
                reply->status = 502;
}

static void success_begins_anew(void **state)
{
        (void) state;
        world.records = 1000;
        world.draw = 3 * SECOND / 2; /* more than the first ceiling, less than the second */
        world.collector = every_other;
        run();
        assert_all_taken_but(0);
        for (unsigned i = 0; i + 1 < world.n_waits; i++)
                assert_int_equal(world.waits[i].usec, SECOND / 2 - 1); /* modulo 1 s and 1 */
        assert_int_equal(count_said("kept"), 5);
        assert_int_equal(count_said("arriving again"), 5);
}

/* ---- a person has to act ------------------------------------------------------------------------------------------ */

static void says_401(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) seqs;
        (void) n;
        if (index < 3)
                reply->status = 401;
}

static void a_wrong_token_keeps_everything(void **state)
{
        (void) state;
        world.records = 7;
        world.collector = says_401;
        run();
        assert_int_equal(world.n_posts, 4);
        for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(world.waits[i].usec, DELIVERY_HOLD_USEC / 2);
                assert_false(world.waits[i].wake);
        }
        assert_all_taken_but(0);
        assert_int_equal(count_said("3 records are kept until the enrolment"), 1);
}

/* ---- too large, refused ------------------------------------------------------------------------------------------- */

static void takes_30(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) index;
        (void) seqs;
        if (n > 30) {
                reply->status = 413;
                strcpy(reply->content_type, "text/html");
        }
}

static void too_large_is_halved(void **state)
{
        (void) state;
        world.records = 400;
        world.collector = takes_30;
        run();
        assert_all_taken_but(0);
        assert_int_equal(world.posts[0], 200);
        assert_int_equal(world.posts[1], 100);
        assert_int_equal(world.posts[2], 50);
        for (unsigned i = 3; i < world.n_posts; i++) /* it has learned */
                assert_int_equal(world.posts[i], 25);
        assert_int_equal(world.n_posts, 3 + 400 / 25);
        assert_int_equal(world.clock, 0);

        world.collector = NULL; /* and after a rest it tries again */
        world.recorded = 200;
        run();
        assert_int_equal(world.posts[world.n_posts - 1], 200);
}

static unsigned poison, poison_too;

static void refuses_poison(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) index;
        for (size_t i = 0; i < n; i++) {
                if (seqs[i] == poison || seqs[i] == poison_too) {
                        reply->status = 400;
                        strcpy(reply->body, "{\"code\":3,\"message\":\"no uid\"}");
                }
        }
}

static void one_bad_record_is_set_aside(void **state)
{
        static const unsigned places[] = { 1, 2, 57, 199, 200, 201, 300 };

        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                char said[128];

                (void) end(state);
                (void) begin(state);
                world.records = 300;
                world.collector = refuses_poison;
                poison = places[i];
                poison_too = 0;
                run();
                assert_all_taken_but(poison);
                snprintf(said, sizeof(said), "3 record ? (seq %u) is set aside: the collector answers 400: no uid\n",
                         poison);
                assert_said(said);
                assert_int_equal(count_said("set aside"), 1);
                assert_int_equal(world.n_aside, 1);
                assert_int_equal(world.aside[0], poison);
                assert_int_equal(world.faults[0], BATCH_REJECTED);
                assert_true(world.n_posts < 40);
                for (unsigned seq = 1; seq <= 300; seq++) /* halving sends nothing twice that was taken */
                        assert_int_equal(world.times[seq], seq == poison ? 0 : 1);
        }
}

static void two_bad_records_side_by_side(void **state)
{
        unsigned alone = 0, empty = 0;

        (void) state;
        world.records = 200;
        world.collector = refuses_poison;
        poison = 100;
        poison_too = 101;
        run();
        assert_int_equal(count_said("set aside"), 2);
        assert_int_equal(world.acked, 200);
        for (unsigned i = 1; i <= 200; i++)
                assert_int_equal(world.taken[i], i != 100 && i != 101);
        for (unsigned i = 0; i < world.n_posts; i++) {
                alone += world.posts[i] == 1;
                empty += world.posts[i] == 0;
        }
        assert_true(alone >= 2 * (DELIVERY_TRIES + 1)); /* each has all its tries */
        assert_int_equal(empty, 2);
}

/* A collector that refuses all there is, the empty request too, for a while. */
static void refuses_all(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) seqs;
        (void) n;
        if (index < 200) {
                reply->status = 400;
                strcpy(reply->body, "{\"code\":3,\"message\":\"no host.id\"}");
        }
}

static void a_collector_that_refuses_everything_loses_nothing(void **state)
{
        unsigned holds = 0;

        (void) state;
        world.records = 300;
        world.collector = refuses_all;
        run();
        assert_all_taken_but(0);
        assert_int_equal(count_said("set aside"), 0);
        for (unsigned i = 0; i < world.n_waits; i++)
                holds += world.waits[i].usec >= DELIVERY_HOLD_USEC / 2 && !world.waits[i].wake;
        assert_true(holds >= 90); /* two requests for each long wait */
}

/* The collector is put right between a refusal and the empty request. */
static unsigned healed_at;

static void heals(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        if (index < healed_at)
                refuses_all(0, seqs, n, reply);
}

static void a_collector_that_is_put_right_at_any_moment_loses_nothing(void **state)
{
        for (healed_at = 0; healed_at < 30; healed_at++) {
                (void) end(state);
                (void) begin(state);
                world.records = 10;
                world.collector = heals;
                run();
                assert_all_taken_but(0);
                assert_int_equal(count_said("set aside"), 0);
        }
}

/* Alone it is refused, but the question about the empty request is not answered at first. */
static void busy_when_probed(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        static unsigned probes;

        if (index == 0)
                probes = 0;
        if (n == 0 && probes++ < 2)
                reply->status = 503;
        else
                refuses_poison(index, seqs, n, reply);
}

static void set_aside_only_after_proof(void **state)
{
        (void) state;
        world.records = 1;
        world.collector = busy_when_probed;
        poison = 1;
        poison_too = 0;
        run();
        /* 3 alone, probe (503), alone, probe (503), alone, probe (200), alone */
        assert_int_equal(world.n_posts, 9);
        assert_int_equal(count_said("set aside"), 1);
        assert_int_equal(world.acked, 1);
}

static void what_is_no_record_is_set_aside_unsent(void **state)
{
        (void) state;
        world.records = 10;
        world.oversized = 4;
        run();
        assert_all_taken_but(4);
        assert_int_equal(world.n_posts, 2);
        assert_int_equal(world.posts[0], 3);
        assert_int_equal(world.posts[1], 6);
        assert_said("3 record ? (seq 4) is set aside: it is no record at all");
        assert_int_equal(world.n_aside, 1);
        assert_int_equal(world.aside[0], 4);
        assert_int_equal(world.faults[0], BATCH_UNREADABLE);
}

/* Alone it is too large for the collector. */
static void too_large_with_3(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) index;
        for (size_t i = 0; i < n; i++)
                if (seqs[i] == 3)
                        reply->status = 413;
}

static void too_large_alone(void **state)
{
        (void) state;
        world.records = 5;
        world.collector = too_large_with_3;
        run();
        assert_all_taken_but(3);
        assert_int_equal(world.n_aside, 1);
        assert_int_equal(world.aside[0], 3);
        assert_int_equal(world.faults[0], BATCH_TOO_LARGE);
}

static void an_agent_that_does_not_hear_it_is_told_again(void **state)
{
        (void) state;
        world.records = 5;
        world.oversized = 2;
        world.set_aside_error = -ECONNRESET;
        run();
        assert_all_taken_but(2);
        assert_int_equal(world.n_aside, 1);
        assert_int_equal(count_said("set aside"), 2);
        assert_int_equal(world.times[1], 1);
        assert_int_equal(count_said("cannot be told what became of its records"), 1);
}

static void some_will_never_be_taken(unsigned index, const unsigned *seqs, size_t n, struct reply *reply)
{
        (void) index;
        (void) seqs;
        (void) n;
        strcpy(reply->body, "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\",\"errorMessage\":\"too old\"}}");
}

static void partial_success_is_not_repeated(void **state)
{
        (void) state;
        world.records = 3;
        world.collector = some_will_never_be_taken;
        run();
        assert_int_equal(world.n_posts, 1);
        assert_int_equal(world.acked, 3);
        assert_string_equal(world.said, "3 the collector will never take 1 of these records: too old\n");
}

/* ---- the agent is away -------------------------------------------------------------------------------------------- */

static void agent_away(void **state)
{
        (void) state;
        world.records = 2;
        world.fetch_error = -EHOSTUNREACH;
        world.fetch_errors = 12;
        world.draw = 45 * SECOND;
        run();
        assert_all_taken_but(0);
        assert_int_equal(world.fetches, 14);
        for (unsigned i = 0; i < 12; i++) {
                assert_true(world.waits[i].wake);
                assert_true(world.waits[i].usec <= DELIVERY_LOCAL_MAX_USEC);
        }
        assert_int_equal(count_said("the agent cannot be asked: No route to host"), 1);
        assert_int_equal(count_said("the agent answers again"), 1);

        world.fetch_errors = 1; /* the same trouble another day is told again */
        world.recorded = 1;
        run();
        assert_int_equal(count_said("the agent cannot be asked: No route to host"), 2);
}

static void an_acknowledgement_that_is_lost(void **state)
{
        (void) state;
        world.records = 5;
        world.acknowledge_error = -ECONNRESET;
        run();
        assert_int_equal(world.n_posts, 2);
        assert_all_taken_but(0);
        for (unsigned i = 1; i <= 5; i++)
                assert_int_equal(world.times[i], 2); /* twice, never not at all */
        assert_said("4 the agent cannot be told what became of its records: Connection reset by peer");
}

static int wait_fails(void *userdata, uint64_t usec, bool wake)
{
        (void) userdata;
        (void) usec;
        (void) wake;
        return -EBADF;
}

static void a_wait_that_fails_ends_it(void **state)
{
        (void) state;
        delivery.parts.wait = wait_fails;
        assert_int_equal(delivery_step(&delivery), -EBADF);
        world.fetch_error = -EIO;
        world.fetch_errors = 1;
        assert_int_equal(delivery_step(&delivery), -EBADF);
        world.records = 1;
        world.collector = says_401;
        assert_int_equal(delivery_step(&delivery), 0);
        assert_int_equal(delivery_step(&delivery), -EBADF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(nothing_to_do),
                TEST(everything_arrives_in_full_batches),
                TEST(woken_for_something),
                TEST(woken_for_nothing),
                TEST(away),
                TEST(retry_after_and_jitter),
                TEST(a_login_page_takes_nothing),
                TEST(success_begins_anew),
                TEST(a_wrong_token_keeps_everything),
                TEST(too_large_is_halved),
                TEST(one_bad_record_is_set_aside),
                TEST(two_bad_records_side_by_side),
                TEST(a_collector_that_refuses_everything_loses_nothing),
                TEST(a_collector_that_is_put_right_at_any_moment_loses_nothing),
                TEST(set_aside_only_after_proof),
                TEST(what_is_no_record_is_set_aside_unsent),
                TEST(too_large_alone),
                TEST(an_agent_that_does_not_hear_it_is_told_again),
                TEST(partial_success_is_not_repeated),
                TEST(agent_away),
                TEST(an_acknowledgement_that_is_lost),
                TEST(a_wait_that_fails_ends_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
