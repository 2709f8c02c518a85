/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One child for each device: it reads three attributes through the pinned directory, writes them into a pipe as one
 * record of fixed size (less than PIPE_BUF, so whole or not at all) and exits. A device that never answers costs
 * a sleeping child and nothing else. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/device.h"
#include "agent/strings.h"
#include "common/cleanup.h"
#include "common/sysfs.h"
#include "common/text.h"

struct record {
        char manufacturer[DEVICE_TEXT_MAX / 2 - 1], product[DEVICE_TEXT_MAX / 2], serial[DEVICE_SERIAL_MAX];
};
_Static_assert(sizeof(struct record) <= PIPE_BUF, "a record is written whole");

struct reader {
        struct strings *strings;
        uint64_t device;
        int dirfd;
        int pipe; /* -1: waits for its turn */
        sd_event_source *child;
        struct reader *next;
};

struct strings {
        sd_event *loop;
        strings_callback callback;
        void *userdata;
        struct reader *readers;
        unsigned running, total;
};

int strings_new(sd_event *loop, strings_callback callback, void *userdata, struct strings **ret)
{
        struct strings *strings = calloc(1, sizeof(*strings));

        if (!strings)
                return -ENOMEM;
        strings->loop = sd_event_ref(loop);
        strings->callback = callback;
        strings->userdata = userdata;
        *ret = strings;
        return 0;
}

static void drop(struct reader *reader)
{
        struct reader **at = &reader->strings->readers;

        while (*at != reader)
                at = &(*at)->next;
        *at = reader->next;
        reader->strings->total--;
        sd_event_source_disable_unref(reader->child);
        if (reader->pipe >= 0)
                close(reader->pipe);
        if (reader->dirfd >= 0)
                close(reader->dirfd);
        free(reader);
}

struct strings *strings_free(struct strings *strings)
{
        if (!strings)
                return NULL;
        while (strings->readers)
                drop(strings->readers);
        sd_event_unref(strings->loop);
        free(strings);
        return NULL;
}

/* As sysfs_read_text(), by system calls alone: at the fork another thread may have held a lock of any library's. */
static void read_attribute(int dirfd, const char *name, char *buffer, size_t size)
{
        char raw[SYSFS_ATTRIBUTE_MAX];
        long fd = syscall(SYS_openat, dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0), n;

        if (fd < 0)
                return;
        n = syscall(SYS_read, (int) fd, raw, sizeof(raw));
        if (n > 0)
                (void) text_clean(raw, (size_t) n, buffer, size);
        (void) syscall(SYS_close, (int) fd);
}

/* In the child: nothing but system calls and our own pure functions. */
static _Noreturn void child(int dirfd, int pipe_fd)
{
        struct record record = { 0 };

        /* Whatever else the agent has open (its lock, the bus, its output) must not outlive it here. */
        dup2(dirfd, 3);
        dup2(pipe_fd, 4);
        close_range(5, UINT_MAX, 0);
        close_range(0, 2, 0);
        signal(SIGTERM, SIG_DFL);
        read_attribute(3, "manufacturer", record.manufacturer, sizeof(record.manufacturer));
        read_attribute(3, "product", record.product, sizeof(record.product));
        read_attribute(3, "serial", record.serial, sizeof(record.serial));
        _exit(syscall(SYS_write, 4, &record, sizeof(record)) == (long) sizeof(record) ? 0 : 1);
}

static void start_all(struct strings *strings);

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        struct reader *reader = userdata;
        struct strings *strings = reader->strings;
        struct record record = { 0 };
        char text[DEVICE_TEXT_MAX];
        uint64_t device = reader->device;

        (void) source;
        (void) info;
        if (read(reader->pipe, &record, sizeof(record)) != (ssize_t) sizeof(record))
                record = (struct record){ 0 };
        drop(reader);
        strings->running--;
        snprintf(text, sizeof(text), "%s%s%s", record.manufacturer,
                 record.manufacturer[0] && record.product[0] ? " " : "", record.product);
        strings->callback(strings->userdata, device, text, record.serial);
        start_all(strings);
        return 0;
}

static int start(struct reader *reader)
{
        CLEANUP(cleanup_close) int write_end = -1;
        int ends[2], r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        reader->pipe = ends[0];
        write_end = ends[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                /* Clear of 3 and 4, where they will go. */
                int dirfd = fcntl(reader->dirfd, F_DUPFD, 5), pipe_fd = fcntl(write_end, F_DUPFD, 5);

                if (dirfd < 0 || pipe_fd < 0)
                        _exit(1);
                child(dirfd, pipe_fd);
        }
        r = sd_event_add_child(reader->strings->loop, &reader->child, pid, WEXITED, on_child, reader);
        if (r >= 0)
                reader->strings->running++;
        return r;
}

static void start_all(struct strings *strings)
{
        for (struct reader *reader = strings->readers, *next; reader; reader = next) {
                next = reader->next;
                if (strings->running >= STRINGS_READERS_MAX)
                        return;
                if (reader->child)
                        continue;
                if (start(reader) < 0 && reader->pipe >= 0) {
                        close(reader->pipe);
                        reader->pipe = -1; /* no processes left: with the next one that ends it is tried again */
                }
        }
}

int strings_read(struct strings *strings, uint64_t device, int dirfd)
{
        struct reader *reader, **at;

        if (strings->total >= STRINGS_QUEUE_MAX)
                return -ENOBUFS;
        reader = calloc(1, sizeof(*reader));
        if (!reader)
                return -ENOMEM;
        reader->strings = strings;
        reader->device = device;
        reader->pipe = -1;
        reader->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
        for (at = &strings->readers; *at; at = &(*at)->next)
                ;
        *at = reader;
        strings->total++;
        if (reader->dirfd < 0) {
                int r = -errno;

                drop(reader);
                return r;
        }
        start_all(strings);
        return 0;
}
