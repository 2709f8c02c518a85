/* links: watcher/stop.c watcher/questions.c watcher/process.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is ended is the process that was found, and nothing else: real processes of an ordinary user, one of which gets the
 * number of another. */

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "watcher/stop.h"

#define PERSON  5131U
#define ANOTHER 5132U
#define TICK    20000 /* microseconds: start times are told in hundredths of a second */

static sd_event *loop;
static struct questions *questions;
static int proc;
static pid_t children[4];
static size_t n_children;

static int setup(void **state)
{
        (void) state;
        n_children = 0;
        proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return proc < 0 || sd_event_new(&loop) < 0 ? -1 : questions_new(loop, &questions);
}

static int teardown(void **state)
{
        (void) state;
        for (size_t i = 0; i < n_children; i++) {
                (void) kill(children[i], SIGKILL);
                (void) waitpid(children[i], NULL, 0);
        }
        questions = questions_free(questions);
        loop = sd_event_unref(loop);
        return close(proc);
}

static bool is_program(pid_t pid, const char *name)
{
        char program[PROCESS_PROGRAM_MAX];

        return process_peek(proc, pid, program) == 0 && strcmp(strrchr(program, '/') + 1, name) == 0;
}

/* A child that is that user: a bash with that script, or a sleep. name: of its program; pid: which number it is to have, 0: any. */
static pid_t start(uid_t uid, pid_t pid, const char *name, const char *script)
{
        struct clone_args arguments = { .exit_signal = SIGCHLD };
        pid_t wanted = pid;

        if (pid) {
                arguments.set_tid = (uint64_t) (uintptr_t) &wanted;
                arguments.set_tid_size = 1;
        }
        pid = (pid_t) syscall(SYS_clone3, &arguments, sizeof(arguments));
        if (pid == 0) {
                if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0 ||
                    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                        _exit(1);
                (void) (script ? execlp("bash", "bash", "-c", script, NULL) : execlp("sleep", "sleep", "600", NULL));
                _exit(1);
        }
        if (pid < 0)
                return pid;
        children[n_children++] = pid;
        for (unsigned i = 0; i < 500 && !is_program(pid, name); i++)
                usleep(10000);
        assert_true(is_program(pid, name));
        return pid;
}

static void look(struct stop_target *target, pid_t pid)
{
        struct process process;
        int fd = process_open(proc, pid);

        assert_true(fd >= 0);
        assert_int_equal(process_read(fd, &process), 0);
        assert_int_equal(stop_target_set(target, pid, (int) syscall(SYS_pidfd_open, pid, 0), &process), 0);
        assert_true(target->pidfd >= 0);
        close(fd);
}

static void forget(struct stop_target *target)
{
        close(target->pidfd);
        stop_target_clear(target);
}

static unsigned answers;
static bool sent;

static void on_answer(void *userdata, const char *text)
{
        (void) userdata;
        answers++;
        sent = text && strcmp(text, "sent") == 0;
}

static int stop(const struct stop_target *target, int number)
{
        struct question *question;
        int r;

        answers = 0;
        sent = false;
        r = stop_send(questions, proc, target, number, on_answer, NULL, &question);
        for (unsigned i = 0; r == 0 && i < 500 && answers == 0; i++)
                assert_true(sd_event_run(loop, 10000) >= 0);
        return r;
}

/* By which signal it ended; 0: it lives. */
static int ended_by(pid_t pid)
{
        int status = 0;

        for (unsigned i = 0; i < 100; i++) {
                if (waitpid(pid, &status, WNOHANG) == pid)
                        return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
                usleep(5000);
        }
        return 0;
}

static void it_is_told_to_end(void **state)
{
        struct stop_target target;
        pid_t pid = start(PERSON, 0, "sleep", NULL), beside = start(PERSON, 0, "sleep", NULL);

        (void) state;
        look(&target, pid);
        assert_int_equal(stop(&target, SIGTERM), 0);
        assert_true(sent);
        assert_int_equal(ended_by(pid), SIGTERM);
        assert_int_equal(ended_by(beside), 0);
        forget(&target);
}

static void what_does_not_listen_is_killed_when_that_is_wanted(void **state)
{
        static const char deaf[] = "trap '' TERM; while :; do read -t 1 <> <(:); done";
        struct stop_target target;
        pid_t pid = start(PERSON, 0, "bash", deaf);

        (void) state;
        usleep(200000); /* it has set its trap */
        look(&target, pid);
        assert_int_equal(stop(&target, SIGTERM), 0);
        assert_true(sent);
        assert_int_equal(ended_by(pid), 0);
        assert_int_equal(stop(&target, SIGKILL), 0);
        assert_int_equal(ended_by(pid), SIGKILL);
        forget(&target);
}

static void a_number_that_is_somebody_elses_now_is_left_alone(void **state)
{
        struct stop_target target;
        pid_t pid = start(PERSON, 0, "sleep", NULL), again;

        (void) state;
        look(&target, pid);
        assert_true(stop_is_the_same(proc, &target));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        n_children--;
        assert_int_equal(stop(&target, SIGTERM), -ESRCH);
        usleep(TICK);
        again = start(PERSON, pid, "sleep", NULL); /* the same user, the same program */
        if (again < 0)
                skip(); /* a container in which nobody chooses numbers */
        assert_int_equal(again, pid);
        assert_false(stop_is_the_same(proc, &target));
        assert_int_equal(stop(&target, SIGKILL), -ESRCH);
        assert_int_equal(ended_by(again), 0);
        forget(&target);
}

/* Even if the second look saw nothing: the pidfd leads to the process that has gone. */
static void the_pidfd_alone_is_enough(void **state)
{
        struct stop_target target, other;
        pid_t pid = start(PERSON, 0, "sleep", NULL), again;

        (void) state;
        look(&target, pid);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        n_children--;
        again = start(PERSON, pid, "sleep", NULL);
        if (again < 0)
                skip();
        look(&other, again);
        target.start = other.start;
        assert_false(stop_is_the_same(proc, &target));
        assert_int_equal(ended_by(again), 0);
        forget(&target);
        forget(&other);
}

static void what_has_become_another_program_is_left_alone(void **state)
{
        static const char becomes[] = "read -t 1 <> <(:); exec sleep 600";
        struct stop_target target;
        pid_t pid = start(PERSON, 0, "bash", becomes);

        (void) state;
        look(&target, pid);
        for (unsigned i = 0; i < 500 && !is_program(pid, "sleep"); i++)
                usleep(10000);
        assert_int_equal(stop(&target, SIGKILL), -ESRCH);
        assert_int_equal(ended_by(pid), 0);
        forget(&target);
}

/* Found for one user and by now another's, as after a change of user. */
static void what_is_another_users_is_left_alone(void **state)
{
        pid_t pids[] = { start(ANOTHER, 0, "sleep", NULL), start(0, 0, "sleep", NULL) };
        struct stop_target target;

        (void) state;
        for (size_t i = 0; i < 2; i++) {
                look(&target, pids[i]);
                target.uid = PERSON;
                assert_int_equal(stop(&target, SIGKILL), -ESRCH);
                assert_int_equal(ended_by(pids[i]), 0);
                forget(&target);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(it_is_told_to_end, setup, teardown),
                cmocka_unit_test_setup_teardown(what_does_not_listen_is_killed_when_that_is_wanted, setup, teardown),
                cmocka_unit_test_setup_teardown(a_number_that_is_somebody_elses_now_is_left_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(the_pidfd_alone_is_enough, setup, teardown),
                cmocka_unit_test_setup_teardown(what_has_become_another_program_is_left_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_another_users_is_left_alone, setup, teardown),
        };

        return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
