/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The clients that run: each from when it was found until its pidfd says that it ended. */

#include <systemd/sd-event.h>

#include "policy/catalogue.h"
#include "watcher/findings.h"
#include "watcher/process.h"
#include "watcher/questions.h"
#include "watcher/report.h"

#define RUNNING_MAX        512U       /* clients; more are not told */
#define RUNNING_RETRY_USEC 1000000ULL /* when no child could be had to end one */

struct running_config {
        int proc; /* a descriptor of /proc, borrowed, as all here */
        struct questions *questions;
        void (*changed)(void *userdata);
        void *userdata;
};

struct running;

/* 0 or -ENOMEM. */
int running_new(sd_event *loop, const struct running_config *config, struct running **ret);
/* Accepts NULL; returns NULL. */
struct running *running_free(struct running *running);

bool running_has(const struct running *running, pid_t pid);
/* It is one. fd: of /proc/PID, from which process was read. */
void running_add(struct running *running, pid_t pid, int fd, const struct process *process, struct found_client found);
/* That process is another program now: whether it was there. */
bool running_forget(struct running *running, pid_t pid);

/* Add what runs, once it is known where it copies to. */
void running_tell(const struct running *running, struct findings *findings);

/* End these and no others: what was to be ended and is not named any more may go on. */
void running_stop(struct running *running, const struct report_stop *stops, size_t n);
