/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which services a client reaches that can reach several. */

#include "watcher/process.h"
#include "watcher/questions.h"
#include "watcher/rclone.h"

#define PLACES_ENVIRONMENT_MAX 65536U /* bytes read of a process's environment */

struct places {
        const char *services[RCLONE_SERVICES_MAX + 1]; /* the last may be CATALOGUE_SERVICE_UNKNOWN */
        size_t n;                                      /* 0: none; all that it does stays on the laptop */
};

/* fd: of /proc/PID, from which process was read. 1: it only answers a question of its user, and is no client. 0: an answer
 * for places_read() comes, as with questions_ask(). -errno: that cannot be found out. */
int places_ask(struct questions *questions, int fd, const struct process *process, question_answered answered,
               void *userdata, struct question **ret);

/* text: an answer, or NULL. It comes from a child that has read what a user wrote: nothing but services that we know are
 * taken from it. */
void places_read(const char *text, struct places *ret);
