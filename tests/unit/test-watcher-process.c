/* links: watcher/process.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* /proc as processes can make it look, and as the kernel makes it look for real ones. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "watcher/process.h"

static int proc;
static char folder[] = "/tmp/lekdicht-process.XXXXXX";

static int setup(void **state)
{
        (void) state;
        proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return proc < 0 || !mkdtemp(folder) ? -1 : 0;
}

static int teardown(void **state)
{
        char command[128];

        (void) state;
        close(proc);
        snprintf(command, sizeof(command), "rm -rf %s", folder);
        return system(command);
}

/* ---- text ---- */

static void start_comes_after_the_last_parenthesis(void **state)
{
        static const char rest[] = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n";
        static const char *const names[] = { "sh", "a) b", "x)\n1 (y", ") S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 99 (" };
        char text[256];
        uint64_t start;

        (void) state;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                int n = snprintf(text, sizeof(text), "42 (%s)%s", names[i], rest);

                assert_int_equal(process_parse_start(text, (size_t) n, &start), 0);
                assert_int_equal(start, 4711);
        }
        assert_int_equal(process_parse_start("", 0, &start), -EBADMSG);
        assert_int_equal(process_parse_start("42 (sh) S 1", 11, &start), -EBADMSG);
        assert_int_equal(process_parse_start("42 (sh", 6, &start), -EBADMSG);
}

static void user_is_the_real_one(void **state)
{
        static const char good[] = "Name:\tsh\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t100\t0\t0\t0\n";
        static const char liar[] = "Name:\tUid:\t0\nUid:\t1001\t1001\t1001\t1001\nGid:\t1002\t0\t0\t0\n";
        static const char *const bad[] = { "",
                                           "Name:\tsh\n",
                                           "Name:\tx\nUid:\tx\n",
                                           "Name:\tx\nUid:\t4294967296\t0\n",
                                           "Name:\tx\nUid:\t12",
                                           "Name:\tx\nUid:\t12\t0\n" };
        uid_t uid;
        gid_t gid;

        (void) state;
        assert_int_equal(process_parse_user(good, strlen(good), &uid, &gid), 0);
        assert_int_equal(uid, 1000);
        assert_int_equal(gid, 100);
        assert_int_equal(process_parse_user(liar, strlen(liar), &uid, &gid), 0);
        assert_int_equal(uid, 1001);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(process_parse_user(bad[i], strlen(bad[i]), &uid, &gid), -EBADMSG);
}

static void snap_is_in_the_control_group(void **state)
{
        static const struct {
                const char *cgroup, *name;
        } cases[] = {
                { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
                  "snap.telegram-desktop.telegram-desktop-0a1b2c3d.scope\n",
                  "telegram-desktop" },
                { "1:name=systemd:/x\n0::/system.slice/snap.jotta-cli.jottad.service\n", "jotta-cli" },
                { "0::/app.slice/snap.telegram-desktop\n", "" },
                { "0::/app.slice/snap.telegram-desktop.scope\n", "" },
                { "0::/snap.a.b.scope/inner\n", "" },
                { "0::/app.slice/snapd.service\n", "" },
                { "/snap.", "" },
                { "", "" },
        };
        char name[PROCESS_SNAP_MAX];

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                process_parse_snap(cases[i].cgroup, strlen(cases[i].cgroup), name);
                assert_string_equal(name, cases[i].name);
        }
}

static void flatpak_is_in_the_control_group(void **state)
{
        static const struct {
                const char *cgroup, *id;
        } cases[] = {
                { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
                  "app-flatpak-com.dropbox.Client-4711.scope\n",
                  "com.dropbox.Client" },
                { "1:name=systemd:/x\n0::/a/app-flatpak-org.a.b-c-1.scope\n", "org.a.b-c" },
                { "0::/a/app-flatpak-com.dropbox.Client.scope\n", "" },
                { "0::/app-flatpak-com.dropbox.Client-1.scope/inner\n", "" },
                { "0::/app-gnome-firefox-1.scope\n", "" },
                { "0::/\n", "" },
                { "", "" },
                { "app-flatpak-", "" },
        };
        char id[PROCESS_FLATPAK_MAX], text[1024];

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                process_parse_flatpak(cases[i].cgroup, strlen(cases[i].cgroup), id);
                assert_string_equal(id, cases[i].id);
        }
        memset(text, 'x', sizeof(text));
        memcpy(text, "0::/app-flatpak-", strlen("0::/app-flatpak-"));
        memcpy(text + sizeof(text) - 8, "-1.scope", 8);
        process_parse_flatpak(text, sizeof(text), id);
        assert_string_equal(id, "");
}

/* ---- real processes ---- */

static pid_t start(const char *const *argv)
{
        int ready[2];
        pid_t pid;
        char byte;

        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                execv(argv[0], (char *const *) (uintptr_t) argv);
                _exit(127);
        }
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 0); /* it is closed by the exec */
        close(ready[0]);
        return pid;
}

static void stop(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void copy(const char *from, const char *to)
{
        char command[512];

        snprintf(command, sizeof(command), "cp %s '%s'", from, to);
        assert_int_equal(system(command), 0);
}

static void a_process_is_read(void **state)
{
        static const char *const argv[] = { "/bin/sleep", "100", NULL };
        pid_t pid = start(argv);
        struct process process;
        struct process_marks marks;
        int fd = process_open(proc, pid);

        (void) state;
        assert_true(fd >= 0);
        assert_int_equal(process_read(fd, &process), 0);
        assert_int_equal(process.uid, getuid());
        assert_int_equal(process.gid, getgid());
        assert_true(process.start > 0);
        assert_non_null(strstr(process.program, "/sleep"));
        process_marks(&process, &marks);
        assert_string_equal(marks.arguments[0], "100");
        assert_null(marks.arguments[1]);
        assert_true(process_lives(fd));
        stop(pid);
        /* Whoever has its number later, this is not about him. */
        assert_false(process_lives(fd));
        assert_true(process_read(fd, &process) < 0);
        close(fd);
}

/* " (deleted)" is taken off what was deleted, and off nothing else. */
static void deleted_is_not_a_name(void **state)
{
        char gone[256], called[300];
        const char *argv[] = { gone, "100", NULL };
        struct process process;
        pid_t pid;
        int fd;

        (void) state;
        snprintf(gone, sizeof(gone), "%s/client", folder);
        snprintf(called, sizeof(called), "%s (deleted)", gone);
        copy("/bin/sleep", gone);
        copy("/bin/sleep", called);
        pid = start(argv);
        assert_int_equal(unlink(gone), 0);
        fd = process_open(proc, pid);
        assert_int_equal(process_read(fd, &process), 0);
        assert_string_equal(process.program, gone);
        close(fd);
        stop(pid);

        argv[0] = called;
        pid = start(argv);
        fd = process_open(proc, pid);
        assert_int_equal(process_read(fd, &process), 0);
        assert_string_equal(process.program, called);
        close(fd);
        stop(pid);
}

/* More than is looked at: the argument that is cut off is no argument. */
static void long_arguments_are_cut(void **state)
{
        char *big = malloc(2 * PROCESS_ARGUMENTS_MAX);
        const char *argv[] = { "/bin/sleep", "100", big, NULL };
        struct process process;
        struct process_marks marks;
        pid_t pid;
        int fd;

        (void) state;
        assert_non_null(big);
        memset(big, '0', 2 * PROCESS_ARGUMENTS_MAX - 1);
        big[2 * PROCESS_ARGUMENTS_MAX - 1] = '\0';
        pid = start(argv);
        fd = process_open(proc, pid);
        assert_int_equal(process_read(fd, &process), 0);
        process_marks(&process, &marks);
        assert_string_equal(marks.arguments[0], "100");
        assert_null(marks.arguments[1]);
        close(fd);
        stop(pid);
        free(big);
}

static void kernel_threads_and_nobody_are_none(void **state)
{
        char program[PROCESS_PROGRAM_MAX];

        (void) state;
        assert_true(process_peek(proc, 2147483647, program) < 0);
        assert_int_equal(process_open(proc, 2147483647), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(start_comes_after_the_last_parenthesis),
                cmocka_unit_test(user_is_the_real_one),
                cmocka_unit_test(flatpak_is_in_the_control_group),
                cmocka_unit_test(snap_is_in_the_control_group),
                cmocka_unit_test(a_process_is_read),
                cmocka_unit_test(deleted_is_not_a_name),
                cmocka_unit_test(long_arguments_are_cut),
                cmocka_unit_test(kernel_threads_and_nobody_are_none),
        };

        return cmocka_run_group_tests_name("watcher-process", tests, setup, teardown);
}
