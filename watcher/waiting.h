/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Processes that could be clients, pinned by a descriptor until they have been there for a moment: by then a wrapper has
 * become what it wraps, and a mere question to a client is over. */

#include <stdint.h>
#include <systemd/sd-event.h>

#define WAITING_MAX 256U /* processes; who adds more is told to scan later */

/* One has waited long enough. fd: of /proc/PID. */
typedef void (*waiting_over)(void *userdata, pid_t pid, int fd);
/* A batch of them is done. */
typedef void (*waiting_done)(void *userdata);

struct waiting;

/* 0 or -ENOMEM. */
int waiting_new(sd_event *loop, waiting_over over, waiting_done done, void *userdata, struct waiting **ret);
/* Accepts NULL; returns NULL. */
struct waiting *waiting_free(struct waiting *waiting);

/* proc: /proc. 0, also when it waits already or is gone; -ENOBUFS when there are too many. */
int waiting_add(struct waiting *waiting, int proc, pid_t pid, uint64_t dwell_usec);
