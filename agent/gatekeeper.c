/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A list of jobs. A job waits for its turn (or for a time, after a failure), runs, and is done. A job that runs can
 * have a successor for the same target, which waits until its device is free. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/gatekeeper.h"
#include "agent/helper.h"
#include "agent/spawn.h"
#include "common/cleanup.h"
#include "common/text.h"

/* Exit status of lekdicht-gate. */
#define EXIT_DONE   0
#define EXIT_USAGE  2
#define EXIT_IN_USE 5
#define EXIT_GONE   6
#define EXIT_PLAIN  7

#define STATUS_NOT_STARTED 127

struct job {
        struct gatekeeper *gatekeeper;
        uint64_t device, target;
        enum verb verb;
        int dirfd;
        char *name;
        unsigned attempts;
        bool dropped;
        bool running;
        uint64_t begun_usec;
        uint64_t not_before_usec; /* 0: as soon as possible */
        sd_event_source *end, *pipe, *timer;
        int output_fd;
        int helper;   /* the connection on which its end is told; -1 when it is a child of ours */
        char *output; /* GATEKEEPER_OUTPUT_MAX bytes while it runs */
        size_t output_size;
        struct job *next;
};

struct gatekeeper {
        sd_event *loop;
        char *program;
        char *helper; /* NULL: the gate is a child of ours */
        gatekeeper_callback callback;
        gatekeeper_slow slow;
        void *userdata;
        struct job *jobs;      /* oldest first */
        sd_event_source *turn; /* deferred: start what can be started */
        unsigned running, total;
};

static void start_all(struct gatekeeper *gatekeeper);

const char *gatekeeper_verb_name(enum verb verb)
{
        switch (verb) {
        case VERB_NONE:
                break;
        case VERB_RELEASE:
                return "release";
        case VERB_READONLY:
                return "readonly";
        case VERB_ENCRYPTED:
                return "encrypted";
        case VERB_REFUSE:
                return "refuse";
        case VERB_CUT:
                return "cut";
        case VERB_CLOSE:
                return "close";
        case VERB_OPEN:
        case VERB_OPEN_AUDIT:
        case VERB_OPEN_UNTIL_REBOOT:
                return "open";
        }
        return "";
}

static void job_free(struct job *job)
{
        sd_event_source_disable_unref(job->end);
        sd_event_source_disable_unref(job->pipe);
        sd_event_source_disable_unref(job->timer);
        if (job->output_fd >= 0)
                close(job->output_fd);
        if (job->helper >= 0)
                close(job->helper);
        if (job->dirfd >= 0)
                close(job->dirfd);
        free(job->output);
        free(job->name);
        free(job);
}

static void unlink_job(struct gatekeeper *gatekeeper, struct job *job)
{
        struct job **at = &gatekeeper->jobs;

        while (*at != job)
                at = &(*at)->next;
        *at = job->next;
        gatekeeper->total--;
}

static uint64_t now(struct gatekeeper *gatekeeper)
{
        uint64_t usec = 0;

        sd_event_now(gatekeeper->loop, CLOCK_MONOTONIC, &usec);
        return usec;
}

static int on_turn(sd_event_source *source, void *userdata)
{
        (void) source;
        start_all(userdata);
        return 0;
}

int gatekeeper_new(sd_event *loop, const char *program, gatekeeper_callback callback, gatekeeper_slow slow,
                   void *userdata, struct gatekeeper **ret)
{
        struct gatekeeper *gatekeeper = calloc(1, sizeof(*gatekeeper));
        int r = -ENOMEM;

        if (!gatekeeper)
                return r;
        gatekeeper->loop = sd_event_ref(loop);
        gatekeeper->program = strdup(program);
        gatekeeper->callback = callback;
        gatekeeper->slow = slow;
        gatekeeper->userdata = userdata;
        if (gatekeeper->program)
                r = sd_event_add_defer(loop, &gatekeeper->turn, on_turn, gatekeeper);
        if (r >= 0)
                r = sd_event_source_set_enabled(gatekeeper->turn, SD_EVENT_OFF);
        if (r < 0) {
                gatekeeper_free(gatekeeper);
                return r;
        }
        *ret = gatekeeper;
        return 0;
}

struct gatekeeper *gatekeeper_free(struct gatekeeper *gatekeeper)
{
        if (!gatekeeper)
                return NULL;
        while (gatekeeper->jobs) {
                struct job *job = gatekeeper->jobs;

                unlink_job(gatekeeper, job);
                job_free(job);
        }
        sd_event_source_disable_unref(gatekeeper->turn);
        sd_event_unref(gatekeeper->loop);
        free(gatekeeper->program);
        free(gatekeeper->helper);
        free(gatekeeper);
        return NULL;
}

int gatekeeper_use_helper(struct gatekeeper *gatekeeper, const char *path)
{
        gatekeeper->helper = strdup(path);
        return gatekeeper->helper ? 0 : -ENOMEM;
}

static void clean_lines(char *text)
{
        for (char *line = text; *line;) {
                size_t length = strcspn(line, "\n");
                char *next = line[length] ? line + length + 1 : line + length;
                size_t clean = text_clean(line, length, line, length + 1);

                if (*next == '\0')
                        break;
                memmove(line + clean + 1, next, strlen(next) + 1);
                line[clean] = '\n';
                line += clean + 1;
        }
}

/* Read what there is; beyond the bound it is thrown away, so that the child never waits for us. */
static void read_output(struct job *job)
{
        char rest[1024];

        for (;;) {
                bool full = job->output_size >= GATEKEEPER_OUTPUT_MAX - 1;
                char *to = full ? rest : job->output + job->output_size;
                size_t room = full ? sizeof(rest) : GATEKEEPER_OUTPUT_MAX - 1 - job->output_size;
                ssize_t n = read(job->output_fd, to, room);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n == 0)
                        job->pipe = sd_event_source_disable_unref(job->pipe);
                if (n <= 0)
                        return;
                /* A NUL would end the text for whoever reads it. */
                for (ssize_t i = 0; i < n; i++)
                        if (to[i] == '\0')
                                to[i] = TEXT_STRANGER;
                if (!full)
                        job->output_size += (size_t) n;
        }
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        (void) source;
        (void) fd;
        (void) revents;
        read_output(userdata);
        return 0;
}

static int on_slow(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct job *job = userdata;

        (void) source;
        (void) usec;
        job->gatekeeper->slow(job->gatekeeper->userdata, job->name, job->verb);
        return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct job *job = userdata;

        (void) source;
        (void) usec;
        job->timer = sd_event_source_disable_unref(job->timer);
        job->not_before_usec = 0;
        start_all(job->gatekeeper);
        return 0;
}

static enum deed deed_of(int status)
{
        switch (status) {
        case EXIT_DONE:
                return DEED_DONE;
        case EXIT_IN_USE:
                return DEED_BUSY;
        case EXIT_GONE:
                return DEED_GONE;
        case EXIT_PLAIN:
                return DEED_PLAIN;
        default:
                return DEED_FAILED;
        }
}

/* The attempt is over: tell, and either wait for the next or be gone. */
static void finish(struct job *job, int status)
{
        struct gatekeeper *gatekeeper = job->gatekeeper;
        struct gatekeeper_result result = {
                .device = job->device,
                .target = job->target,
                .verb = job->verb,
                .deed = deed_of(status),
                .status = status,
                .name = job->name,
                .usec = now(gatekeeper) - job->begun_usec,
        };
        CLEANUP(cleanup_free) char *output = job->output;
        uint64_t delay = 0;

        job->timer = sd_event_source_disable_unref(job->timer);
        job->end = sd_event_source_disable_unref(job->end);
        job->output = NULL;
        if (output) {
                output[job->output_size] = '\0';
                clean_lines(output);
        }
        result.output = output ?: "";
        job->running = false;
        job->attempts++;
        result.attempt = job->attempts;

        for (struct job *other = gatekeeper->jobs; other; other = other->next)
                if (other != job && other->device == job->device && other->target == job->target)
                        job->dropped = true; /* there is a later wish */
        if (result.deed == DEED_BUSY)
                delay = GATEKEEPER_BUSY_USEC;
        else if (status == STATUS_NOT_STARTED && job->attempts >= GATEKEEPER_ATTEMPTS_MAX)
                delay = GATEKEEPER_RETRY_USEC << (GATEKEEPER_ATTEMPTS_MAX - 2); /* it is not the device that fails */
        else if (result.deed == DEED_FAILED && status != EXIT_USAGE && job->attempts < GATEKEEPER_ATTEMPTS_MAX)
                delay = GATEKEEPER_RETRY_USEC << (job->attempts - 1);
        if (delay > 0 && !job->dropped) {
                job->not_before_usec = now(gatekeeper) + delay;
                result.retry = sd_event_add_time(gatekeeper->loop, &job->timer, CLOCK_MONOTONIC, job->not_before_usec,
                                                 0, on_retry, job) >= 0;
        }
        if (!result.retry)
                unlink_job(gatekeeper, job);
        sd_event_source_set_enabled(gatekeeper->turn, SD_EVENT_ONESHOT);
        gatekeeper->callback(gatekeeper->userdata, &result);
        if (!result.retry)
                job_free(job);
}

static void ended(struct job *job, int status)
{
        if (job->output_fd >= 0) {
                read_output(job);
                job->pipe = sd_event_source_disable_unref(job->pipe);
                close(job->output_fd);
                job->output_fd = -1;
        }
        job->gatekeeper->running--;
        finish(job, status);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        (void) source;
        ended(userdata, info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status);
        return 0;
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct job *job = userdata;
        int status = helper_answer(fd);

        (void) revents;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        close(steal_fd(&job->helper));
        ended(job, status);
        return 0;
}

static int start_child(struct job *job, char *const arguments[], int output_fd)
{
        pid_t pid;
        int r = spawn(job->gatekeeper->program, arguments, output_fd, output_fd, job->dirfd, &pid);

        /* When that has no memory nobody hears of its end, and it is asked for again. */
        return r < 0 ? r : sd_event_add_child(job->gatekeeper->loop, &job->end, pid, WEXITED, on_child, job);
}

static int start_helper(struct job *job, char *const arguments[], int output_fd)
{
        int r = helper_ask(job->gatekeeper->helper, arguments, output_fd, job->dirfd);

        if (r < 0)
                return r;
        job->helper = r;
        r = sd_event_add_io(job->gatekeeper->loop, &job->end, job->helper, EPOLLIN, on_answer, job);
        if (r < 0)
                close(steal_fd(&job->helper));
        return r;
}

static int start_gate(struct job *job, int output_fd)
{
        static char device[] = SPAWN_DIRECTORY, audit[] = "--audit", until_reboot[] = "--until-reboot";
        char *arguments[] = { job->gatekeeper->program, strdupa(gatekeeper_verb_name(job->verb)), NULL, NULL };

        if (job->dirfd >= 0)
                arguments[2] = device;
        else if (job->verb == VERB_OPEN_AUDIT)
                arguments[2] = audit;
        else if (job->verb == VERB_OPEN_UNTIL_REBOOT)
                arguments[2] = until_reboot;
        return job->gatekeeper->helper ? start_helper(job, arguments, output_fd)
                                       : start_child(job, arguments, output_fd);
}

static int try_start(struct job *job)
{
        struct gatekeeper *gatekeeper = job->gatekeeper;
        CLEANUP(cleanup_close) int write_end = -1;
        int ends[2], r;

        job->begun_usec = now(gatekeeper);
        job->output_size = 0;
        job->output = malloc(GATEKEEPER_OUTPUT_MAX);
        if (!job->output)
                return -ENOMEM;
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        job->output_fd = ends[0];
        write_end = ends[1];
        /* Only our end is not to block. */
        if (fcntl(write_end, F_SETFL, 0) < 0)
                return -errno;
        r = start_gate(job, write_end);
        if (r < 0)
                return r;
        job->running = true;
        gatekeeper->running++;
        /* Without these two it is only quieter. */
        (void) sd_event_add_io(gatekeeper->loop, &job->pipe, job->output_fd, EPOLLIN, on_output, job);
        (void) sd_event_add_time_relative(gatekeeper->loop, &job->timer, CLOCK_MONOTONIC, GATEKEEPER_SLOW_USEC, 0,
                                          on_slow, job);
        return 0;
}

static int start(struct job *job)
{
        int r = try_start(job);

        if (r >= 0)
                return r;
        if (job->output_fd >= 0)
                close(job->output_fd);
        job->output_fd = -1;
        free(job->output);
        job->output = NULL;
        return r;
}

/* Is it this job's turn? Jobs are in the order of their wishes. */
static bool may_start(const struct gatekeeper *gatekeeper, const struct job *job)
{
        if (job->running || job->not_before_usec != 0)
                return false;
        for (const struct job *other = gatekeeper->jobs; other; other = other->next)
                if (other->running && other->device == job->device)
                        return false;
        return true;
}

static void start_all(struct gatekeeper *gatekeeper)
{
        for (struct job *job = gatekeeper->jobs, *next; job; job = next) {
                int r;

                next = job->next;
                if (gatekeeper->running >= GATEKEEPER_CHILDREN_MAX)
                        return;
                if (!may_start(gatekeeper, job))
                        continue;
                r = start(job);
                if (r < 0) {
                        job->output = malloc(GATEKEEPER_OUTPUT_MAX);
                        if (job->output)
                                job->output_size = (size_t) snprintf(job->output, GATEKEEPER_OUTPUT_MAX,
                                                                     "cannot start: %s", strerror(-r));
                        finish(job, STATUS_NOT_STARTED);
                        return; /* the list may be another now; the turn is on again */
                }
        }
}

int gatekeeper_wish(struct gatekeeper *gatekeeper, const struct gatekeeper_wish *wish)
{
        struct job *job, **at;

        gatekeeper_drop(gatekeeper, wish->device, wish->target);
        if (gatekeeper->total >= GATEKEEPER_QUEUE_MAX)
                return -ENOBUFS;
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        job->gatekeeper = gatekeeper;
        job->device = wish->device;
        job->target = wish->target;
        job->verb = wish->verb;
        job->output_fd = -1;
        job->helper = -1;
        job->name = strdup(wish->name);
        job->dirfd = wish->dirfd < 0 ? -1 : fcntl(wish->dirfd, F_DUPFD_CLOEXEC, 3);
        if (!job->name || (wish->dirfd >= 0 && job->dirfd < 0)) {
                int r = job->name ? -errno : -ENOMEM;

                job_free(job);
                return r;
        }
        for (at = &gatekeeper->jobs; *at; at = &(*at)->next)
                ;
        *at = job;
        gatekeeper->total++;

        /* At once, not in the next turn of the loop: this is the way from the event to the refusal. */
        if (gatekeeper->running < GATEKEEPER_CHILDREN_MAX && may_start(gatekeeper, job) && start(job) >= 0)
                return 0;
        if (!job->running)
                sd_event_source_set_enabled(gatekeeper->turn, SD_EVENT_ONESHOT);
        return 0;
}

void gatekeeper_drop(struct gatekeeper *gatekeeper, uint64_t device, uint64_t target)
{
        for (struct job *job = gatekeeper->jobs, *next; job; job = next) {
                next = job->next;
                if (job->device != device || job->target != target)
                        continue;
                if (job->running) {
                        job->dropped = true;
                        continue;
                }
                unlink_job(gatekeeper, job);
                job_free(job);
        }
}

unsigned gatekeeper_running(const struct gatekeeper *gatekeeper)
{
        return gatekeeper->running;
}

unsigned gatekeeper_waiting(const struct gatekeeper *gatekeeper)
{
        return gatekeeper->total - gatekeeper->running;
}
