/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/running.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "watcher/places.h"
#include "watcher/stop.h"

struct program {
        struct running *running; /* NULL: this place is free */
        struct stop_target target;
        int fd; /* a pidfd */
        sd_event_source *ended;
        struct found_client found;
        struct question *question; /* NULL: nothing is asked */
        struct places places;      /* where it copies to */
        bool stopping;
        int number; /* of the signal that comes next */
        unsigned kill_after;
        sd_event_source *timer;
};

struct running {
        sd_event *loop;
        struct running_config config;
        struct program items[RUNNING_MAX];
};

int running_new(sd_event *loop, const struct running_config *config, struct running **ret)
{
        struct running *running = calloc(1, sizeof(*running));

        if (!running)
                return -ENOMEM;
        running->loop = sd_event_ref(loop);
        running->config = *config;
        *ret = running;
        return 0;
}

static void forget(struct program *program)
{
        sd_event_source_disable_unref(program->ended);
        sd_event_source_disable_unref(program->timer);
        questions_forget(program->question);
        stop_target_clear(&program->target);
        close(program->fd);
        *program = (struct program){ 0 };
}

struct running *running_free(struct running *running)
{
        if (!running)
                return NULL;
        for (size_t i = 0; i < RUNNING_MAX; i++)
                if (running->items[i].running)
                        forget(&running->items[i]);
        sd_event_unref(running->loop);
        free(running);
        return NULL;
}

/* Its place, or RUNNING_MAX. */
static size_t find(const struct running *running, pid_t pid)
{
        size_t i = 0;

        while (i < RUNNING_MAX && !(running->items[i].running && running->items[i].target.pid == pid))
                i++;
        return i;
}

static struct program *find_place(struct running *running)
{
        for (size_t i = 0; i < RUNNING_MAX; i++)
                if (!running->items[i].running)
                        return &running->items[i];
        return NULL;
}

bool running_has(const struct running *running, pid_t pid)
{
        return find(running, pid) < RUNNING_MAX;
}

bool running_forget(struct running *running, pid_t pid)
{
        size_t i = find(running, pid);

        if (i < RUNNING_MAX)
                forget(&running->items[i]);
        return i < RUNNING_MAX;
}

static void say_changed(const struct running *running)
{
        running->config.changed(running->config.userdata);
}

static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct program *program = userdata;
        struct running *running = program->running;

        (void) source;
        (void) fd;
        (void) revents;
        forget(program);
        say_changed(running);
        return 0;
}

static void on_places(void *userdata, const char *text)
{
        struct program *program = userdata;

        program->question = NULL;
        places_read(program->found.client, text, &program->places);
        say_changed(program->running);
}

/* Where does it copy to? What it is asked of can take a while; until then it is not told. */
static void find_places(struct program *program, int fd, const struct process *process)
{
        const struct client *client = program->found.client;
        int r = places_ask(program->running->config.questions, client, fd, process, on_places, program,
                           &program->question);

        if (r == 1)
                forget(program);
        else if (r < 0)
                program->places = (struct places){ .services = { client->service }, .n = 1 };
}

void running_add(struct running *running, pid_t pid, int fd, const struct process *process, struct found_client found)
{
        struct program *program = find_place(running);
        int pidfd;

        if (!program)
                return;
        pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0)
                return;
        *program = (struct program){ .running = running, .fd = pidfd, .found = found };
        /* While that process lives its number is nobody else's: so the pidfd is its own. */
        if (!process_lives(fd) || stop_target_set(&program->target, pid, pidfd, process) < 0 ||
            sd_event_add_io(running->loop, &program->ended, pidfd, EPOLLIN, on_ended, program) < 0)
                forget(program);
        else
                find_places(program, fd, process);
}

void running_tell(const struct running *running, struct findings *findings)
{
        for (size_t i = 0; i < RUNNING_MAX; i++) {
                const struct program *program = &running->items[i];

                for (size_t k = 0; program->running && k < program->places.n; k++)
                        findings_add(findings, program->target.uid, program->found.client, program->places.services[k],
                                     program->places.hosts[k], program->found.mark, program->target.pid);
        }
}

/* ---- ending them ---- */

static void signal_now(struct program *program);

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        signal_now(userdata);
        return 0;
}

static void signal_later(struct program *program, uint64_t usec)
{
        program->timer = sd_event_source_disable_unref(program->timer);
        if (sd_event_add_time_relative(program->running->loop, &program->timer, CLOCK_MONOTONIC, usec, 0, on_timer,
                                       program) < 0)
                program->stopping = false; /* the next answer of the agent asks for it again */
}

static void on_signalled(void *userdata, const char *text)
{
        struct program *program = userdata;

        program->question = NULL;
        if (!text || strcmp(text, "sent") != 0)
                signal_later(program, RUNNING_RETRY_USEC);
        else if (program->number == SIGTERM && program->kill_after > 0) {
                program->number = SIGKILL;
                signal_later(program, program->kill_after * CLOCK_USEC_A_SEC);
        }
}

static void signal_now(struct program *program)
{
        struct running *running = program->running;
        int r = program->question ? -EBUSY
                                  : stop_send(running->config.questions, running->config.proc, &program->target,
                                              program->number, on_signalled, program, &program->question);

        if (r == -ESRCH) { /* it is something else now, and is found again if that is a client, too */
                forget(program);
                say_changed(running);
        } else if (r < 0) {
                signal_later(program, RUNNING_RETRY_USEC);
        }
}

static const struct report_stop *wanted(const struct program *program, const struct report_stop *stops, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (stops[i].uid != program->target.uid || strcmp(stops[i].client, program->found.client->name) != 0)
                        continue;
                for (size_t k = 0; k < program->places.n; k++)
                        if (strcmp(stops[i].service, program->places.services[k]) == 0)
                                return &stops[i];
        }
        return NULL;
}

void running_stop(struct running *running, const struct report_stop *stops, size_t n)
{
        for (size_t i = 0; i < RUNNING_MAX; i++) {
                struct program *program = &running->items[i];
                const struct report_stop *stop = program->running ? wanted(program, stops, n) : NULL;

                if (!stop) {
                        program->timer = sd_event_source_disable_unref(program->timer);
                        program->stopping = false;
                } else if (!program->stopping || program->kill_after != stop->kill_after) {
                        program->stopping = true;
                        program->number = SIGTERM;
                        program->kill_after = stop->kill_after;
                        signal_now(program);
                }
        }
}
