/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/stop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

int stop_target_set(struct stop_target *target, pid_t pid, int pidfd, const struct process *process)
{
        *target = (struct stop_target){ .pid = pid,
                                        .pidfd = pidfd,
                                        .uid = process->uid,
                                        .gid = process->gid,
                                        .start = process->start,
                                        .program = strdup(process->program) };
        return target->program ? 0 : -ENOMEM;
}

void stop_target_clear(struct stop_target *target)
{
        free(target->program);
        *target = (struct stop_target){ 0 };
}

/* A pidfd is readable when its process has ended. */
static bool has_ended(int pidfd)
{
        struct pollfd poller = { .fd = pidfd, .events = POLLIN };

        return poll(&poller, 1, 0) != 0;
}

bool stop_is_the_same(int proc, const struct stop_target *target)
{
        CLEANUP(cleanup_close) int fd = process_open(proc, target->pid);
        struct process process;

        if (fd < 0 || process_read(fd, &process) < 0)
                return false;
        /* Last: as long as the process of the pidfd has not ended its number is its own, and all this was read of it. */
        return process.start == target->start && process.uid == target->uid && process.gid == target->gid &&
               strcmp(process.program, target->program) == 0 && !has_ended(target->pidfd);
}

/* In a child that is the user. fd: a copy of the pidfd. */
static void send_signal(const void *input, int fd, char out[static QUESTIONS_ANSWER_MAX])
{
        const int *number = input;

        if (syscall(SYS_pidfd_send_signal, fd, *number, NULL, 0) == 0)
                strcpy(out, "sent");
}

int stop_send(struct questions *questions, int proc, const struct stop_target *target, int number,
              question_answered answered, void *userdata, struct question **ret)
{
        if (!stop_is_the_same(proc, target))
                return -ESRCH;
        return questions_ask(questions, target->uid, target->gid, send_signal, &number, target->pidfd, answered,
                             userdata, ret);
}
