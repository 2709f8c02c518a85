/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Events on their way to the disk, and back to those who ask for them. A thread of its own does all that may wait
 * for a disk; the loop only puts something into the queue, and hears later what became of it. A disk that is
 * full, slow or gone never delays anything else. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/spoolstore.h"
#include "common/event.h"

#define SPOOL_QUEUE_MAX      1024U          /* events that wait for the disk; more are counted and given up */
#define SPOOL_BATCH_MAX      128U           /* of them in one transaction */
#define SPOOL_REQUESTS_MAX   32U            /* questions that wait for an answer */
#define SPOOL_RETRY_USEC     1000000ULL     /* after a failure it is tried again after 1, 2, 4 ... times that */
#define SPOOL_RETRY_MAX_USEC 60000000ULL    /* but not later than this */
#define SPOOL_STOP_USEC      5000000ULL     /* so long the end waits for the disk */
#define SPOOL_FILTER_MAX     64U            /* bytes of the prefix of a name */
#define SPOOL_STACK          (256U * 1024U) /* bytes of the thread's stack */

enum spool_health {
        SPOOL_ABSENT,  /* there is no store */
        SPOOL_OPENING, /* not open yet, and nothing is wrong so far; events wait in memory */
        SPOOL_OK,
        SPOOL_FAILING, /* the last attempt to write failed; events wait in memory */
};

struct spool_status {
        enum spool_health health;
        uint64_t waiting;      /* events that are not acknowledged: in the store and in the queue */
        uint64_t dropped;      /* given up since the start */
        uint64_t acknowledged; /* tickets up to this one have arrived; 0: none of this run */
        uint64_t aside;
};

struct spool_ops {
        /* Everything added so far with a ticket up to this one is on the disk. */
        void (*recorded)(void *userdata, uint64_t ticket);
        /* So many events were given up, those seqs included; make an event of it with spool_add(). When spool_free() calls,
         * nothing can be added any more. */
        void (*dropped)(void *userdata, uint64_t count, uint64_t first, uint64_t last);
        /* The store was another laptop's, of which this disk is a copy; it was set aside, and one of our own begun. */
        void (*cloned)(void *userdata);
        /* The store fails (-errno), or works again (0). */
        void (*health)(void *userdata, int error);
        void *userdata;
};

/* What a question was answered with. */
struct spool_answer {
        int error; /* 0; -EINVAL: a seq that was never handed out; -ENOENT; -EAGAIN: the store does not work now; -errno */
        char host_id[HOSTID_SIZE];
        struct spoolrecords records;
        uint64_t lost; /* of spool_set_aside(): the seq, when it has to be told that it was given up; else 0 */
};

/* Called from the loop, exactly once for each question that was taken; at spool_free() with -ECANCELED. */
typedef void (*spool_callback)(void *userdata, const struct spool_answer *answer);

struct spool;

/* path: of the database, borrowed; NULL: nothing is recorded. machine and pages_max as in spoolstore_open(). All signals are
 * blocked in the thread. 0 or -errno. */
int spool_new(sd_event *loop, const char *path, const char *machine, unsigned pages_max, const struct spool_ops *ops,
              struct spool **ret);
/* Ends the run: what waits is written, for at most SPOOL_STOP_USEC. A thread that a disk holds is left behind. */
struct spool *spool_free(struct spool *spool);

/* From now on this is pages_max. */
void spool_limit(struct spool *spool, unsigned pages_max);

/* Put a copy of the event on its way. Gives it its seq, if that is known yet: seqs are known as soon as the store was
 * open once. Returns its ticket (1, 2, 3 ... in this run); 0: it was given up, and is counted. */
uint64_t spool_add(struct spool *spool, struct event *event);

void spool_status(struct spool *spool, struct spool_status *ret);

/* Questions. 0: the answer will come; -ENOBUFS: too many wait; -ENOMEM. */
int spool_events(struct spool *spool, uint64_t after, unsigned max, spool_callback callback, void *userdata);
int spool_recent(struct spool *spool, const char *filter, unsigned max, spool_callback callback, void *userdata);
/* seq must have been handed out by spool_events() in this run, or have been acknowledged before: else -EINVAL. */
int spool_acknowledge(struct spool *spool, uint64_t seq, spool_callback callback, void *userdata);
int spool_set_aside(struct spool *spool, uint64_t seq, enum spoolstore_aside why, spool_callback callback,
                    void *userdata);

const char *spool_health_name(enum spool_health health); /* "ok" ... */
