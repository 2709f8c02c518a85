/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is started is looked up by name. What could be a client waits a moment, pinned by a descriptor, and is then read
 * whole: wrappers have become what they wrap, and a mere question to a client is over. What is one stays in a list until
 * its pidfd says that it ended. */

#include "watcher/watcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "watcher/connector.h"
#include "watcher/findings.h"
#include "watcher/fusemounts.h"
#include "watcher/homes.h"
#include "watcher/places.h"
#include "watcher/process.h"
#include "watcher/report.h"

/* People have a number from 1000 on; systemd gives 61184 to 65519 to services, and 65534 is nobody. */
#define UID_FIRST        1000U
#define UID_SERVICES     61184U
#define UID_SERVICES_END 65535U

struct waiting {
        pid_t pid;
        int fd; /* of /proc/PID */
        uint64_t due;
};

struct running {
        pid_t pid; /* 0: this place is free */
        int fd;    /* a pidfd */
        sd_event_source *ended;
        uid_t uid;
        struct found_client found;
        struct question *question; /* NULL: nothing is asked */
        struct places places;      /* where it copies to */
        struct watcher *watcher;
};

struct watcher {
        sd_event *loop;
        const struct watcher_config *config;
        int proc;
        struct connector *connector; /* NULL: there is none, and everything is looked at often */
        struct fusemounts *mounts;
        struct report *report;
        struct questions *questions;
        struct homes *homes;
        sd_event_source *timer, *scan;
        struct waiting waiting[WATCHER_WAITING_MAX];
        size_t n_waiting;
        struct running running[WATCHER_RUNNING_MAX];
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
                findings_add(&telling->findings, mount->uid, found.client, found.client->service, found.mark, 0);
}

static void tell(struct watcher *watcher)
{
        struct telling telling = { .watcher = watcher };
        int r;

        for (size_t i = 0; i < WATCHER_RUNNING_MAX; i++) {
                const struct running *running = &watcher->running[i];

                for (size_t k = 0; running->pid && k < running->places.n; k++)
                        findings_add(&telling.findings, running->uid, running->found.client,
                                     running->places.services[k], running->found.mark, running->pid);
        }
        r = watcher->mounts ? fusemounts_each(watcher->mounts, add_mount, &telling) : 0;
        if (r < 0)
                fprintf(stderr, "lekdicht-watch: mounts cannot be read: %s\n", strerror(-r));
        if (watcher->homes)
                homes_add(watcher->homes, &telling.findings);
        report_tell(watcher->report, watcher->connector ? "events" : "scan", &telling.findings);
}

/* ---- what runs ---- */

static void forget_running(struct running *running)
{
        sd_event_source_disable_unref(running->ended);
        questions_forget(running->question);
        if (running->pid)
                close(running->fd);
        *running = (struct running){ 0 };
}

static struct running *find_running(struct watcher *watcher, pid_t pid)
{
        for (size_t i = 0; i < WATCHER_RUNNING_MAX; i++)
                if (watcher->running[i].pid == pid)
                        return &watcher->running[i];
        return NULL;
}

static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct running *running = userdata;
        struct watcher *watcher = running->watcher;

        (void) source;
        (void) fd;
        (void) revents;
        forget_running(running);
        tell(watcher);
        return 0;
}

static void on_places(void *userdata, const char *text)
{
        struct running *running = userdata;

        running->question = NULL;
        places_read(text, &running->places);
        tell(running->watcher);
}

/* Where does it copy to? What it is asked of can take a while; until then it is not told. */
static void find_places(struct running *running, int fd, const struct process *process)
{
        const struct client *client = running->found.client;
        int r = client->lookup == LOOKUP_RCLONE
                        ? places_ask(running->watcher->questions, fd, process, on_places, running, &running->question)
                        : -EOPNOTSUPP;

        if (r == 1)
                forget_running(running);
        else if (r < 0)
                running->places = (struct places){ .services = { client->service }, .n = 1 };
}

/* It is one. fd: of /proc/PID. */
static void add_running(struct watcher *watcher, pid_t pid, int fd, const struct process *process,
                        struct found_client found)
{
        struct running *running = find_running(watcher, 0);
        int pidfd;

        if (!running)
                return;
        pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0)
                return;
        *running = (struct running){ .pid = pid, .fd = pidfd, .uid = process->uid, .found = found, .watcher = watcher };
        /* While that process lives its number is nobody else's: so the pidfd is its own. */
        if (!process_lives(fd) ||
            sd_event_add_io(watcher->loop, &running->ended, pidfd, EPOLLIN, on_ended, running) < 0)
                forget_running(running);
        else
                find_places(running, fd, process);
}

/* ---- what waits ---- */

static struct waiting *find_waiting(struct watcher *watcher, pid_t pid)
{
        for (size_t i = 0; i < watcher->n_waiting; i++)
                if (watcher->waiting[i].pid == pid)
                        return &watcher->waiting[i];
        return NULL;
}

static void forget_waiting(struct watcher *watcher, struct waiting *waiting)
{
        close(waiting->fd);
        *waiting = watcher->waiting[--watcher->n_waiting];
}

static void inspect(struct watcher *watcher, pid_t pid, int fd)
{
        struct process process;
        struct process_marks marks;
        struct found_client found;

        if (process_read(fd, &process) < 0 || !is_person(process.uid))
                return;
        process_marks(&process, &marks);
        found = catalogue_find(watcher->config->catalogue, &marks);
        if (found.client)
                add_running(watcher, pid, fd, &process, found);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void set_timer(struct watcher *watcher)
{
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < watcher->n_waiting; i++)
                if (watcher->waiting[i].due < next)
                        next = watcher->waiting[i].due;
        watcher->timer = sd_event_source_disable_unref(watcher->timer);
        if (next != UINT64_MAX)
                (void) sd_event_add_time(watcher->loop, &watcher->timer, CLOCK_MONOTONIC, next, 0, on_timer, watcher);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct watcher *watcher = userdata;
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        (void) source;
        (void) usec;
        for (size_t i = 0; i < watcher->n_waiting;) {
                struct waiting *waiting = &watcher->waiting[i];

                if (waiting->due > now) {
                        i++;
                        continue;
                }
                inspect(watcher, waiting->pid, waiting->fd);
                forget_waiting(watcher, waiting);
        }
        set_timer(watcher);
        tell(watcher);
        return 0;
}

static void scan_at(struct watcher *watcher, uint64_t usec);

static void add_waiting(struct watcher *watcher, pid_t pid)
{
        int fd;

        if (find_waiting(watcher, pid))
                return;
        if (watcher->n_waiting == WATCHER_WAITING_MAX) {
                scan_at(watcher, clock_usec(CLOCK_MONOTONIC) + watcher->config->dwell_usec);
                return;
        }
        fd = process_open(watcher->proc, pid);
        if (fd < 0)
                return;
        watcher->waiting[watcher->n_waiting++] = (struct waiting){
                .pid = pid, .fd = fd, .due = clock_usec(CLOCK_MONOTONIC) + watcher->config->dwell_usec
        };
        if (!watcher->timer)
                set_timer(watcher);
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
        struct running *running = find_running(watcher, pid);

        if (running) { /* the same process is another program now */
                forget_running(running);
                tell(watcher);
        }
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

                if (pid > 0 && !find_running(watcher, pid) && may_be(watcher, pid))
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
                r = report_new(loop, config->bus, &watcher->report);
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
        sd_event_source_disable_unref(watcher->timer);
        sd_event_source_disable_unref(watcher->scan);
        while (watcher->n_waiting > 0)
                forget_waiting(watcher, &watcher->waiting[0]);
        for (size_t i = 0; i < WATCHER_RUNNING_MAX; i++)
                forget_running(&watcher->running[i]);
        homes_free(watcher->homes);
        questions_free(watcher->questions);
        report_free(watcher->report);
        if (watcher->proc >= 0)
                close(watcher->proc);
        sd_event_unref(watcher->loop);
        free(watcher);
        return NULL;
}
