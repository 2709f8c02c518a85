/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A list and a lock. The list is walked once a second and holds as many sockets as the server allows: no heap is needed. */

#include <stdlib.h>
#include <sys/socket.h>

#include "collector/deadline.h"
#include "common/clock.h"

#define USEC_A_MSEC 1000U

void deadlines_init(struct deadlines *deadlines)
{
        pthread_mutex_init(&deadlines->lock, NULL);
        deadlines->first = NULL;
}

void deadlines_destroy(struct deadlines *deadlines)
{
        pthread_mutex_destroy(&deadlines->lock);
}

struct deadline *deadlines_add(struct deadlines *deadlines, int fd)
{
        struct deadline *deadline = calloc(1, sizeof(*deadline));

        if (!deadline)
                return NULL;
        deadline->fd = fd;
        pthread_mutex_lock(&deadlines->lock);
        deadline->next = deadlines->first;
        if (deadline->next)
                deadline->next->previous = deadline;
        deadlines->first = deadline;
        pthread_mutex_unlock(&deadlines->lock);
        return deadline;
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline)
{
        if (!deadline)
                return;
        pthread_mutex_lock(&deadlines->lock);
        if (deadline->previous)
                deadline->previous->next = deadline->next;
        else
                deadlines->first = deadline->next;
        if (deadline->next)
                deadline->next->previous = deadline->previous;
        pthread_mutex_unlock(&deadlines->lock);
        free(deadline);
}

void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t in_ms)
{
        if (!deadline)
                return;
        pthread_mutex_lock(&deadlines->lock);
        deadline->at_ms = in_ms ? clock_usec(CLOCK_MONOTONIC) / USEC_A_MSEC + in_ms : 0;
        pthread_mutex_unlock(&deadlines->lock);
}

unsigned deadlines_enforce(struct deadlines *deadlines)
{
        uint64_t now = clock_usec(CLOCK_MONOTONIC) / USEC_A_MSEC;
        unsigned n = 0;

        pthread_mutex_lock(&deadlines->lock);
        for (struct deadline *deadline = deadlines->first; deadline; deadline = deadline->next) {
                if (deadline->at_ms == 0 || deadline->at_ms > now)
                        continue;
                shutdown(deadline->fd, SHUT_RDWR);
                deadline->at_ms = 0;
                n++;
        }
        pthread_mutex_unlock(&deadlines->lock);
        return n;
}
