/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "watcher/process.h"

struct pinned {
        pid_t pid;
        int fd; /* of /proc/PID */
        uint64_t due;
};

struct waiting {
        sd_event *loop;
        sd_event_source *timer;
        waiting_over over;
        waiting_done done;
        void *userdata;
        struct pinned items[WAITING_MAX];
        size_t n;
};

int waiting_new(sd_event *loop, waiting_over over, waiting_done done, void *userdata, struct waiting **ret)
{
        struct waiting *waiting = calloc(1, sizeof(*waiting));

        if (!waiting)
                return -ENOMEM;
        waiting->loop = sd_event_ref(loop);
        waiting->over = over;
        waiting->done = done;
        waiting->userdata = userdata;
        *ret = waiting;
        return 0;
}

static void forget(struct waiting *waiting, size_t i)
{
        close(waiting->items[i].fd);
        waiting->items[i] = waiting->items[--waiting->n];
}

struct waiting *waiting_free(struct waiting *waiting)
{
        if (!waiting)
                return NULL;
        while (waiting->n > 0)
                forget(waiting, 0);
        sd_event_source_disable_unref(waiting->timer);
        sd_event_unref(waiting->loop);
        free(waiting);
        return NULL;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void set_timer(struct waiting *waiting)
{
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < waiting->n; i++)
                if (waiting->items[i].due < next)
                        next = waiting->items[i].due;
        waiting->timer = sd_event_source_disable_unref(waiting->timer);
        if (next != UINT64_MAX)
                (void) sd_event_add_time(waiting->loop, &waiting->timer, CLOCK_MONOTONIC, next, 0, on_timer, waiting);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct waiting *waiting = userdata;
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        (void) source;
        (void) usec;
        for (size_t i = 0; i < waiting->n;) {
                if (waiting->items[i].due > now) {
                        i++;
                        continue;
                }
                waiting->over(waiting->userdata, waiting->items[i].pid, waiting->items[i].fd);
                forget(waiting, i);
        }
        set_timer(waiting);
        waiting->done(waiting->userdata);
        return 0;
}

static bool has(const struct waiting *waiting, pid_t pid)
{
        for (size_t i = 0; i < waiting->n; i++)
                if (waiting->items[i].pid == pid)
                        return true;
        return false;
}

int waiting_add(struct waiting *waiting, int proc, pid_t pid, uint64_t dwell_usec)
{
        int fd;

        if (has(waiting, pid))
                return 0;
        if (waiting->n == WAITING_MAX)
                return -ENOBUFS;
        fd = process_open(proc, pid);
        if (fd < 0)
                return 0;
        waiting->items[waiting->n++] =
                (struct pinned){ .pid = pid, .fd = fd, .due = clock_usec(CLOCK_MONOTONIC) + dwell_usec };
        if (!waiting->timer)
                set_timer(waiting);
        return 0;
}
