/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Runs lekdicht-gate, so that the loop never waits: a write to /sys can block for seconds in a sick device, and a
 * process in that state cannot even be killed. At most one child per physical device, so that release and refuse
 * never race; of wishes for the same target the latest wins. A child is never killed. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/verb.h"

#define GATEKEEPER_CHILDREN_MAX 16U         /* at a time; more wait their turn */
#define GATEKEEPER_QUEUE_MAX    4096U       /* wishes, those under way included */
#define GATEKEEPER_OUTPUT_MAX   8192U       /* bytes kept of what a child says */
#define GATEKEEPER_SLOW_USEC    5000000ULL  /* longer than that is told in the journal */
#define GATEKEEPER_BUSY_USEC    30000000ULL /* what was in use is tried again after that */
#define GATEKEEPER_RETRY_USEC   1000000ULL  /* what failed is tried again after 1, 2, 4, 8 times that */
#define GATEKEEPER_ATTEMPTS_MAX 5U /* then it has failed; one that cannot be started is tried on, each 8 times that */

#define GATEKEEPER_GLOBAL 0ULL /* "device" of close and open */

struct gatekeeper_wish {
        uint64_t device; /* of one device one child at a time */
        uint64_t target; /* a later wish for the same takes its place */
        enum verb verb;
        int dirfd; /* given to the child as descriptor 3; -1 for the global verbs. The gatekeeper keeps its own */
        const char *name; /* for messages */
};

struct gatekeeper_result {
        uint64_t device, target;
        enum verb verb;
        enum deed deed;
        bool retry;       /* it will be tried again without being asked */
        unsigned attempt; /* 1 for the first */
        int status;       /* exit status, or 128 + signal */
        const char *name;
        const char *output; /* stdout and stderr, cleaned line by line; never NULL */
        uint64_t usec;      /* how long it took */
};

/* Called from the loop, never from within gatekeeper_wish(). */
typedef void (*gatekeeper_callback)(void *userdata, const struct gatekeeper_result *result);
/* A child takes long; called once for each. */
typedef void (*gatekeeper_slow)(void *userdata, const char *name, enum verb verb);

struct gatekeeper;

/* program is the path of lekdicht-gate. SIGCHLD must be blocked. 0 or -errno. */
int gatekeeper_new(sd_event *loop, const char *program, gatekeeper_callback callback, gatekeeper_slow slow,
                   void *userdata, struct gatekeeper **ret);
/* Have the gate run by those who listen at the socket PATH (common/helper.h) instead of by ourselves. 0 or -ENOMEM. */
int gatekeeper_use_helper(struct gatekeeper *gatekeeper, const char *path);
/* Children that run go on. */
struct gatekeeper *gatekeeper_free(struct gatekeeper *gatekeeper);

/* 0, -ENOBUFS when the queue is full, or -errno. */
int gatekeeper_wish(struct gatekeeper *gatekeeper, const struct gatekeeper_wish *wish);
/* Take back what was wished for the target, unless it has begun; then its result still comes, without a retry. */
void gatekeeper_drop(struct gatekeeper *gatekeeper, uint64_t device, uint64_t target);
/* Children under way, and wishes that wait. */
unsigned gatekeeper_running(const struct gatekeeper *gatekeeper);
unsigned gatekeeper_waiting(const struct gatekeeper *gatekeeper);

/* "release", "close" ...: the first argument. */
const char *gatekeeper_verb_name(enum verb verb);
