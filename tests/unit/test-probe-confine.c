/* links: probe/confine.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a process that has given up its rights can still do: each deed is tried in a child of its own. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/confine.h"

enum { MAY = 0, MAY_NOT = 10 };

/* As _exit(2), before which AddressSanitizer would do what is not on the list. */
static void leave(int code)
{
        (void) syscall(SYS_exit_group, code);
}

/* The child's exit code, or 128 + signal. */
static int tried(int (*deed)(void))
{
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0) {
                int fd = open("/etc/passwd", O_RDONLY);

                if (fd < 0 || dup2(fd, 3) < 0 || confine() < 0)
                        leave(99);
                leave(deed());
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int denied(long r)
{
        return r < 0 && (errno == EPERM || errno == EAGAIN || errno == EMFILE) ? MAY_NOT : MAY;
}

static int opens(void)
{
        return denied(open("/etc/passwd", O_RDONLY));
}

static int makes_a_file(void)
{
        return denied(open("/tmp/lekdicht-probe-was-here", O_WRONLY | O_CREAT, 0600));
}

static int forks(void)
{
        return denied(fork());
}

static int runs(void)
{
        return denied(execl("/bin/true", "true", NULL));
}

static int connects(void)
{
        return denied(socket(AF_INET, SOCK_STREAM, 0));
}

static int listens_to_the_kernel(void)
{
        return denied(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int kills(void)
{
        return denied(kill(getppid(), 0));
}

static int traces(void)
{
        return denied(syscall(SYS_ptrace, 16, getppid(), 0, 0));
}

static int commands_the_disk(void)
{
        return denied(syscall(SYS_ioctl, 3, 0x2285 /* SG_IO */, NULL));
}

static int becomes_root_again(void)
{
        return denied(setresuid(0, 0, 0));
}

#ifndef __SANITIZE_ADDRESS__ /* which has mapped more already */
static int maps_much(void)
{
        return syscall(SYS_mmap, NULL, 2UL * CONFINE_MEMORY, 3, 0x22, -1, 0) == -1 ? MAY_NOT : MAY;
}
#endif

static void none_of_these(void **state)
{
        int (*const deeds[])(void) = {
                opens,
                makes_a_file,
                forks,
                runs,
                connects,
                listens_to_the_kernel,
                kills,
                traces,
                commands_the_disk,
                becomes_root_again,
#ifndef __SANITIZE_ADDRESS__
                maps_much,
#endif
        };

        (void) state;
        for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
                if (tried(deeds[i]) != MAY_NOT)
                        fail_msg("deed %zu could be done, or ended it: %d", i, tried(deeds[i]));
}

static int reads_the_disk(void)
{
        char byte;

        return read(3, &byte, 1) == 1 && lseek(3, 0, SEEK_SET) == 0 && pread(3, &byte, 1, 1) == 1 ? 0 : 1;
}

static void but_it_reads_the_disk(void **state)
{
        (void) state;
        assert_int_equal(tried(reads_the_disk), 0);
}

/* What it is, asked from outside: it may not even ask for its own number. */
static void it_is_nobody_and_has_limits(void **state)
{
        char path[64], text[4096], *line;
        pid_t child;
        ssize_t n;
        int fd, status, ready[2];

        (void) state;
        assert_int_equal(pipe(ready), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                dup2(ready[1], 1);
                if (confine() < 0)
                        leave(99);
                (void) !write(1, "x", 1);
                for (volatile bool waits = true; waits;)
                        ;
        }
        assert_int_equal(read(ready[0], text, 1), 1);
        snprintf(path, sizeof path, "/proc/%d/status", (int) child);
        fd = open(path, O_RDONLY);
        n = read(fd, text, sizeof text - 1);
        assert_true(n > 0);
        text[n] = '\0';
        close(fd);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        close(ready[0]);
        close(ready[1]);
        assert_non_null(strstr(text, "NoNewPrivs:\t1\n"));
        assert_non_null(strstr(text, "Seccomp:\t2\n"));
        if (geteuid() != 0)
                return;
        line = strstr(text, "Uid:");
        assert_non_null(line);
        assert_int_equal(strncmp(line, "Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\n", 56), 0);
        assert_non_null(strstr(text, "CapEff:\t0000000000000000\n"));
        assert_non_null(strstr(text, "CapPrm:\t0000000000000000\n"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(none_of_these),
                cmocka_unit_test(but_it_reads_the_disk),
                cmocka_unit_test(it_is_nobody_and_has_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
