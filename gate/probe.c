/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The child has the disk, open for reading, as descriptor 3, and a pipe for one line; it gives up its rights itself before
 * it reads (probe/confine.c). It knows nothing of /sys, so it is told what the kernel calls partitions. */

#include "gate/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "common/text.h"
#include "gate/node.h"

#define PART_MAX 48U /* "START+SECTORS" */

/* The child's arguments: its name, a partition each, NULL. */
struct call {
        char parts[PROBE_PARTS_MAX][PART_MAX];
        char *arguments[PROBE_PARTS_MAX + 2];
        size_t n;
};

bool probe_is_empty(const struct device *lun, const char *disk)
{
        char path[SYSFS_NAME_MAX + 32];
        uint64_t sectors;

        snprintf(path, sizeof path, "block/%s/size", disk);
        return sysfs_read_number(lun->dirfd, path, 10, UINT64_MAX, &sectors) == 0 && sectors == 0;
}

/* 0; -E2BIG: more partitions than are looked at; -errno. */
static int read_parts(const struct device *lun, const char *disk, struct call *call)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char path[SYSFS_NAME_MAX + 32];
        int fd;

        snprintf(path, sizeof path, "block/%s", disk);
        fd = openat(lun->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stream = fd < 0 ? NULL : fdopendir(fd);
        if (!stream) {
                int r = -errno;

                if (fd >= 0)
                        close(fd);
                return r;
        }
        while ((entry = readdir(stream))) {
                uint64_t start, sectors;

                if ((size_t) snprintf(path, sizeof path, "%s/partition", entry->d_name) >= sizeof path ||
                    faccessat(dirfd(stream), path, F_OK, 0) < 0)
                        continue;
                if (call->n == PROBE_PARTS_MAX)
                        return -E2BIG;
                snprintf(path, sizeof path, "%s/start", entry->d_name);
                if (sysfs_read_number(dirfd(stream), path, 10, UINT64_MAX, &start) < 0)
                        return -EAGAIN;
                snprintf(path, sizeof path, "%s/size", entry->d_name);
                if (sysfs_read_number(dirfd(stream), path, 10, UINT64_MAX, &sectors) < 0)
                        return -EAGAIN;
                snprintf(call->parts[call->n], PART_MAX, "%" PRIu64 "+%" PRIu64, start, sectors);
                call->n++;
        }
        return 0;
}

/* In the child. */
static _Noreturn void become_probe(const char *program, char *const arguments[], int disk, int pipe_end)
{
        static char *const environment[] = { NULL };
        int null;

        /* Clear of where they will go. */
        disk = fcntl(disk, F_DUPFD, 10);
        pipe_end = fcntl(pipe_end, F_DUPFD, 10);
        null = open("/dev/null", O_RDWR);
        if (disk < 0 || pipe_end < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
            dup2(pipe_end, STDOUT_FILENO) < 0 || dup2(disk, 3) < 0 || close_range(4, UINT_MAX, 0) < 0)
                _exit(PROBE_TROUBLE);
        signal(SIGPIPE, SIG_DFL);
        execve(program, arguments, environment);
        _exit(PROBE_TROUBLE);
}

static int64_t now_msec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Its line, until it has none more to say. false: the time is over. */
static bool read_line(int fd, char *line, size_t size)
{
        const int64_t end = now_msec() + PROBE_SECONDS * 1000;
        size_t length = 0;

        for (;;) {
                struct pollfd ready = { .fd = fd, .events = POLLIN };
                char rest[64];
                int64_t left = end - now_msec();
                ssize_t n;

                if (left <= 0 || poll(&ready, 1, (int) left) == 0)
                        return false;
                n = length + 1 < size ? read(fd, line + length, size - 1 - length) : read(fd, rest, sizeof rest);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        text_clean(line, strcspn(line, "\n"), line, size);
                        return true;
                }
                if (length + 1 < size) {
                        length += (size_t) n;
                        line[length] = '\0';
                }
        }
}

/* Only the three codes are answers. */
static enum probe_answer answer_of(int status, char *why, size_t size)
{
        if (WIFEXITED(status) && (WEXITSTATUS(status) == PROBE_ENCRYPTED || WEXITSTATUS(status) == PROBE_PLAIN) &&
            why[0])
                return WEXITSTATUS(status) == PROBE_ENCRYPTED ? PROBE_ENCRYPTED : PROBE_PLAIN;
        if (!why[0])
                snprintf(why, size, "lekdicht-probe ended with %s %d", WIFSIGNALED(status) ? "signal" : "code",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return PROBE_TROUBLE;
}

static enum probe_answer ask(const char *program, char *const arguments[], int disk, char *why, size_t size)
{
        CLEANUP(cleanup_close) int reads = -1;
        int ends[2], status;
        pid_t child;

        if (pipe2(ends, O_CLOEXEC) < 0)
                goto no_child;
        reads = ends[0];
        child = fork();
        if (child == 0)
                become_probe(program, arguments, disk, ends[1]);
        close(ends[1]);
        if (child < 0)
                goto no_child;
        if (!read_line(reads, why, size)) {
                /* One that waits for the disk inside the kernel cannot even be killed; nobody waits for it. */
                kill(child, SIGKILL);
                snprintf(why, size, "it did not answer within %u seconds", PROBE_SECONDS);
                return PROBE_TROUBLE;
        }
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        goto no_child;
        return answer_of(status, why, size);

no_child:
        snprintf(why, size, "no process for it: %s", strerror(errno));
        return PROBE_TROUBLE;
}

enum probe_answer probe(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq,
                        char *why, size_t size)
{
        static char name[] = "lekdicht-probe";
        static struct call call; /* too large for the stack */
        CLEANUP(cleanup_close) int fd = node_open(roots, disk, diskseq);
        int r = fd < 0 ? fd : 0;

        why[0] = '\0';
        call.n = 0;
        if (r == 0)
                r = read_parts(lun, disk, &call);
        if (r == -E2BIG) {
                snprintf(why, size, "it has more than %u partitions", PROBE_PARTS_MAX);
                return PROBE_PLAIN;
        }
        if (r < 0) {
                snprintf(why, size, "%s", strerror(-r));
                return PROBE_TROUBLE;
        }
        call.arguments[0] = name;
        for (size_t i = 0; i < call.n; i++)
                call.arguments[i + 1] = call.parts[i];
        call.arguments[call.n + 1] = NULL;
        return ask(roots->probe, call.arguments, fd, why, size);
}
