/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define DELETED     " (deleted)"
#define START_FIELD 22 /* of /proc/PID/stat, counted from 1; proc(5) */

int process_peek(int proc, pid_t pid, char out[static PROCESS_PROGRAM_MAX])
{
        char path[sizeof("2147483647/exe")];
        ssize_t n;

        snprintf(path, sizeof(path), "%d/exe", (int) pid);
        n = readlinkat(proc, path, out, PROCESS_PROGRAM_MAX - 1);
        if (n < 0)
                return -errno;
        if ((size_t) n > strlen(DELETED) && memcmp(out + n - strlen(DELETED), DELETED, strlen(DELETED)) == 0)
                n -= (ssize_t) strlen(DELETED);
        out[n] = '\0';
        return 0;
}

int process_open(int proc, pid_t pid)
{
        char path[sizeof("2147483647")];
        int fd;

        snprintf(path, sizeof(path), "%d", (int) pid);
        fd = openat(proc, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* At most size bytes of a small file of /proc. How many, or -errno. */
static ssize_t read_file(int fd, const char *name, char *out, size_t size)
{
        CLEANUP(cleanup_close) int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        size_t n = 0;

        if (file < 0)
                return -errno;
        while (n < size) {
                ssize_t got = read(file, out + n, size - n);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                n += (size_t) got;
        }
        return (ssize_t) n;
}

/* What follows "from" within size bytes, to the next c: the pointer behind that c, or NULL. */
static const char *behind(const char *from, const char *end, char c)
{
        const char *found = from < end ? memchr(from, c, (size_t) (end - from)) : NULL;

        return found ? found + 1 : NULL;
}

/* Digits up to something else. */
static int read_number(const char *from, const char *end, uint64_t *ret)
{
        uint64_t value = 0;
        const char *at = from;

        for (; at < end && *at >= '0' && *at <= '9'; at++) {
                if (value > (UINT64_MAX - 9) / 10)
                        return -EBADMSG;
                value = value * 10 + (uint64_t) (*at - '0');
        }
        if (at == from || at == end)
                return -EBADMSG;
        *ret = value;
        return 0;
}

int process_parse_start(const char *stat, size_t size, uint64_t *ret)
{
        const char *end = stat + size, *at = memrchr(stat, ')', size);

        /* The second field is the process's own name, which may hold anything: the last ')' ends it. */
        at = at ? behind(at, end, ' ') : NULL;
        for (int field = 3; at && field < START_FIELD; field++)
                at = behind(at, end, ' ');
        return at ? read_number(at, end, ret) : -EBADMSG;
}

/* The first number, the real one, behind a key. */
static int read_id(const char *status, const char *end, const char *key, uint32_t *ret)
{
        const char *at = memmem(status, (size_t) (end - status), key, strlen(key));
        uint64_t value;

        if (!at || read_number(at + strlen(key), end, &value) < 0 || value > UINT32_MAX)
                return -EBADMSG;
        *ret = (uint32_t) value;
        return 0;
}

int process_parse_user(const char *status, size_t size, uid_t *ret_uid, gid_t *ret_gid)
{
        /* The first line has the process's name, with its line feeds escaped by the kernel. */
        int r = read_id(status, status + size, "\nUid:\t", ret_uid);

        return r < 0 ? r : read_id(status, status + size, "\nGid:\t", ret_gid);
}

void process_parse_flatpak(const char *cgroup, size_t size, char ret[static PROCESS_FLATPAK_MAX])
{
        static const char before[] = "/app-flatpak-", after[] = ".scope";
        const char *end = cgroup + size;

        ret[0] = '\0';
        for (const char *line = cgroup, *next; line && line < end; line = next) {
                const char *stop = memchr(line, '\n', (size_t) (end - line)) ?: end;
                const char *last = memrchr(line, '/', (size_t) (stop - line)), *dash;

                next = stop < end ? stop + 1 : NULL;
                if (!last || (size_t) (stop - last) < strlen(before) + strlen(after) ||
                    memcmp(last, before, strlen(before)) != 0 ||
                    memcmp(stop - strlen(after), after, strlen(after)) != 0)
                        continue;
                last += strlen(before);
                dash = memrchr(last, '-', (size_t) (stop - last)); /* then a number */
                if (!dash || (size_t) (dash - last) >= PROCESS_FLATPAK_MAX)
                        continue;
                memcpy(ret, last, (size_t) (dash - last));
                ret[dash - last] = '\0';
                return;
        }
}

void process_parse_snap(const char *cgroup, size_t size, char ret[static PROCESS_SNAP_MAX])
{
        static const char before[] = "/snap.";
        const char *end = cgroup + size;

        ret[0] = '\0';
        for (const char *line = cgroup, *next; line && line < end; line = next) {
                const char *stop = memchr(line, '\n', (size_t) (end - line)) ?: end;
                const char *last = memrchr(line, '/', (size_t) (stop - line)), *dot;

                next = stop < end ? stop + 1 : NULL;
                if (!last || (size_t) (stop - last) < strlen(before) || memcmp(last, before, strlen(before)) != 0)
                        continue;
                last += strlen(before);
                dot = memchr(last, '.',
                             (size_t) (stop - last)); /* then the name of the command, and what the group is */
                if (!dot || !memchr(dot + 1, '.', (size_t) (stop - dot - 1)) ||
                    (size_t) (dot - last) >= PROCESS_SNAP_MAX)
                        continue;
                memcpy(ret, last, (size_t) (dot - last));
                ret[dot - last] = '\0';
                return;
        }
}

/* A program that was taken away while it runs has this behind its path; but a file can be called like that. */
static void strip_deleted(int fd, char *program)
{
        size_t size = strlen(program);
        struct stat st;

        if (size > strlen(DELETED) && strcmp(program + size - strlen(DELETED), DELETED) == 0 &&
            fstatat(fd, "exe", &st, 0) == 0 && st.st_nlink == 0)
                program[size - strlen(DELETED)] = '\0';
}

static int read_arguments(int fd, struct process *process)
{
        char line[PROCESS_ARGUMENTS_MAX];
        ssize_t n = read_file(fd, "cmdline", line, sizeof(line));
        const char *first;

        if (n < 0)
                return (int) n;
        process->arguments_size = 0;
        first = behind(line, line + n, '\0');
        if (!first)
                return 0;
        process->arguments_size = (size_t) (line + n - first);
        memcpy(process->arguments, first, process->arguments_size);
        return 0;
}

int process_read(int fd, struct process *ret)
{
        char text[PROCESS_TEXT_MAX];
        ssize_t n = readlinkat(fd, "exe", ret->program, sizeof(ret->program) - 1);
        int r;

        if (n < 0)
                return -errno;
        ret->program[n] = '\0';
        strip_deleted(fd, ret->program);
        n = read_file(fd, "stat", text, sizeof(text));
        r = n < 0 ? (int) n : process_parse_start(text, (size_t) n, &ret->start);
        if (r < 0)
                return r;
        n = read_file(fd, "status", text, sizeof(text));
        r = n < 0 ? (int) n : process_parse_user(text, (size_t) n, &ret->uid, &ret->gid);
        if (r < 0)
                return r;
        n = read_file(fd, "cgroup", text, sizeof(text));
        process_parse_flatpak(text, n < 0 ? 0 : (size_t) n, ret->flatpak);
        process_parse_snap(text, n < 0 ? 0 : (size_t) n, ret->snap);
        return read_arguments(fd, ret);
}

ssize_t process_environment(int fd, char *out, size_t size)
{
        return read_file(fd, "environ", out, size);
}

bool process_lives(int fd)
{
        char text[PROCESS_TEXT_MAX];
        uint64_t start;
        ssize_t n = read_file(fd, "stat", text, sizeof(text));

        return n >= 0 && process_parse_start(text, (size_t) n, &start) >= 0;
}

void process_marks(const struct process *process, struct process_marks *ret)
{
        const char *at = process->arguments, *end = at + process->arguments_size;

        *ret = (struct process_marks){ .program = process->program,
                                       .flatpak = process->flatpak,
                                       .snap = process->snap };
        /* One that is cut off has no NUL, and is not looked at. */
        for (size_t i = 0; i < CATALOGUE_ARGUMENTS; i++) {
                const char *next = behind(at, end, '\0');

                if (!next)
                        break;
                ret->arguments[i] = at;
                at = next;
        }
}
