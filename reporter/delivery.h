/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The reporter's one task: take records from the agent, bring them to the collector, and tell the agent that they
 * arrived, never earlier. It decides; what it decides about is reached through the parts below, so that a test can play
 * them.
 *
 * A record leaves the agent's queue in two ways only: the collector took it, or it is set aside, because it is no
 * record at all, or because the collector refused it when it came alone, DELIVERY_TRIES times, took an empty request, which shows that address, token and laptop are in
 * order, and refused the record once more right after. */

#include <stddef.h>
#include <stdint.h>

#include "reporter/answer.h"
#include "reporter/backoff.h"
#include "reporter/batch.h"
#include "reporter/clock.h"
#include "reporter/reply.h"

#define DELIVERY_IDLE_USEC      (15 * 60 * UINT64_C(1000000)) /* asked anew after this, should a signal be lost */
#define DELIVERY_HOLD_USEC      (60 * 60 * UINT64_C(1000000)) /* a person has to act: half of this to all of it */
#define DELIVERY_LOCAL_MAX_USEC (60 * UINT64_C(1000000))      /* longest wait for an agent or a bus that is away */
#define DELIVERY_CALM_USEC      UINT64_C(1000000)             /* when woken for nothing */
#define DELIVERY_TRIES          3U                            /* of a record that is refused alone */
#define DELIVERY_TEXT_MAX       512U

struct delivery_parts {
        void *userdata;

        /* As source_fetch(), source_acknowledge(), source_set_aside() and source_wait() in source.h. */
        int (*fetch)(void *userdata, struct batch *batch);
        int (*acknowledge)(void *userdata, uint64_t seq);
        int (*set_aside)(void *userdata, uint64_t seq, enum batch_fault fault);
        int (*wait)(void *userdata, uint64_t usec, bool wake);

        /* Bring size bytes of JSON to the collector; always fills *reply. */
        void (*post)(void *userdata, const char *text, size_t size, struct reply *reply);
        /* No post() for a while. */
        void (*rest)(void *userdata);

        /* Tell a person; priority as in syslog(3). The text is one line, fit to be shown. */
        void (*say)(void *userdata, int priority, const char *text);
};

struct delivery {
        struct delivery_parts parts;
        struct clock clock;
        struct backoff network, local;
        struct batch batch;
        size_t limit;                 /* records in the next request */
        size_t ceiling;               /* more were too large for this collector */
        unsigned tries;               /* the next record was refused alone so often */
        unsigned idle;                /* times in a row that there was nothing to fetch */
        char told[DELIVERY_TEXT_MAX]; /* the trouble that was told last; "" when all is well */
        struct reply reply;
};

/* Not small: lives in static memory or on the heap. */
void delivery_init(struct delivery *delivery, const struct delivery_parts *parts, const struct clock *clock);

/* Do the next thing, waiting included. 0, or what wait() failed with. */
int delivery_step(struct delivery *delivery);

/* Frees the records that it holds. */
void delivery_clear(struct delivery *delivery);
