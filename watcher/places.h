/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which services a client reaches that can reach several. */

#include "watcher/process.h"
#include "watcher/questions.h"
#include "watcher/rclone.h"
#include "watcher/server.h"

#define PLACES_ENVIRONMENT_MAX 65536U /* bytes read of a process's environment */

struct places {
        const char *services[RCLONE_SERVICES_MAX + 1];        /* the last may be CATALOGUE_SERVICE_UNKNOWN */
        char hosts[RCLONE_SERVICES_MAX + 1][SERVER_NAME_MAX]; /* the server of each; "": none that is known */
        size_t n;                                             /* 0: none; all that it does stays on the laptop */
};

/* fd: of /proc/PID, from which process was read. 1: it only answers a question of its user, and is no client. 0: an answer
 * for places_read() comes, as with questions_ask(). -errno: that cannot be found out. */
int places_ask(struct questions *questions, const struct client *client, int fd, const struct process *process,
               question_answered answered, void *userdata, struct question **ret);

/* text: an answer, or NULL. It comes from a child that has read what a user wrote: nothing but services that we know, and
 * what could be the name of a server, is taken from it. */
void places_read(const struct client *client, const char *text, struct places *ret);
