/* SPDX-License-Identifier: GPL-3.0-or-later */

/* While one group is being committed the next one gathers by itself, so under load nothing ever waits for the clock; the
 * two milliseconds only help when a few senders come at almost the same time. */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "collector/writer.h"

#define NSEC_PER_SEC  1000000000
#define NSEC_PER_MSEC 1000000

struct job {
        struct batch *batch;
        writer_done_t done;
        void *userdata;
};

struct writer {
        struct store *store;
        writer_trouble_t trouble;
        void *userdata;
        pthread_t thread;

        /* the writer's thread alone */
        int error; /* of the last group */
        struct job jobs[WRITER_QUEUE_BATCHES_MAX];
        struct batch *batches[WRITER_QUEUE_BATCHES_MAX];

        pthread_mutex_t lock; /* for all below */
        pthread_cond_t wake;
        bool ending;
        struct job queue[WRITER_QUEUE_BATCHES_MAX];
        size_t n, bytes, records;
};

static struct timespec in_a_moment(void)
{
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long) WRITER_GROUP_MS * NSEC_PER_MSEC;
        if (until.tv_nsec >= NSEC_PER_SEC) {
                until.tv_nsec -= NSEC_PER_SEC;
                until.tv_sec++;
        }
        return until;
}

/* Wait for jobs and take all there are. Returns how many; 0: it is over. */
static size_t take(struct writer *writer)
{
        struct timespec until;
        size_t n;

        pthread_mutex_lock(&writer->lock);
        while (writer->n == 0 && !writer->ending)
                pthread_cond_wait(&writer->wake, &writer->lock);
        until = in_a_moment();
        while (!writer->ending && writer->records < WRITER_GROUP_RECORDS && writer->n < WRITER_QUEUE_BATCHES_MAX &&
               pthread_cond_timedwait(&writer->wake, &writer->lock, &until) == 0)
                ;
        n = writer->n;
        for (size_t i = 0; i < n; i++)
                writer->jobs[i] = writer->queue[i];
        writer->n = writer->bytes = writer->records = 0;
        pthread_mutex_unlock(&writer->lock);
        return n;
}

static void write_jobs(struct writer *writer, size_t n)
{
        struct timespec now;
        int r;

        for (size_t i = 0; i < n; i++)
                writer->batches[i] = writer->jobs[i].batch;
        clock_gettime(CLOCK_REALTIME, &now);
        r = store_add(writer->store, writer->batches, n, (uint64_t) now.tv_sec * NSEC_PER_SEC + (uint64_t) now.tv_nsec);
        for (size_t i = 0; i < n; i++)
                batch_free(writer->batches[i]);

        /* Said before the answers go out, so that who hears of a failure finds the reason in the log. */
        if (r != writer->error && writer->trouble)
                writer->trouble(writer->userdata, r);
        writer->error = r;
        for (size_t i = 0; i < n; i++)
                writer->jobs[i].done(writer->jobs[i].userdata, r);
}

static void *run(void *userdata)
{
        struct writer *writer = userdata;
        size_t n;

        while ((n = take(writer)) > 0)
                write_jobs(writer, n);
        return NULL;
}

int writer_new(struct store *store, writer_trouble_t trouble, void *userdata, struct writer **ret)
{
        pthread_condattr_t attributes;
        struct writer *writer;
        int r;

        writer = calloc(1, sizeof(*writer));
        if (!writer)
                return -ENOMEM;
        writer->store = store;
        writer->trouble = trouble;
        writer->userdata = userdata;
        pthread_mutex_init(&writer->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&writer->wake, &attributes);
        pthread_condattr_destroy(&attributes);

        r = pthread_create(&writer->thread, NULL, run, writer);
        if (r != 0) {
                pthread_cond_destroy(&writer->wake);
                pthread_mutex_destroy(&writer->lock);
                free(writer);
                return -r;
        }
        *ret = writer;
        return 0;
}

struct writer *writer_free(struct writer *writer)
{
        if (!writer)
                return NULL;
        pthread_mutex_lock(&writer->lock);
        writer->ending = true;
        pthread_cond_signal(&writer->wake);
        pthread_mutex_unlock(&writer->lock);
        pthread_join(writer->thread, NULL);
        pthread_cond_destroy(&writer->wake);
        pthread_mutex_destroy(&writer->lock);
        free(writer);
        return NULL;
}

int writer_submit(struct writer *writer, struct batch *batch, writer_done_t done, void *userdata)
{
        int r = 0;

        pthread_mutex_lock(&writer->lock);
        if (writer->ending || writer->n == WRITER_QUEUE_BATCHES_MAX ||
            batch->bytes > WRITER_QUEUE_BYTES_MAX - writer->bytes) {
                r = -EAGAIN;
        } else {
                writer->queue[writer->n++] = (struct job){ batch, done, userdata };
                writer->bytes += batch->bytes;
                writer->records += batch->n_records;
                pthread_cond_signal(&writer->wake);
        }
        pthread_mutex_unlock(&writer->lock);
        return r;
}
