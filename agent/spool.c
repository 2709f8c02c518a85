/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The loop's side: a queue with one lock, a thread that empties it (spoolwork.c), and one event descriptor by which it
 * wakes the loop.
 *
 * An event's ticket is given when it is added, and its seq follows from that: base + ticket. The base is known when the
 * store has been open for the first time. So events that are given up leave a gap of known size. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/spoolparts.h"
#include "common/clock.h"

static void tell_gap(struct spool *spool)
{
        uint64_t n = spool->gap, base;
        bool room;

        pthread_mutex_lock(&spool->lock);
        room = spool->opened && spool->n_items + 2 <= SPOOL_QUEUE_MAX;
        base = spool->base;
        pthread_mutex_unlock(&spool->lock);
        if (n == 0 || !room)
                return;
        spool->gap = 0;
        spool->ops.dropped(spool->ops.userdata, n, base + spool->gap_first, base + spool->gap_last);
}

/* The report itself needs room, or it would be lost in its turn. */
static void tell_loss(struct spool *spool)
{
        struct spoolroom_lost lost = { 0 };

        pthread_mutex_lock(&spool->lock);
        if (spool->n_items + 2 <= SPOOL_QUEUE_MAX) {
                lost = spool->lost;
                spool->lost = (struct spoolroom_lost){ 0 };
        }
        pthread_mutex_unlock(&spool->lock);
        if (lost.count == 0)
                return;
        spool->n_dropped += lost.count;
        spool->ops.dropped(spool->ops.userdata, lost.count, lost.first, lost.last);
}

static void finish_request(struct spool *spool, struct request *request)
{
        spool->n_requests--;
        request->callback(request->userdata, &request->answer);
        spoolrecords_clear(&request->answer.records);
        free(request);
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct spool *spool = userdata;
        struct request *answered;
        uint64_t n, recorded;
        bool replaced, cloned;
        int error;

        (void) source;
        (void) revents;
        if (read(fd, &n, sizeof(n)) < 0)
                return 0;
        pthread_mutex_lock(&spool->lock);
        answered = spool->answered;
        spool->answered = NULL;
        spool->answered_end = &spool->answered;
        recorded = spool->recorded;
        error = spool->error;
        replaced = spool->replaced;
        spool->replaced = false;
        cloned = spool->cloned;
        spool->cloned = false;
        pthread_mutex_unlock(&spool->lock);

        if (cloned)
                spool->ops.cloned(spool->ops.userdata);
        if (replaced)
                spool->ops.health(spool->ops.userdata, -EUCLEAN);
        if (error != spool->told_error) {
                spool->told_error = error;
                spool->ops.health(spool->ops.userdata, error);
        }
        if (recorded > spool->told_ticket) {
                spool->told_ticket = recorded;
                spool->ops.recorded(spool->ops.userdata, recorded);
        }
        tell_gap(spool);
        tell_loss(spool);
        while (answered) {
                struct request *request = answered;

                answered = request->next;
                finish_request(spool, request);
        }
        return 0;
}

static int start_thread(struct spool *spool)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        int r = pthread_attr_init(&attributes);

        if (r != 0)
                return -r;
        sigfillset(&all);
        r = pthread_attr_setstacksize(&attributes, SPOOL_STACK);
        if (r == 0)
                r = pthread_sigmask(SIG_SETMASK, &all, &before);
        if (r == 0) {
                r = pthread_create(&spool->thread, &attributes, spoolwork, spool);
                pthread_sigmask(SIG_SETMASK, &before, NULL);
        }
        pthread_attr_destroy(&attributes);
        return -r;
}

int spool_new(sd_event *loop, const char *path, const char *machine, unsigned pages_max, const struct spool_ops *ops,
              struct spool **ret)
{
        struct spool *spool = calloc(1, sizeof(*spool));
        pthread_condattr_t monotonic;
        int r;

        if (!spool)
                return -ENOMEM;
        spool->ops = *ops;
        spool->path = path;
        spool->machine = machine;
        spool->pages_max = pages_max;
        spool->next_ticket = 1;
        spool->pause_usec = SPOOL_RETRY_USEC;
        spool->items_end = &spool->items;
        spool->requests_end = &spool->requests;
        spool->answered_end = &spool->answered;
        pthread_mutex_init(&spool->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&spool->work, &monotonic);
        pthread_cond_init(&spool->ended_cond, &monotonic);
        pthread_condattr_destroy(&monotonic);
        spool->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = spool->eventfd < 0 ? -errno
                               : sd_event_add_io(loop, &spool->source, spool->eventfd, EPOLLIN, on_wake, spool);
        if (r >= 0 && path)
                r = start_thread(spool);
        if (r < 0) {
                sd_event_source_disable_unref(spool->source);
                spoolwork_free(spool);
                return r;
        }
        *ret = spool;
        return 0;
}

/* Those who still wait for an answer get theirs now. */
static void cancel_requests(struct spool *spool, struct request **list)
{
        while (*list) {
                struct request *request = *list;

                *list = request->next;
                request->answer.error = -ECANCELED;
                finish_request(spool, request);
        }
}

/* At the end, the thread is gone: what waits still was in vain. */
static void tell_lost(struct spool *spool)
{
        uint64_t n = spool->gap + spool->n_items, first = spool->gap > 0 ? spool->gap_first : UINT64_MAX;

        if (n == 0)
                return;
        if (spool->items && spool->items->ticket < first)
                first = spool->items->ticket;
        spool->ops.dropped(spool->ops.userdata, n, spool->base + first, spool->base + spool->next_ticket - 1);
}

struct spool *spool_free(struct spool *spool)
{
        static const struct spool_answer cancelled = { .error = -ECANCELED };
        struct timespec until;

        if (!spool)
                return NULL;
        spool->source = sd_event_source_disable_unref(spool->source);
        if (!spool->path) {
                cancel_requests(spool, &spool->answered);
                spoolwork_free(spool);
                return NULL;
        }
        pthread_mutex_lock(&spool->lock);
        spool->stop = true;
        pthread_cond_signal(&spool->work);
        until = spoolwork_timespec(clock_usec(CLOCK_MONOTONIC) + SPOOL_STOP_USEC);
        while (!spool->ended && pthread_cond_timedwait(&spool->ended_cond, &spool->lock, &until) != ETIMEDOUT)
                ;
        cancel_requests(spool, &spool->answered);
        spool->answered_end = &spool->answered;
        cancel_requests(spool, &spool->requests);
        spool->requests_end = &spool->requests;
        if (!spool->ended) {
                /* A disk holds it. The process ends soon; if not, the thread cleans up when it comes back. */
                if (spool->current)
                        spool->current->callback(spool->current->userdata, &cancelled);
                spool->ops.health(spool->ops.userdata, -ETIMEDOUT);
                spool->orphan = true;
                pthread_detach(spool->thread);
                pthread_mutex_unlock(&spool->lock);
                return NULL;
        }
        pthread_mutex_unlock(&spool->lock);
        pthread_join(spool->thread, NULL);
        tell_lost(spool);
        spoolwork_free(spool);
        return NULL;
}

void spool_limit(struct spool *spool, unsigned pages_max)
{
        pthread_mutex_lock(&spool->lock);
        spool->pages_max = pages_max;
        pthread_mutex_unlock(&spool->lock);
}

static void drop_event(struct spool *spool, uint64_t ticket)
{
        if (spool->gap == 0)
                spool->gap_first = ticket;
        spool->gap_last = ticket;
        spool->gap++;
        spool->n_dropped++;
}

uint64_t spool_add(struct spool *spool, struct event *event)
{
        struct item *item;
        uint64_t ticket;
        bool added = false;

        if (!spool->path)
                return 0;
        tell_gap(spool);
        ticket = spool->next_ticket++;
        item = calloc(1, sizeof(*item));
        if (item) {
                item->ticket = ticket;
                item->pack = spoolpack_new(event);
        }
        pthread_mutex_lock(&spool->lock);
        event->seq = spool->opened ? spool->base + ticket : 0;
        if (item && item->pack && spool->n_items < SPOOL_QUEUE_MAX) {
                *spool->items_end = item;
                spool->items_end = &item->next;
                spool->n_items++;
                added = true;
                pthread_cond_signal(&spool->work);
        }
        pthread_mutex_unlock(&spool->lock);
        if (added)
                return ticket;
        if (item)
                free(item->pack);
        free(item);
        drop_event(spool, ticket);
        return 0;
}

void spool_status(struct spool *spool, struct spool_status *ret)
{
        pthread_mutex_lock(&spool->lock);
        ret->health = !spool->path       ? SPOOL_ABSENT
                      : spool->error < 0 ? SPOOL_FAILING
                      : !spool->opened   ? SPOOL_OPENING
                                         : SPOOL_OK;
        ret->waiting = spool->waiting + spool->n_items;
        ret->aside = spool->aside;
        ret->acknowledged = spool->acknowledged;
        pthread_mutex_unlock(&spool->lock);
        ret->dropped = spool->n_dropped;
}

/* ---- questions ---- */

static int ask(struct spool *spool, const struct request *question)
{
        struct request *request;

        if (spool->n_requests >= SPOOL_REQUESTS_MAX)
                return -ENOBUFS;
        request = malloc(sizeof(*request));
        if (!request)
                return -ENOMEM;
        *request = *question;
        spool->n_requests++;
        pthread_mutex_lock(&spool->lock);
        if (spool->path) {
                *spool->requests_end = request;
                spool->requests_end = &request->next;
                pthread_cond_signal(&spool->work);
        } else {
                request->answer.error = -EAGAIN;
                *spool->answered_end = request;
                spool->answered_end = &request->next;
                spoolwork_wake(spool);
        }
        pthread_mutex_unlock(&spool->lock);
        return 0;
}

int spool_events(struct spool *spool, uint64_t after, unsigned max, spool_callback callback, void *userdata)
{
        return ask(spool,
                   &(struct request){
                           .ask = ASK_EVENTS, .seq = after, .max = max, .callback = callback, .userdata = userdata });
}

int spool_recent(struct spool *spool, const char *filter, unsigned max, spool_callback callback, void *userdata)
{
        struct request request = { .ask = ASK_RECENT, .max = max, .callback = callback, .userdata = userdata };

        if (strlen(filter) >= sizeof(request.filter))
                return -EINVAL;
        strcpy(request.filter, filter);
        return ask(spool, &request);
}

int spool_acknowledge(struct spool *spool, uint64_t seq, spool_callback callback, void *userdata)
{
        return ask(spool,
                   &(struct request){ .ask = ASK_ACKNOWLEDGE, .seq = seq, .callback = callback, .userdata = userdata });
}

int spool_set_aside(struct spool *spool, uint64_t seq, enum spoolstore_aside why, spool_callback callback,
                    void *userdata)
{
        return ask(spool,
                   &(struct request){
                           .ask = ASK_SET_ASIDE, .seq = seq, .why = why, .callback = callback, .userdata = userdata });
}

const char *spool_health_name(enum spool_health health)
{
        switch (health) {
        case SPOOL_ABSENT:
                return "absent";
        case SPOOL_OPENING:
                return "opening";
        case SPOOL_OK:
                return "ok";
        case SPOOL_FAILING:
                return "failing";
        }
        return "absent";
}
