/* links: tests/bed/bed.c agent/gatekeeper.c agent/spawn.c agent/helper.c common/text.c common/utf8.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Real children: a script that does what a file tells it. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/gatekeeper.h"
#include "common/clock.h"
#include "tests/bed/bed.h"

static struct bed bed;
static sd_event *loop;
static struct gatekeeper *gatekeeper;
static char program[BED_PATH + 16];
static int dirfd;

static struct gatekeeper_result results[256];
static char said[GATEKEEPER_OUTPUT_MAX];
static unsigned n_results;

static void on_result(void *userdata, const struct gatekeeper_result *result)
{
        (void) userdata;
        assert_true(n_results < 256);
        results[n_results++] = *result;
        snprintf(said, sizeof(said), "%s", result->output);
}

static void on_slow(void *userdata, const char *name, enum verb verb)
{
        (void) userdata;
        (void) name;
        (void) verb;
}

static void script(const char *text)
{
        bed_text(&bed, "gate", "#!/bin/sh\nroot='%s'\necho \"$*\" >> $root/log\n%s\n", bed.root, text);
        assert_int_equal(chmod(program, 0755), 0);
}

static int setup(void **state)
{
        sigset_t set;

        (void) state;
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        (void) signal(SIGPIPE, SIG_IGN);
        bed_init(&bed, NULL);
        snprintf(program, sizeof(program), "%s/gate", bed.root);
        script("exit 0");
        n_results = 0;
        dirfd = open(bed.sys, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return dirfd < 0 || sd_event_new(&loop) < 0 ||
                               gatekeeper_new(loop, program, on_result, on_slow, NULL, &gatekeeper) < 0
                       ? -1
                       : 0;
}

static int teardown(void **state)
{
        (void) state;
        gatekeeper = gatekeeper_free(gatekeeper);
        loop = sd_event_unref(loop);
        close(dirfd);
        bed_done(&bed);
        return 0;
}

static void wish(uint64_t device, uint64_t target, enum verb verb)
{
        char name[32];

        snprintf(name, sizeof(name), "%u-%u", (unsigned) device, (unsigned) target);
        assert_int_equal(gatekeeper_wish(gatekeeper, &(struct gatekeeper_wish){ .device = device,
                                                                                .target = target,
                                                                                .verb = verb,
                                                                                .dirfd = device ? dirfd : -1,
                                                                                .name = name }),
                         0);
}

#define UNTIL(expression)                                                                                              \
        do {                                                                                                           \
                uint64_t deadline_ = clock_usec(CLOCK_MONOTONIC) + 10000000ULL;                                        \
                while (!(expression) && clock_usec(CLOCK_MONOTONIC) < deadline_)                                       \
                        sd_event_run(loop, 10000);                                                                     \
                assert_true(expression);                                                                               \
        } while (0)

static void run(unsigned milliseconds)
{
        uint64_t end = clock_usec(CLOCK_MONOTONIC) + milliseconds * 1000ULL;

        while (clock_usec(CLOCK_MONOTONIC) < end)
                sd_event_run(loop, 10000);
}

static unsigned lines(void)
{
        const char *text = bed_read(&bed, "log");
        unsigned n = 0;

        for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
                n++;
        return n;
}

static void child_has_what_it_needs_and_nothing_else(void **state)
{
        char expected[BED_PATH + 64];

        (void) state;
        script("readlink /proc/self/fd/3; readlink /proc/self/fd/0; env | sort | grep -v -e ^PWD -e ^_ -e ^SHLVL; "
               "readlink /proc/self/fd/* | grep -c -e anon_inode -e \"$root/sys\"\n"
               "grep -e ^SigBlk -e ^SigIgn /proc/self/status; [ $(ps -o pgid= -p $$) = $$ ] && echo leads");
        setenv("SECRET", "of the agent", 1);
        wish(1, 1, VERB_REFUSE);
        UNTIL(n_results == 1);
        assert_int_equal(results[0].deed, DEED_DONE);
        assert_false(results[0].retry);
        snprintf(expected, sizeof(expected), "%s\n/dev/null\nLC_ALL=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n",
                 bed.sys);
        assert_memory_equal(said, expected, strlen(expected));
        /* The directory once, as 3; and nothing of the agent's loop. */
        assert_non_null(strstr(said, "\n1\n"));
        assert_non_null(strstr(said, "SigBlk:?0000000000000000"));
        /* 32 and 33 are the C library's own. */
        assert_non_null(strstr(said, "SigIgn:?"));
        assert_int_equal(strtoull(strstr(said, "SigIgn:?") + strlen("SigIgn:?"), NULL, 16) & 0x7fffffff, 0);
        assert_non_null(strstr(said, "leads"));
        assert_string_equal(bed_read(&bed, "log"), "refuse /proc/self/fd/3");
}

static void global_verbs_have_their_options(void **state)
{
        (void) state;
        wish(GATEKEEPER_GLOBAL, 1, VERB_CLOSE);
        UNTIL(n_results == 1);
        wish(GATEKEEPER_GLOBAL, 1, VERB_OPEN);
        UNTIL(n_results == 2);
        wish(GATEKEEPER_GLOBAL, 1, VERB_OPEN_AUDIT);
        UNTIL(n_results == 3);
        wish(GATEKEEPER_GLOBAL, 1, VERB_OPEN_UNTIL_REBOOT);
        UNTIL(n_results == 4);
        assert_string_equal(bed_read(&bed, "log"), "close\nopen\nopen --audit\nopen --until-reboot");
}

static void exit_statuses_are_answers(void **state)
{
        static const struct {
                const char *text;
                enum deed deed;
                bool retry;
                int status;
        } cases[] = {
                { "exit 0", DEED_DONE, false, 0 },
                { "exit 1", DEED_FAILED, true, 1 },
                { "exit 2", DEED_FAILED, false, 2 },
                { "exit 5", DEED_BUSY, true, 5 },
                { "exit 6", DEED_GONE, false, 6 },
                { "exit 77", DEED_FAILED, true, 77 },
                { "kill -9 $$", DEED_FAILED, true, 128 + 9 },
        };

        (void) state;
        for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                script(cases[i].text);
                wish(i + 1, 1, VERB_REFUSE);
                UNTIL(n_results == i + 1);
                assert_int_equal(results[i].deed, cases[i].deed);
                assert_int_equal(results[i].retry, cases[i].retry);
                assert_int_equal(results[i].status, cases[i].status);
                assert_int_equal(results[i].device, i + 1);
                gatekeeper_drop(gatekeeper, i + 1, 1);
        }
        assert_int_equal(gatekeeper_waiting(gatekeeper), 0);
}

static void failure_is_tried_again_later_and_later(void **state)
{
        uint64_t begun = clock_usec(CLOCK_MONOTONIC);

        (void) state;
        script("exit 1");
        wish(1, 1, VERB_REFUSE);
        UNTIL(n_results == 3);
        assert_in_range(clock_usec(CLOCK_MONOTONIC) - begun, 3 * GATEKEEPER_RETRY_USEC, 6 * GATEKEEPER_RETRY_USEC);
        assert_int_equal(results[2].attempt, 3);
        /* A new wish begins anew, at once. */
        begun = clock_usec(CLOCK_MONOTONIC);
        script("exit 0");
        wish(1, 1, VERB_RELEASE);
        UNTIL(n_results == 4);
        assert_true(clock_usec(CLOCK_MONOTONIC) - begun < GATEKEEPER_RETRY_USEC);
        assert_int_equal(results[3].attempt, 1);
        run(4500);
        assert_int_equal(n_results, 4);
}

static void latest_wish_wins(void **state)
{
        (void) state;
        script("while [ -e $root/hang ]; do sleep 0.02; done");
        bed_text(&bed, "hang", "%s", "");
        wish(1, 1, VERB_REFUSE);
        UNTIL(lines() == 1);
        wish(1, 2, VERB_REFUSE);
        wish(1, 2, VERB_RELEASE);
        wish(1, 2, VERB_REFUSE);
        wish(1, 2, VERB_RELEASE);
        wish(1, 1, VERB_RELEASE);
        assert_int_equal(gatekeeper_running(gatekeeper), 1);
        assert_int_equal(gatekeeper_waiting(gatekeeper), 2);
        bed_remove(&bed, "hang");
        UNTIL(n_results == 3);
        run(100);
        assert_int_equal(lines(), 3);
        assert_int_equal(results[0].verb, VERB_REFUSE);
        assert_int_equal(results[1].verb, VERB_RELEASE);
        assert_int_equal(results[1].target, 2);
        assert_int_equal(results[2].verb, VERB_RELEASE);
        assert_int_equal(results[2].target, 1);
}

static void overtaken_failure_is_not_tried_again(void **state)
{
        (void) state;
        script("while [ -e $root/hang ]; do sleep 0.02; done; [ $1 = release ]");
        bed_text(&bed, "hang", "%s", "");
        wish(1, 1, VERB_REFUSE);
        UNTIL(lines() == 1);
        wish(1, 1, VERB_RELEASE);
        bed_remove(&bed, "hang");
        UNTIL(n_results == 2);
        assert_int_equal(results[0].deed, DEED_FAILED);
        assert_false(results[0].retry);
        run(1300);
        assert_int_equal(lines(), 2);
}

static void dropped_is_not_begun(void **state)
{
        (void) state;
        script("while [ -e $root/hang ]; do sleep 0.02; done; exit 1");
        bed_text(&bed, "hang", "%s", "");
        wish(1, 1, VERB_REFUSE);
        UNTIL(lines() == 1);
        wish(1, 2, VERB_REFUSE);
        gatekeeper_drop(gatekeeper, 1, 2);
        gatekeeper_drop(gatekeeper, 1, 1);
        bed_remove(&bed, "hang");
        UNTIL(n_results == 1);
        assert_false(results[0].retry);
        run(1300);
        assert_int_equal(lines(), 1);
        assert_int_equal(gatekeeper_running(gatekeeper), 0);
}

static void children_are_bounded(void **state)
{
        (void) state;
        script("while [ -e $root/hang ]; do sleep 0.1; done");
        bed_text(&bed, "hang", "%s", "");
        for (unsigned i = 0; i < GATEKEEPER_CHILDREN_MAX + 4; i++)
                wish(i + 1, 1, VERB_REFUSE);
        assert_int_equal(gatekeeper_running(gatekeeper), GATEKEEPER_CHILDREN_MAX);
        UNTIL(lines() == GATEKEEPER_CHILDREN_MAX);
        run(100);
        assert_int_equal(lines(), GATEKEEPER_CHILDREN_MAX);
        bed_remove(&bed, "hang");
        UNTIL(n_results == GATEKEEPER_CHILDREN_MAX + 4);
}

static void queue_is_bounded(void **state)
{
        int r = 0;

        (void) state;
        script("while [ -e $root/hang ]; do sleep 0.1; done");
        bed_text(&bed, "hang", "%s", "");
        for (unsigned i = 0; i < GATEKEEPER_QUEUE_MAX / 2 && r == 0; i++)
                r = gatekeeper_wish(gatekeeper,
                                    &(struct gatekeeper_wish){
                                            .device = 1, .target = i, .verb = VERB_CLOSE, .dirfd = -1, .name = "" });
        assert_int_equal(r, 0);
        for (unsigned i = 0; i < GATEKEEPER_QUEUE_MAX && r == 0; i++)
                r = gatekeeper_wish(
                        gatekeeper,
                        &(struct gatekeeper_wish){
                                .device = 1, .target = 9999 + i, .verb = VERB_CLOSE, .dirfd = -1, .name = "" });
        assert_int_equal(r, -105);
        bed_remove(&bed, "hang");
}

static void talk_is_bounded_and_nobody_waits_for_it(void **state)
{
        (void) state;
        script("yes 'much to say' | head -c 1000000; printf '\\033[31m\\0end'; echo >&2 aside");
        wish(1, 1, VERB_REFUSE);
        UNTIL(n_results == 1);
        assert_int_equal(results[0].deed, DEED_DONE);
        assert_int_equal(strlen(said), GATEKEEPER_OUTPUT_MAX - 1);
        script("printf 'one\\033[31m\\n  two\\0 \\n\\n'; echo three >&2");
        wish(1, 1, VERB_REFUSE);
        UNTIL(n_results == 2);
        assert_string_equal(said, "one?[31m\ntwo?\n\nthree");
}

static void program_that_is_not_there(void **state)
{
        (void) state;
        bed_remove(&bed, "gate");
        wish(1, 1, VERB_REFUSE);
        assert_int_equal(n_results, 0); /* never from within */
        UNTIL(n_results == 1);
        assert_int_equal(results[0].deed, DEED_FAILED);
        assert_true(results[0].retry);
        assert_non_null(strstr(said, "No such file"));
        script("exit 0");
        UNTIL(n_results == 2);
        assert_int_equal(results[1].deed, DEED_DONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(child_has_what_it_needs_and_nothing_else),
                TEST(global_verbs_have_their_options),
                TEST(exit_statuses_are_answers),
                TEST(failure_is_tried_again_later_and_later),
                TEST(latest_wish_wins),
                TEST(overtaken_failure_is_not_tried_again),
                TEST(dropped_is_not_begun),
                TEST(children_are_bounded),
                TEST(queue_is_bounded),
                TEST(talk_is_bounded_and_nobody_waits_for_it),
                TEST(program_that_is_not_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
