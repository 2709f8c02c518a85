/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Ending one process of a user's, and no other. lekdicht-watch may not kill anything: a child that has become that user sends the
 * signal, and so can reach nothing but what is that user's. The process is held by its pidfd, so that its number may be
 * somebody else's by now; and it is looked at once more, for it may have become another program. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "watcher/process.h"
#include "watcher/questions.h"

/* What it was when it was found. */
struct stop_target {
        pid_t pid;
        int pidfd; /* borrowed */
        uid_t uid;
        gid_t gid;
        uint64_t start;
        char *program; /* freed by stop_target_clear() */
};

/* 0 or -ENOMEM. */
int stop_target_set(struct stop_target *target, pid_t pid, int pidfd, const struct process *process);
void stop_target_clear(struct stop_target *target);

/* Is it still that process, of that user, running that program? proc: /proc. */
bool stop_is_the_same(int proc, const struct stop_target *target);

/* Have a child send that signal, if it is still the same: -ESRCH when it is not. Else 0, and answered is called as with
 * questions_ask(), with NULL when it could not be sent; or another -errno. */
int stop_send(struct questions *questions, int proc, const struct stop_target *target, int number,
              question_answered answered, void *userdata, struct question **ret);
