/* links: tests/bed/bed.c agent/gatekeeper.c agent/spawn.c agent/helper.c gate/serve.c gate/say.c libs: cmocka libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The gatekeeper and `lekdicht-gate serve` at the two ends of a socket, with a script for the gate. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/gatekeeper.h"
#include "agent/helper.h"
#include "common/helper.h"
#include "gate/serve.h"
#include "tests/bed/bed.h"

#define NOBODY 65534U

static struct bed bed;
static sd_event *loop;
static struct gatekeeper *gatekeeper;
static char program[BED_PATH], path[100];
static int dirfd;
static pid_t server;
static unsigned n_results;
static struct gatekeeper_result last;
static char output[256];

static void on_result(void *userdata, const struct gatekeeper_result *result)
{
        (void) userdata;
        last = *result;
        snprintf(output, sizeof(output), "%s", result->output);
        n_results++;
}

static void on_slow(void *userdata, const char *name, enum verb verb)
{
        (void) userdata;
        (void) name;
        (void) verb;
}

/* The path of `name` in the machine. */
static void in_bed(const char *name, char *ret, size_t size)
{
        assert_true((size_t) snprintf(ret, size, "%s/%s", bed.root, name) < size);
}

static bool is_there(const char *name)
{
        char file[BED_PATH];

        in_bed(name, file, sizeof(file));
        return access(file, F_OK) == 0;
}

static void script(const char *text)
{
        bed_text(&bed, "gate", "#!/bin/sh\nroot='%s'\n%s\n", bed.root, text);
        assert_int_equal(chmod(program, 0755), 0);
}

static void start_server(void)
{
        server = fork();
        if (server == 0) {
                sigset_t none;

                prctl(PR_SET_PDEATHSIG, SIGKILL);
                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                _exit(serve(program, path));
        }
        for (unsigned i = 0; access(path, F_OK) < 0; i++) {
                assert_true(i < 500);
                usleep(10000);
        }
        usleep(10000); /* from bind() to listen() */
}

static void stop_server(void)
{
        if (server > 0) {
                kill(server, SIGKILL);
                waitpid(server, NULL, 0);
        }
        server = 0;
}

static int setup(void **state)
{
        sigset_t set;

        (void) state;
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, NULL);
        bed_init(&bed, NULL);
        in_bed("gate", program, sizeof(program));
        in_bed("socket", path, sizeof(path));
        n_results = 0;
        dirfd = open(bed.sys, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (dirfd < 0 || sd_event_new(&loop) < 0 ||
            gatekeeper_new(loop, program, on_result, on_slow, NULL, &gatekeeper) < 0)
                return -1;
        return gatekeeper_use_helper(gatekeeper, path);
}

static int teardown(void **state)
{
        (void) state;
        gatekeeper = gatekeeper_free(gatekeeper);
        loop = sd_event_unref(loop);
        stop_server();
        close(dirfd);
        bed_done(&bed);
        return 0;
}

static void wish(uint64_t device, enum verb verb)
{
        assert_int_equal(gatekeeper_wish(gatekeeper, &(struct gatekeeper_wish){ .device = device,
                                                                                .verb = verb,
                                                                                .dirfd = device ? dirfd : -1,
                                                                                .name = "1-2" }),
                         0);
}

static void until(unsigned n)
{
        for (unsigned i = 0; n_results < n; i++) {
                assert_true(i < 1000);
                assert_true(sd_event_run(loop, 20000) >= 0);
        }
}

static void deed_is_done_and_told(void **state)
{
        (void) state;
        script("echo \"$*\"; ls -d /proc/self/fd/3/bus >/dev/null && echo its directory; echo alas >&2; exit 5");
        bed_text(&bed, "sys/bus/x", "%s", "");
        start_server();
        wish(1, VERB_REFUSE);
        until(1);
        assert_int_equal(last.deed, DEED_BUSY);
        assert_int_equal(last.status, 5);
        assert_string_equal(output, "refuse /proc/self/fd/3\nits directory\nalas");
}

static void gate_gets_three_descriptors_and_two_variables(void **state)
{
        (void) state;
        /* The shell has the script as 10. */
        script("for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || echo has $fd; done; tr '\\0' ' ' "
               "</proc/$$/environ");
        start_server();
        wish(GATEKEEPER_GLOBAL, VERB_OPEN_AUDIT);
        until(1);
        assert_string_equal(output, "PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8");
}

static void signal_is_told(void **state)
{
        (void) state;
        script("kill -9 $$");
        start_server();
        wish(GATEKEEPER_GLOBAL, VERB_CLOSE);
        until(1);
        assert_int_equal(last.status, 128 + SIGKILL);
        assert_int_equal(last.deed, DEED_FAILED);
}

static void slow_one_holds_nobody_up(void **state)
{
        (void) state;
        script("case $1 in release) while [ ! -e $root/go ]; do sleep 0.02; done;; esac; exit 0");
        start_server();
        wish(1, VERB_RELEASE);
        wish(2, VERB_REFUSE);
        until(1);
        assert_int_equal(last.device, 2);
        bed_text(&bed, "go", "%s", "");
        until(2);
        assert_int_equal(last.device, 1);
}

static void nobody_there_is_a_failure_that_is_tried_again(void **state)
{
        (void) state;
        script("exit 0");
        wish(1, VERB_REFUSE);
        until(1);
        assert_int_equal(last.deed, DEED_FAILED);
        assert_true(last.retry);
        assert_non_null(strstr(output, "cannot start"));
        start_server();
        until(2);
        assert_int_equal(last.deed, DEED_DONE);
}

static void deed_outlives_the_server(void **state)
{
        (void) state;
        script("echo > $root/begun; while [ ! -e $root/go ]; do sleep 0.02; done; echo > $root/done");
        start_server();
        wish(1, VERB_RELEASE);
        while (!is_there("begun"))
                sd_event_run(loop, 20000);
        stop_server();
        bed_text(&bed, "go", "%s", "");
        until(1);
        assert_int_equal(last.deed, DEED_DONE);
        assert_true(is_there("done"));
}

/* Send that many bytes of text with n descriptors; how it was answered. */
static int send_raw(const char *text, size_t size, size_t n)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fds[3] = { dirfd, dirfd, dirfd }, answer;
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(fds))];
        } parts = { 0 };
        struct iovec part = { .iov_base = (void *) (uintptr_t) text, .iov_len = size };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

        memcpy(address.sun_path, path, sizeof(path));
        assert_int_equal(connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        if (n > 0) {
                message.msg_control = &parts;
                message.msg_controllen = CMSG_SPACE(n * sizeof(int));
                parts.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)),
                                                 .cmsg_level = SOL_SOCKET,
                                                 .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&parts.header), fds, n * sizeof(int));
        }
        assert_true(sendmsg(fd, &message, MSG_NOSIGNAL) >= 0);
        answer = helper_answer(fd);
        close(fd);
        return answer;
}

static void what_is_no_deed_is_not_done(void **state)
{
        char large[HELPER_MESSAGE_MAX + 8] = "release";

        (void) state;
        script("echo > $root/ran; exit 0");
        start_server();
        assert_int_equal(send_raw("serve\0/tmp/x", 13, 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("status", 7, 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("--version", 10, 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("", 1, 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("", 0, 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("close", 5, 1), HELPER_NO_ANSWER); /* no end */
        assert_int_equal(send_raw("open\0--audit\0more", 18, 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("close", 6, 0), HELPER_NO_ANSWER); /* nowhere to write */
        assert_int_equal(send_raw("close", 6, 3), HELPER_NO_ANSWER); /* too many descriptors */
        assert_int_equal(send_raw("close", 6, 2), HELPER_NO_ANSWER); /* a directory, and no word for it */
        assert_int_equal(send_raw("refuse\0" HELPER_DIRECTORY, 7 + sizeof(HELPER_DIRECTORY), 1), HELPER_NO_ANSWER);
        assert_int_equal(send_raw("refuse\0001-2", 11, 1),
                         HELPER_NO_ANSWER); /* a name, which may be another's by now */
        assert_int_equal(send_raw(large, sizeof(large), 1), HELPER_NO_ANSWER); /* cut off it would be one */
        assert_false(is_there("ran"));
        /* The control, by the same way. */
        assert_int_equal(send_raw("close", 6, 1), 0);
        assert_true(is_there("ran"));
}

static void socket_is_its_owners(void **state)
{
        struct stat st;

        (void) state;
        script("exit 0");
        start_server();
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        /* A second server takes its place; a socket that was left behind stops nobody. */
        stop_server();
        assert_int_equal(access(path, F_OK), 0);
        start_server();
        usleep(100000);
        assert_int_equal(send_raw("close", 6, 1), 0);
}

/* Were the socket's modes lost, it still hears nobody but root. */
static void nobody_else_is_heard(void **state)
{
        int status;
        pid_t child;

        (void) state;
        if (geteuid() != 0)
                skip();
        script("echo > $root/ran; exit 0");
        start_server();
        assert_int_equal(chmod(bed.root, 0777), 0);
        assert_int_equal(chmod(path, 0666), 0);
        child = fork();
        if (child == 0)
                _exit(setgid(NOBODY) == 0 && setuid(NOBODY) == 0 ? send_raw("close", 6, 1) : 99);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), HELPER_NO_ANSWER);
        assert_false(is_there("ran"));
        assert_int_equal(send_raw("close", 6, 1), 0); /* the control */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(deed_is_done_and_told, setup, teardown),
                cmocka_unit_test_setup_teardown(gate_gets_three_descriptors_and_two_variables, setup, teardown),
                cmocka_unit_test_setup_teardown(signal_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(slow_one_holds_nobody_up, setup, teardown),
                cmocka_unit_test_setup_teardown(nobody_there_is_a_failure_that_is_tried_again, setup, teardown),
                cmocka_unit_test_setup_teardown(deed_outlives_the_server, setup, teardown),
                cmocka_unit_test_setup_teardown(what_is_no_deed_is_not_done, setup, teardown),
                cmocka_unit_test_setup_teardown(socket_is_its_owners, setup, teardown),
                cmocka_unit_test_setup_teardown(nobody_else_is_heard, setup, teardown),
        };

        return cmocka_run_group_tests_name("helper", tests, NULL, NULL);
}
