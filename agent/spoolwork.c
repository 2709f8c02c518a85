/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The thread works through the queue from its head: as many events as there are go into one transaction, and stay in the
 * queue until it is committed. Between transactions it answers questions. What has happened it leaves in the struct,
 * and wakes the loop. Everywhere here the lock is held, but where a function says that it gives it up. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/spoolparts.h"
#include "common/clock.h"

static uint64_t wall_sec(void)
{
        return clock_usec(CLOCK_REALTIME) / CLOCK_USEC_A_SEC;
}

struct timespec spoolwork_timespec(uint64_t usec)
{
        return (struct timespec){ .tv_sec = (time_t) (usec / CLOCK_USEC_A_SEC),
                                  .tv_nsec = (long) (usec % CLOCK_USEC_A_SEC) * 1000 };
}

void spoolwork_wake(struct spool *spool)
{
        uint64_t one = 1;

        /* It can only fail when it is full, and then the loop will wake up anyway. */
        if (write(spool->eventfd, &one, sizeof(one)) < 0)
                return;
}

static void note_state(struct spool *spool)
{
        const struct spoolstore_state *state = spoolstore_state(spool->store);

        spool->waiting = state->waiting;
        spool->aside = state->aside;
        spool->acknowledged = state->acknowledged > spool->base ? state->acknowledged - spool->base : 0;
}

static void failed(struct spool *spool, int error)
{
        /* A full disk is no reason to lose what can still be read. Anything else is read anew from the disk: after
         * a failed fsync the memory of it cannot be trusted. */
        if (spool->store && error != -ENOSPC)
                spool->store = spoolstore_abandon(spool->store);
        spool->damaged = spool->damaged || error == -EUCLEAN;
        spool->error = error;
        spool->retry_usec = clock_usec(CLOCK_MONOTONIC) + spool->pause_usec;
        if (spool->pause_usec < SPOOL_RETRY_MAX_USEC)
                spool->pause_usec *= 2;
}

static void worked(struct spool *spool)
{
        spool->error = 0;
        spool->retry_usec = 0;
        spool->pause_usec = SPOOL_RETRY_USEC;
        note_state(spool);
}

/* What the store had to give up, for the loop to tell; one loss after the other. The lock is not held. A failure is not the
 * end: it is asked for again after the next transaction. */
static void find_loss(struct spool *spool, struct spoolstore *store, struct spoolroom_lost *ret)
{
        if (spoolstore_lost(store, spool->told, ret) > 0)
                spool->told = ret->id;
        else
                *ret = (struct spoolroom_lost){ 0 };
}

/* Gives up the lock. */
static void open_store(struct spool *spool)
{
        struct spoolroom_lost lost = { 0 };
        bool one_waits = spool->lost.count > 0;
        struct spoolstore *store = NULL;
        unsigned pages_max = spool->pages_max;
        int r;

        pthread_mutex_unlock(&spool->lock);
        r = spoolstore_open(spool->path, spool->machine, pages_max, spool->damaged, wall_sec(), &store);
        if (r >= 0 && spoolstore_state(store)->made)
                spool->told = 0;
        if (r >= 0 && !one_waits)
                find_loss(spool, store, &lost);
        pthread_mutex_lock(&spool->lock);
        if (r < 0) {
                failed(spool, r);
                return;
        }
        spool->store = store;
        spool->damaged = false;
        if (!spool->opened)
                spool->base = spoolstore_state(store)->next_seq - 1;
        spool->opened = true;
        if (lost.count > 0)
                spool->lost = lost;
        spool->replaced = spool->replaced || spoolstore_state(store)->replaced;
        spool->cloned = spool->cloned || spoolstore_state(store)->cloned;
        /* Whether it can be written to is seen when there is something to write. */
        if (spool->n_items == 0)
                worked(spool);
        else
                note_state(spool);
}

/* From the first item to the last, in one transaction. The lock is not held: what follows the last is the loop's. */
static int write_items(struct spool *spool, const struct item *item, const struct item *last)
{
        int r = spoolstore_begin(spool->store);

        while (r >= 0) {
                spoolpack_event(item->pack, spool->base + item->ticket, &spool->event);
                r = spoolstore_add(spool->store, &spool->event);
                if (item == last)
                        break;
                item = item->next;
        }
        return spoolstore_commit(spool->store, r, wall_sec());
}

void spoolwork_drop(struct spool *spool, unsigned n)
{
        while (n-- > 0 && spool->items) {
                struct item *item = spool->items;

                spool->items = item->next;
                if (!spool->items)
                        spool->items_end = &spool->items;
                spool->n_items--;
                free(item->pack);
                free(item);
        }
}

/* Gives up the lock. Only this thread takes items out, and the loop puts them in at the end. */
static void write_batch(struct spool *spool)
{
        const struct item *first = spool->items, *last = first;
        struct spoolroom_lost lost = { 0 };
        bool one_waits = spool->lost.count > 0;
        unsigned pages_max = spool->pages_max;
        uint64_t ticket;
        unsigned n = 1;
        int r;

        for (; n < SPOOL_BATCH_MAX && last->next; n++)
                last = last->next;
        ticket = last->ticket;
        pthread_mutex_unlock(&spool->lock);
        r = spoolstore_limit(spool->store, pages_max);
        if (r >= 0)
                r = write_items(spool, first, last);
        while (r == -ENOSPC && spoolstore_make_room(spool->store) > 0)
                r = write_items(spool, first, last);
        if (r >= 0 && !one_waits)
                find_loss(spool, spool->store, &lost);
        pthread_mutex_lock(&spool->lock);
        if (r < 0) {
                failed(spool, r);
                return;
        }
        spoolwork_drop(spool, n);
        spool->recorded = ticket;
        worked(spool);
        if (lost.count > 0)
                spool->lost = lost;
}

static int answer(struct spool *spool, struct request *request)
{
        uint64_t seq = 0, highest;
        const char *text;
        size_t at = 0;
        int r;

        highest = spoolstore_state(spool->store)->acknowledged;
        if (spool->handed_out > highest)
                highest = spool->handed_out;
        memcpy(request->answer.host_id, spoolstore_state(spool->store)->host_id, HOSTID_SIZE);
        switch (request->ask) {
        case ASK_EVENTS:
                r = spoolstore_waiting(spool->store, request->seq, request->max, &request->answer.records);
                while (r >= 0 && spoolrecords_next(&request->answer.records, &at, &seq, &text))
                        if (seq > spool->handed_out)
                                spool->handed_out = seq;
                return r;
        case ASK_RECENT:
                return spoolstore_recent(spool->store, request->filter, request->max, &request->answer.records);
        case ASK_ACKNOWLEDGE:
                return request->seq > highest ? -EINVAL
                                              : spoolstore_acknowledge(spool->store, request->seq, wall_sec());
        case ASK_SET_ASIDE:
                if (request->seq > highest)
                        return -EINVAL;
                r = spoolstore_set_aside(spool->store, request->seq, request->why, wall_sec());
                request->answer.lost = r > 0 ? request->seq : 0;
                return r < 0 ? r : 0;
        }
        return -EINVAL;
}

/* Gives up the lock. */
static void answer_next(struct spool *spool)
{
        struct request *request = spool->requests;
        int r = -EAGAIN;

        spool->requests = request->next;
        if (!spool->requests)
                spool->requests_end = &spool->requests;
        request->next = NULL;
        if (spool->store) {
                spool->current = request;
                pthread_mutex_unlock(&spool->lock);
                r = answer(spool, request);
                pthread_mutex_lock(&spool->lock);
                spool->current = NULL;
                if (r == -EUCLEAN || r == -EIO)
                        failed(spool, r);
                else
                        note_state(spool);
        }
        request->answer.error = r;
        *spool->answered_end = request;
        spool->answered_end = &request->next;
}

static bool is_due(const struct spool *spool)
{
        return (!spool->store || spool->n_items > 0) && clock_usec(CLOCK_MONOTONIC) >= spool->retry_usec;
}

void spoolwork_free(struct spool *spool)
{
        spoolwork_drop(spool, spool->n_items);
        while (spool->answered) {
                struct request *request = spool->answered;

                spool->answered = request->next;
                spoolrecords_clear(&request->answer.records);
                free(request);
        }
        if (spool->eventfd >= 0)
                close(spool->eventfd);
        pthread_cond_destroy(&spool->work);
        pthread_cond_destroy(&spool->ended_cond);
        pthread_mutex_destroy(&spool->lock);
        free(spool);
}

void *spoolwork(void *userdata)
{
        struct spool *spool = userdata;
        bool last = false, orphan;

        pthread_mutex_lock(&spool->lock);
        while (!last) {
                while (!spool->stop && !spool->requests && !is_due(spool)) {
                        struct timespec until = spoolwork_timespec(spool->retry_usec);

                        if (!spool->store || spool->n_items > 0)
                                pthread_cond_timedwait(&spool->work, &spool->lock, &until);
                        else
                                pthread_cond_wait(&spool->work, &spool->lock);
                }
                /* At the end everything is tried once more, whatever failed before. */
                if (!spool->store && (spool->stop || is_due(spool)))
                        open_store(spool);
                if (spool->store && spool->n_items > 0 && (spool->stop || is_due(spool)))
                        write_batch(spool);
                if (spool->requests)
                        answer_next(spool);
                last = spool->stop && (spool->n_items == 0 || spool->error < 0 || !spool->store);
                spoolwork_wake(spool);
        }
        pthread_mutex_unlock(&spool->lock);
        spool->store = spoolstore_close(spool->store);
        pthread_mutex_lock(&spool->lock);
        spool->ended = true;
        orphan = spool->orphan;
        pthread_cond_signal(&spool->ended_cond);
        pthread_mutex_unlock(&spool->lock);
        if (orphan)
                spoolwork_free(spool);
        return NULL;
}
