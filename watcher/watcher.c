/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is started is looked up by name. What could be a client waits a moment (waiting.c) and is then read whole; what is one
 * is followed until it ends (running.c). */

#include "watcher/watcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "watcher/connector.h"
#include "watcher/findings.h"
#include "watcher/fusemounts.h"
#include "watcher/homes.h"
#include "watcher/process.h"
#include "watcher/report.h"
#include "watcher/running.h"
#include "watcher/waiting.h"

/* People have a number from 1000 on; systemd gives 61184 to 65519 to services, and 65534 is nobody. */
#define UID_FIRST        1000U
#define UID_SERVICES     61184U
#define UID_SERVICES_END 65535U

struct watcher {
        sd_event *loop;
        const struct watcher_config *config;
        int proc;
        struct connector *connector; /* NULL: there is none, and everything is looked at often */
        struct fusemounts *mounts;
        struct report *report;
        struct questions *questions;
        struct homes *homes;
        struct waiting *waiting;
        struct running *running;
        sd_event_source *scan;
};

DEFINE_CLEANUP(cleanup_watcher, struct watcher *, watcher_free)

static bool is_person(uid_t uid)
{
        return uid >= UID_FIRST && (uid < UID_SERVICES || uid > UID_SERVICES_END);
}

/* ---- what is told ---- */

struct telling {
        struct watcher *watcher;
        struct findings findings;
};

static void add_mount(void *userdata, const struct mount_seen *mount)
{
        struct telling *telling = userdata;
        struct found_client found =
                catalogue_find_mount(telling->watcher->config->catalogue, mount->type, mount->source);

        /* The service of one that was seen to run is better known from there. */
        if (found.client && is_person(mount->uid) && !findings_have(&telling->findings, mount->uid, found.client))
                findings_add(&telling->findings, mount->uid, found.client, found.client->service, "", found.mark, 0);
}

static void tell(struct watcher *watcher)
{
        struct telling telling = { .watcher = watcher };
        int r;

        running_tell(watcher->running, &telling.findings);
        r = watcher->mounts ? fusemounts_each(watcher->mounts, add_mount, &telling) : 0;
        if (r < 0)
                fprintf(stderr, "lekdicht-watch: mounts cannot be read: %s\n", strerror(-r));
        if (watcher->homes)
                homes_add(watcher->homes, &telling.findings);
        report_tell(watcher->report, watcher->connector ? "events" : "scan", &telling.findings);
}

/* ---- what waits ---- */

static void on_waited(void *userdata, pid_t pid, int fd)
{
        struct watcher *watcher = userdata;
        struct process process;
        struct process_marks marks;
        struct found_client found;

        if (process_read(fd, &process) < 0 || !is_person(process.uid))
                return;
        process_marks(&process, &marks);
        found = catalogue_find(watcher->config->catalogue, &marks);
        if (found.client)
                running_add(watcher->running, pid, fd, &process, found);
}

static void scan_at(struct watcher *watcher, uint64_t usec);

static void add_waiting(struct watcher *watcher, pid_t pid)
{
        if (waiting_add(watcher->waiting, watcher->proc, pid, watcher->config->dwell_usec) < 0)
                scan_at(watcher, clock_usec(CLOCK_MONOTONIC) + watcher->config->dwell_usec);
}

/* ---- what comes in ---- */

static bool may_be(struct watcher *watcher, pid_t pid)
{
        char program[PROCESS_PROGRAM_MAX];

        return process_peek(watcher->proc, pid, program) >= 0 &&
               catalogue_may_have(watcher->config->catalogue, program);
}

static void on_started(void *userdata, pid_t pid)
{
        struct watcher *watcher = userdata;

        if (running_forget(watcher->running, pid)) /* the same process is another program now */
                tell(watcher);
        if (may_be(watcher, pid))
                add_waiting(watcher, pid);
}

static void scan(struct watcher *watcher)
{
        CLEANUP(cleanup_closedir) DIR *directory = NULL;
        int fd = openat(watcher->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        directory = fd >= 0 ? fdopendir(fd) : NULL;
        if (!directory) {
                fprintf(stderr, "lekdicht-watch: %s cannot be listed: %m\n", watcher->config->proc);
                return;
        }
        for (const struct dirent *entry; (entry = readdir(directory));) {
                int pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : 0;

                if (pid > 0 && !running_has(watcher->running, pid) && may_be(watcher, pid))
                        add_waiting(watcher, pid);
        }
}

static int on_scan(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct watcher *watcher = userdata;

        (void) source;
        (void) usec;
        scan(watcher);
        scan_at(watcher, clock_usec(CLOCK_MONOTONIC) + (watcher->connector ? WATCHER_SCAN_USEC : WATCHER_POLL_USEC));
        return 0;
}

/* The next one comes then, if it does not come earlier. */
static void scan_at(struct watcher *watcher, uint64_t usec)
{
        uint64_t planned;

        if (watcher->scan && sd_event_source_get_enabled(watcher->scan, NULL) > 0 &&
            sd_event_source_get_time(watcher->scan, &planned) >= 0 && planned <= usec)
                return;
        watcher->scan = sd_event_source_disable_unref(watcher->scan);
        (void) sd_event_add_time(watcher->loop, &watcher->scan, CLOCK_MONOTONIC, usec, 0, on_scan, watcher);
}

static void on_lost(void *userdata)
{
        struct watcher *watcher = userdata;

        scan_at(watcher, clock_usec(CLOCK_MONOTONIC) + WATCHER_AGAIN_USEC);
}

static void on_changed(void *userdata)
{
        tell(userdata);
}

static void on_stops(void *userdata, const struct report_stop *stops, size_t n)
{
        struct watcher *watcher = userdata;

        running_stop(watcher->running, stops, n);
}

/* ---- the whole ---- */

static int watch_everything(struct watcher *watcher)
{
        int r = watcher->config->by_scan
                        ? -EOPNOTSUPP
                        : connector_new(watcher->loop,
                                        &(struct connector_ops){
                                                .started = on_started, .lost = on_lost, .userdata = watcher },
                                        &watcher->connector);

        if (r < 0)
                fprintf(stderr, "lekdicht-watch: the kernel does not tell of starts (%s): looking every %llu s\n",
                        strerror(-r), WATCHER_POLL_USEC / CLOCK_USEC_A_SEC);
        r = fusemounts_new(watcher->loop, watcher->proc, on_changed, watcher, &watcher->mounts);
        if (r < 0)
                fprintf(stderr, "lekdicht-watch: mounts cannot be watched: %s\n", strerror(-r));
        r = homes_new(watcher->loop,
                      &(struct homes_config){ .catalogue = watcher->config->catalogue,
                                              .questions = watcher->questions,
                                              .users = watcher->config->users,
                                              .is_person = is_person,
                                              .day_usec = watcher->config->day_usec,
                                              .changed = on_changed,
                                              .userdata = watcher },
                      &watcher->homes);
        if (r < 0)
                return r;
        /* After the connector listens: nothing is started between the two. */
        scan(watcher);
        scan_at(watcher, clock_usec(CLOCK_MONOTONIC) + (watcher->connector ? WATCHER_SCAN_USEC : WATCHER_POLL_USEC));
        tell(watcher);
        return 0;
}

int watcher_new(sd_event *loop, const struct watcher_config *config, struct watcher **ret)
{
        CLEANUP(cleanup_watcher) struct watcher *watcher = calloc(1, sizeof(*watcher));
        int r;

        if (!watcher)
                return -ENOMEM;
        watcher->loop = sd_event_ref(loop);
        watcher->config = config;
        watcher->proc = open(config->proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (watcher->proc < 0)
                return -errno;
        r = questions_new(loop, &watcher->questions);
        if (r >= 0)
                r = running_new(loop,
                                &(struct running_config){ .proc = watcher->proc,
                                                          .questions = watcher->questions,
                                                          .changed = on_changed,
                                                          .userdata = watcher },
                                &watcher->running);
        if (r >= 0)
                r = waiting_new(loop, on_waited, on_changed, watcher, &watcher->waiting);
        if (r >= 0)
                r = report_new(loop, config->bus, on_stops, watcher, &watcher->report);
        if (r >= 0)
                r = watch_everything(watcher);
        if (r < 0)
                return r;
        *ret = watcher;
        watcher = NULL;
        return 0;
}

struct watcher *watcher_free(struct watcher *watcher)
{
        if (!watcher)
                return NULL;
        connector_free(watcher->connector);
        fusemounts_free(watcher->mounts);
        sd_event_source_disable_unref(watcher->scan);
        waiting_free(watcher->waiting);
        running_free(watcher->running);
        homes_free(watcher->homes);
        questions_free(watcher->questions);
        report_free(watcher->report);
        if (watcher->proc >= 0)
                close(watcher->proc);
        sd_event_unref(watcher->loop);
        free(watcher);
        return NULL;
}
