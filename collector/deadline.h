/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Sockets that must be done with something by a certain time. An idle timeout is not enough: who sends one byte now and
 * then is never idle. All functions may be called from any thread. */

#include <pthread.h>
#include <stdint.h>

struct deadline {
        int fd;
        uint64_t at_ms; /* CLOCK_MONOTONIC; 0: none */
        struct deadline *previous, *next;
};

struct deadlines {
        pthread_mutex_t lock;
        struct deadline *first;
};

void deadlines_init(struct deadlines *deadlines);

/* Closes nothing; all sockets must be gone. */
void deadlines_destroy(struct deadlines *deadlines);

/* Watch a socket from now on, without a deadline yet. NULL: no memory. */
struct deadline *deadlines_add(struct deadlines *deadlines, int fd);

/* Before the socket is closed. Takes NULL. */
void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline);

/* It must be done in so many milliseconds from now; 0: there is no hurry. Takes NULL. */
void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t in_ms);

/* Shut the sockets whose time is over (shutdown(2)): whoever polls them sees it and cleans up. Returns how many. */
unsigned deadlines_enforce(struct deadlines *deadlines);
