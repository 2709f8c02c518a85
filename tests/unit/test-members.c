/* links: agent/members.c agent/spawn.c agent/membership.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The question that a child is asked, by scripts that answer well, badly, late and never; and the child's own answer, by
 * the groups of the machine that the test runs on. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/members.h"
#include "agent/membership.h"

#define LATE_USEC  400000ULL
#define RETRY_USEC 100000ULL
#define FOREVER    60 /* seconds that a script sleeps */

static char directory[] = "/tmp/lekdicht-members.XXXXXX", program[64], asked[64];
static char *groups[] = { (char[]){ "exam" }, (char[]){ "--staff" }, (char[]){ "a b;c" } };
static sd_event *loop;
static struct members *members;
static unsigned n_told, n_late;

static void on_members(void *userdata, bool late)
{
        (void) userdata;
        n_told++;
        n_late += late;
}

static uint64_t now_usec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t) now.tv_sec * 1000000ULL + (uint64_t) now.tv_nsec / 1000ULL;
}

static void run_for(uint64_t usec)
{
        uint64_t end = now_usec() + usec;

        while (now_usec() < end)
                sd_event_run(loop, 10000);
}

static void wait_told(unsigned n)
{
        uint64_t end = now_usec() + 5000000ULL;

        while (n_told < n && now_usec() < end)
                sd_event_run(loop, 10000);
        assert_int_equal(n_told, n);
}

/* What the program is from now on: lines of a shell script. */
static void answer(const char *script)
{
        char next[80];
        FILE *file;

        /* Aside, since who runs it now must not see half of it. */
        snprintf(next, sizeof(next), "%s.new", program);
        file = fopen(next, "we");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\necho \"$@\" >>'%s'\n%s\n", asked, script);
        fclose(file);
        assert_int_equal(chmod(next, 0755), 0);
        assert_int_equal(rename(next, program), 0);
}

static unsigned count_asked(void)
{
        FILE *file = fopen(asked, "re");
        unsigned n = 0;
        int c;

        if (!file)
                return 0;
        while ((c = fgetc(file)) != EOF)
                n += c == '\n';
        fclose(file);
        return n;
}

static void assert_answers(const char *wanted)
{
        for (size_t i = 0; wanted[i]; i++)
                assert_int_equal(members_get(members, i), wanted[i]);
}

static int setup(void **state)
{
        (void) state;
        n_told = n_late = 0;
        (void) unlink(asked);
        if (sd_event_new(&loop) < 0)
                return -1;
        return members_new(loop, program, LATE_USEC, RETRY_USEC, on_members, NULL, &members);
}

static int teardown(void **state)
{
        (void) state;
        members = members_free(members);
        loop = sd_event_unref(loop);
        return 0;
}

static void it_asks_about_all_groups_at_once(void **state)
{
        char line[128];
        FILE *file;

        (void) state;
        answer("echo 10-");
        assert_int_equal(members_set_groups(members, groups, 3), 0);
        assert_answers("000"); /* nobody is here */
        members_set_user(members, true, 1001);
        assert_answers("???");
        wait_told(1);
        assert_answers("10-");
        assert_int_equal(n_late, 0);
        run_for(3 * RETRY_USEC);
        assert_int_equal(count_asked(), 1);
        file = fopen(asked, "re");
        assert_non_null(file);
        assert_non_null(fgets(line, sizeof(line), file));
        fclose(file);
        assert_string_equal(line, "--membership 1001 exam --staff a b;c\n");
        members_set_user(members, false, 0);
        assert_answers("000");
        members_set_user(members, true, 1001);
        assert_answers("???");
        wait_told(2);
}

static void what_is_not_said_is_asked_again(void **state)
{
        static const char *const scripts[] = { "echo 1?0",  "printf 110",       "echo 1",
                                               "echo 1111", "echo 110; exit 1", "echo 110; kill -9 $$",
                                               "yes 1",     "exit 0",           "printf '11\\0\\n'" };

        (void) state;
        assert_int_equal(members_set_groups(members, groups, 3), 0);
        for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
                n_told = n_late = 0;
                answer(scripts[i]);
                members_set_user(members, true, 1001);
                wait_told(1);
                assert_int_equal(n_late, 1);
                assert_answers(i == 0 ? "1?0" : "???");
                answer("echo 101");
                wait_told(2);
                assert_int_equal(n_late, 1);
                assert_answers("101");
        }
}

static void a_program_that_is_not_there_says_nothing(void **state)
{
        (void) state;
        assert_int_equal(unlink(program), 0);
        assert_int_equal(members_set_groups(members, groups, 3), 0);
        members_set_user(members, true, 1001);
        assert_int_equal(n_told, 1);
        assert_int_equal(n_late, 1);
        assert_answers("???");
        answer("echo 111");
        wait_told(2);
        assert_answers("111");
}

/* It is unknown when the time is over, and not when the child has ended at last. */
static void an_answer_may_be_late(void **state)
{
        uint64_t begun = now_usec();
        char script[64];

        (void) state;
        snprintf(script, sizeof(script), "exec sleep %d", FOREVER);
        answer(script);
        assert_int_equal(members_set_groups(members, groups, 3), 0);
        members_set_user(members, true, 1001);
        assert_true(now_usec() - begun < LATE_USEC / 2);
        wait_told(1);
        assert_true(now_usec() - begun >= LATE_USEC);
        assert_int_equal(n_late, 1);
        assert_answers("???");
        answer("echo 111");
        wait_told(2);
        assert_answers("111");
}

/* The one who left is not answered for, and what is known of him is not the next one's. */
static void an_answer_is_of_its_user(void **state)
{
        (void) state;
        assert_int_equal(members_set_groups(members, groups, 3), 0);
        answer("case $2 in 1001) sleep 0.2; echo 111;; *) sleep 0.3; echo 000;; esac");
        members_set_user(members, true, 1001);
        run_for(50000);
        members_set_user(members, true, 1002);
        for (uint64_t end = now_usec() + 250000; now_usec() < end;) {
                sd_event_run(loop, 10000);
                for (size_t i = 0; i < 3; i++)
                        assert_int_not_equal(members_get(members, i), MEMBERSHIP_YES);
        }
        wait_told(1);
        assert_answers("000");
        members_set_user(members, true, 1001);
        assert_answers("???");
        members_set_user(members, false, 0);
        run_for(300000);
        assert_int_equal(n_told, 1);
}

static void other_groups_leave_the_answers(void **state)
{
        char *fewer[] = { groups[1], (char[]){ "new" } };

        (void) state;
        answer("echo 11");
        assert_int_equal(members_set_groups(members, groups, 2), 0);
        members_set_user(members, true, 1001);
        wait_told(1);
        assert_int_equal(members_set_groups(members, groups, 2), 0);
        assert_answers("11");
        answer("echo 00");
        assert_int_equal(members_set_groups(members, fewer, 2), 0);
        assert_answers("1?");
        wait_told(2);
        assert_answers("00");
        assert_int_equal(members_set_groups(members, NULL, 0), 0);
        assert_answers("??");
        assert_int_equal(count_asked(), 2);
}

/* People come and go faster than anybody answers. */
static void children_are_bounded(void **state)
{
        (void) state;
        answer("trap '' TERM; exec sleep 1");
        assert_int_equal(members_set_groups(members, groups, 3), 0);
        for (uid_t uid = 1000; uid < 1000 + 5 * MEMBERS_CHILDREN_MAX; uid++)
                members_set_user(members, true, uid);
        /* The first ones are killed, but nobody has heard of their end: no more are begun. */
        assert_int_equal(n_told, 4 * MEMBERS_CHILDREN_MAX);
        assert_int_equal(n_late, n_told);
        answer("echo 111");
        wait_told(n_told + 1);
        assert_answers("111");
}

/* ---- the child's own answer ---- */

/* What is printed about these words; the exit status in *status. */
static const char *printed(char *const *words, int n, int *status)
{
        static char text[128];
        int ends[2];
        pid_t pid;
        ssize_t size;

        assert_int_equal(pipe(ends), 0);
        fflush(stdout);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                dup2(ends[1], STDOUT_FILENO);
                _exit(membership_answer(n, words));
        }
        close(ends[1]);
        size = read(ends[0], text, sizeof(text) - 1);
        close(ends[0]);
        assert_int_equal(waitpid(pid, status, 0), pid);
        text[size > 0 ? size : 0] = '\0';
        return text;
}

#define PRINTED(status, ...)                                                                                           \
        printed((char *const[]){ __VA_ARGS__ }, sizeof((char *const[]){ __VA_ARGS__ }) / sizeof(char *), status)
#define WORD(text) ((char[]){ text })

static void the_machine_knows_its_groups(void **state)
{
        int status;

        (void) state;
        assert_string_equal(PRINTED(&status, WORD("0"), WORD("root"), WORD("daemon"), WORD("no-such-group"), WORD("")),
                            "10--\n");
        assert_int_equal(status, 0);
        assert_string_equal(PRINTED(&status, WORD("1"), WORD("root"), WORD("daemon")), "01\n");
        /* A user whom nobody knows: of the groups it cannot be said. */
        assert_string_equal(PRINTED(&status, WORD("4000000000"), WORD("root"), WORD("no-such-group")), "?-\n");
        assert_string_equal(PRINTED(&status, WORD("0")), "\n");
        static const char *const wrong[] = { "", "-1", "root", "4294967295", "99999999999999999999999", "0x0" };
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                char word[32];

                snprintf(word, sizeof(word), "%s", wrong[i]);
                assert_string_equal(PRINTED(&status, word, WORD("root")), "");
                assert_int_equal(WEXITSTATUS(status), 1);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(it_asks_about_all_groups_at_once),
                TEST(what_is_not_said_is_asked_again),
                TEST(a_program_that_is_not_there_says_nothing),
                TEST(an_answer_may_be_late),
                TEST(an_answer_is_of_its_user),
                TEST(other_groups_leave_the_answers),
                TEST(children_are_bounded),
                cmocka_unit_test(the_machine_knows_its_groups),
        };
        sigset_t set;
        int failed;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if (!mkdtemp(directory))
                return 1;
        snprintf(program, sizeof(program), "%s/program", directory);
        snprintf(asked, sizeof(asked), "%s/asked", directory);
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        (void) unlink(program);
        (void) unlink(asked);
        (void) rmdir(directory);
        return failed;
}
