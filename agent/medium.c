/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One child for each logical unit. It tells one byte when the answer is another than before, and sleeps in poll() on the
 * pipe that it writes to: when the agent closes its end, or dies, that wakes the child and it ends. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <scsi/sg.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/medium.h"
#include "common/cleanup.h"
#include "common/sysfs.h"

#define SG_MAX          256U
#define SG_TIMEOUT_MSEC 5000U
#define ATTENTIONS_MAX  4U
#define SESSIONS        "/run/systemd/sessions" /* logind's: a file for each */

struct watched {
        struct media *media;
        uint64_t target;
        bool forgotten; /* the child has not ended yet */
        int pipe;
        sd_event_source *child, *io;
        struct watched *next;
};

struct media {
        sd_event *loop;
        media_test test;
        media_callback callback;
        void *userdata;
        struct watched *first;
        unsigned n;
};

/* ---- in the child: system calls only ---- */

int medium_of_sense(unsigned status, unsigned host_status, const uint8_t *sense, unsigned n)
{
        unsigned key, code;

        if (host_status != 0)
                return MEDIUM_UNKNOWN;
        if (status == 0)
                return MEDIUM_PRESENT;
        if (n >= 13 && (sense[0] & 0x7e) == 0x70) { /* fixed format */
                key = sense[2] & 0xf;
                code = sense[12];
        } else if (n >= 4 && (sense[0] & 0x7e) == 0x72) { /* descriptors */
                key = sense[1] & 0xf;
                code = sense[2];
        } else {
                return MEDIUM_UNKNOWN;
        }
        if (key == 0x6) /* unit attention */
                return -EAGAIN;
        if (key == 0x2) /* not ready: no medium, or not yet */
                return code == 0x3a ? MEDIUM_ABSENT : MEDIUM_UNKNOWN;
        return MEDIUM_PRESENT;
}

static int open_generic(int dirfd)
{
        CLEANUP(cleanup_close) int fd = -1;
        char path[64], text[32];
        unsigned major, minor;
        struct stat st;

        for (unsigned i = 0; i < SG_MAX; i++) {
                snprintf(path, sizeof(path), "scsi_generic/sg%u/dev", i);
                if (sysfs_read_text(dirfd, path, text, sizeof(text)) <= 0 || sscanf(text, "%u:%u", &major, &minor) != 2)
                        continue;
                snprintf(path, sizeof(path), "/dev/sg%u", i);
                fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
                if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(major, minor))
                        return -ENODEV;
                return steal_fd(&fd);
        }
        return -ENOENT;
}

static enum medium test_unit_ready(int dirfd)
{
        CLEANUP(cleanup_close) int fd = open_generic(dirfd);
        int answer = -EAGAIN;

        for (unsigned i = 0; fd >= 0 && answer == -EAGAIN && i < ATTENTIONS_MAX; i++) {
                uint8_t command[6] = { 0 }, sense[32] = { 0 };
                struct sg_io_hdr io = { .interface_id = 'S',
                                        .dxfer_direction = SG_DXFER_NONE,
                                        .cmdp = command,
                                        .cmd_len = sizeof(command),
                                        .sbp = sense,
                                        .mx_sb_len = sizeof(sense),
                                        .timeout = SG_TIMEOUT_MSEC };

                if (ioctl(fd, SG_IO, &io) < 0)
                        return MEDIUM_UNKNOWN;
                answer = medium_of_sense(io.status, io.host_status, sense, io.sb_len_wr);
        }
        return answer < 0 ? MEDIUM_UNKNOWN : (enum medium) answer;
}

/* Is anybody logged in? Without logind there is no telling. */
static bool is_session(void)
{
        CLEANUP(cleanup_close) int fd = open(SESSIONS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char entries[4096];
        long n;

        if (fd < 0)
                return true;
        n = syscall(SYS_getdents64, fd, entries, sizeof(entries));
        /* "." and ".." are 24 bytes each. */
        return n > 48;
}

static _Noreturn void child(media_test test, int dirfd, int pipe_fd)
{
        struct pollfd end = { .fd = 4 };
        enum medium last = _MEDIUM_MAX;

        dup2(dirfd, 3);
        dup2(pipe_fd, 4);
        close_range(5, UINT_MAX, 0);
        signal(SIGTERM, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        for (;;) {
                if (last == _MEDIUM_MAX || test != test_unit_ready || is_session()) {
                        enum medium now = test(3);
                        uint8_t byte = (uint8_t) now;

                        /* "Becoming ready" is no news of a card that was or was not there. */
                        if (now != last && (now != MEDIUM_UNKNOWN || last == _MEDIUM_MAX)) {
                                if (write(4, &byte, 1) != 1)
                                        _exit(0);
                                last = now;
                        }
                }
                if (poll(&end, 1, MEDIUM_POLL_MSEC) > 0 || !sysfs_alive(3))
                        _exit(0);
        }
}

/* ---- in the agent ---- */

int media_new(sd_event *loop, media_test test, media_callback callback, void *userdata, struct media **ret)
{
        struct media *media = calloc(1, sizeof(*media));

        if (!media)
                return -ENOMEM;
        media->loop = sd_event_ref(loop);
        media->test = test ?: test_unit_ready;
        media->callback = callback;
        media->userdata = userdata;
        *ret = media;
        return 0;
}

static void hang_up(struct watched *watched)
{
        watched->io = sd_event_source_disable_unref(watched->io);
        if (watched->pipe >= 0)
                close(watched->pipe);
        watched->pipe = -1;
}

static void drop(struct watched *watched)
{
        struct watched **at = &watched->media->first;

        while (*at != watched)
                at = &(*at)->next;
        *at = watched->next;
        watched->media->n--;
        hang_up(watched);
        sd_event_source_disable_unref(watched->child);
        free(watched);
}

struct media *media_free(struct media *media)
{
        if (!media)
                return NULL;
        while (media->first)
                drop(media->first);
        sd_event_unref(media->loop);
        free(media);
        return NULL;
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        (void) source;
        (void) info;
        drop(userdata);
        return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct watched *watched = userdata;
        struct media *media = watched->media;
        uint64_t target = watched->target;
        uint8_t bytes[64];
        ssize_t n = read(fd, bytes, sizeof(bytes));

        (void) source;
        (void) revents;
        if (n < 0)
                return 0;
        if (n == 0) {
                hang_up(watched); /* on_child() comes next */
                return 0;
        }
        if (bytes[n - 1] < _MEDIUM_MAX)
                media->callback(media->userdata, target, (enum medium) bytes[n - 1]);
        return 0;
}

static struct watched *find(struct media *media, uint64_t target)
{
        for (struct watched *watched = media->first; watched; watched = watched->next)
                if (watched->target == target && !watched->forgotten)
                        return watched;
        return NULL;
}

void media_forget(struct media *media, uint64_t target)
{
        struct watched *watched = find(media, target);

        if (!watched)
                return;
        watched->forgotten = true;
        hang_up(watched);
}

int media_watch(struct media *media, uint64_t target, int dirfd)
{
        CLEANUP(cleanup_close) int write_end = -1;
        struct watched *watched;
        int ends[2], r;
        pid_t pid;

        if (find(media, target))
                return 0;
        if (media->n >= MEDIUM_WATCHED_MAX)
                return -ENOBUFS;
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        write_end = ends[1];
        watched = calloc(1, sizeof(*watched));
        if (!watched) {
                close(ends[0]);
                return -ENOMEM;
        }
        watched->media = media;
        watched->target = target;
        watched->pipe = ends[0];
        watched->next = media->first;
        media->first = watched;
        media->n++;
        pid = fork();
        if (pid == 0) {
                /* Clear of 3 and 4, where they will go. */
                int unit = fcntl(dirfd, F_DUPFD, 5), pipe_fd = fcntl(write_end, F_DUPFD, 5);

                if (unit < 0 || pipe_fd < 0)
                        _exit(1);
                child(media->test, unit, pipe_fd);
        }
        r = pid < 0 ? -errno : sd_event_add_child(media->loop, &watched->child, pid, WEXITED, on_child, watched);
        if (r >= 0)
                r = sd_event_add_io(media->loop, &watched->io, watched->pipe, EPOLLIN, on_readable, watched);
        if (r < 0)
                drop(watched);
        return r < 0 ? r : 0;
}
