/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What spool.c (the loop's side) and spoolwork.c (the thread) share; for nobody else. */

#include <pthread.h>

#include "agent/spool.h"
#include "agent/spoolpack.h"

struct item {
        uint64_t ticket;
        struct spoolpack *pack;
        struct item *next;
};

enum ask { ASK_EVENTS, ASK_RECENT, ASK_ACKNOWLEDGE, ASK_SET_ASIDE };

struct request {
        enum ask ask;
        uint64_t seq;
        unsigned max;
        enum spoolstore_aside why;
        char filter[SPOOL_FILTER_MAX];
        spool_callback callback;
        void *userdata;
        struct spool_answer answer;
        struct request *next;
};

struct spool {
        /* The loop's. */
        struct spool_ops ops;
        sd_event_source *source;
        int told_error;
        uint64_t told_ticket;
        uint64_t next_ticket;
        uint64_t n_dropped, gap, gap_first, gap_last; /* since the start; not told yet: how many, and their tickets */
        unsigned n_requests;

        /* The thread's. */
        struct spoolstore *store;
        struct event event; /* too large for the stack of a thread */
        uint64_t handed_out;
        uint64_t told; /* losses in the store up to this id */
        bool damaged;  /* it turned out so: to be set aside */
        const char *path, *machine;

        /* Under the lock. */
        pthread_mutex_t lock;
        pthread_cond_t work, ended_cond;
        pthread_t thread;
        int eventfd;
        unsigned pages_max;
        struct item *items, **items_end;
        unsigned n_items;
        struct request *requests, **requests_end, *answered, **answered_end;
        struct request *current; /* in the thread's hands */
        bool stop, ended;
        bool orphan; /* nobody waits for the thread: it frees what is left */
        bool opened; /* once at least: base is known */
        uint64_t base;
        uint64_t recorded;                     /* the highest ticket on the disk */
        int error;                             /* of the last attempt to open or write; 0: none, or it went well */
        bool replaced;                         /* a damaged database was set aside */
        bool cloned;                           /* another laptop's was */
        struct spoolroom_lost lost;            /* by the store, to be told by the loop; count 0: nothing */
        uint64_t retry_usec;                   /* CLOCK_MONOTONIC: not before */
        uint64_t pause_usec;                   /* the next one */
        uint64_t waiting, aside, acknowledged; /* the last one a ticket */
};

/* The thread. */
void *spoolwork(void *spool);

/* Free what is there; the thread has ended, or does this as its last. */
void spoolwork_free(struct spool *spool);

/* With the lock held: throw away the first n items. */
void spoolwork_drop(struct spool *spool, unsigned n);
/* Have the loop look at what is there. */
void spoolwork_wake(struct spool *spool);
struct timespec spoolwork_timespec(uint64_t usec);
