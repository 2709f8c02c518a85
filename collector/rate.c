/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One number for each laptop: until when its requests so far would last if they came evenly. A laptop may be a minute ahead
 * of the clock. (Telecommunication calls it the generic cell rate algorithm; it is a leaky bucket without a timer.)
 *
 * The table has a fixed size. A laptop has one place of four, found by a hash that nobody can foresee; when all four are
 * taken the one goes that is ahead least, and loses nothing but its debt. */

#include "collector/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "collector/batch.h"

#define WINDOW_USEC (60 * UINT64_C(1000000))
#define WAYS        4U
#define ROWS        (RATE_LAPTOPS / WAYS)
#define FNV_PRIME   UINT64_C(0x100000001b3)

struct place {
        char host[BATCH_HOST_LENGTH + 1];
        uint64_t until_usec;
};

struct rate {
        pthread_mutex_t lock;
        uint64_t seed, each_usec;
        struct place places[ROWS][WAYS];
};

struct rate *rate_new(unsigned per_minute)
{
        struct rate *rate = calloc(1, sizeof(*rate));

        if (rate && getrandom(&rate->seed, sizeof(rate->seed), 0) != (ssize_t) sizeof(rate->seed)) {
                free(rate);
                return NULL;
        }
        if (!rate)
                return NULL;
        rate->each_usec = WINDOW_USEC / per_minute;
        pthread_mutex_init(&rate->lock, NULL);
        return rate;
}

struct rate *rate_free(struct rate *rate)
{
        if (!rate)
                return NULL;
        pthread_mutex_destroy(&rate->lock);
        free(rate);
        return NULL;
}

static struct place *place_of(struct rate *rate, const char *host)
{
        uint64_t hash = rate->seed;
        struct place *row, *best;

        for (const char *c = host; *c; c++)
                hash = (hash ^ (unsigned char) *c) * FNV_PRIME;
        row = rate->places[(hash >> 32) % ROWS];
        best = &row[0];
        for (size_t i = 0; i < WAYS; i++) {
                if (strcmp(row[i].host, host) == 0)
                        return &row[i];
                if (row[i].until_usec < best->until_usec)
                        best = &row[i];
        }
        *best = (struct place){ 0 };
        strncpy(best->host, host, BATCH_HOST_LENGTH);
        return best;
}

bool rate_take(struct rate *rate, const char *host, uint64_t now_usec)
{
        struct place *place;
        bool taken;

        pthread_mutex_lock(&rate->lock);
        place = place_of(rate, host);
        if (place->until_usec < now_usec)
                place->until_usec = now_usec;
        taken = place->until_usec + rate->each_usec <= now_usec + WINDOW_USEC;
        if (taken)
                place->until_usec += rate->each_usec;
        pthread_mutex_unlock(&rate->lock);
        return taken;
}
