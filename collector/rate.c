/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One number for each key: until when what happened so far would last if it came evenly. That may be a window ahead of the
 * clock. (Telecommunication calls it the generic cell rate algorithm; it is a leaky bucket without a timer.)
 *
 * The table has a fixed size. A key has one place of four, found by a hash that nobody can foresee; when all four are
 * taken the one goes that is ahead least, and loses nothing but its debt. */

#include "collector/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WAYS      4U
#define ROWS      (RATE_KEYS / WAYS)
#define FNV_PRIME UINT64_C(0x100000001b3)

struct place {
        char key[RATE_KEY_MAX + 1];
        uint64_t until_usec;
};

struct rate {
        pthread_mutex_t lock;
        uint64_t seed, each_usec, window_usec;
        struct place places[ROWS][WAYS];
};

struct rate *rate_new(unsigned count, uint64_t window_usec)
{
        struct rate *rate = calloc(1, sizeof(*rate));

        if (rate && getrandom(&rate->seed, sizeof(rate->seed), 0) != (ssize_t) sizeof(rate->seed)) {
                free(rate);
                return NULL;
        }
        if (!rate)
                return NULL;
        rate->window_usec = window_usec;
        rate->each_usec = window_usec / count;
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

static struct place *place_of(struct rate *rate, const char *key)
{
        uint64_t hash = rate->seed;
        struct place *row, *best;

        for (const char *c = key; *c; c++)
                hash = (hash ^ (unsigned char) *c) * FNV_PRIME;
        row = rate->places[(hash >> 32) % ROWS];
        best = &row[0];
        for (size_t i = 0; i < WAYS; i++) {
                if (strncmp(row[i].key, key, RATE_KEY_MAX) == 0)
                        return &row[i];
                if (row[i].until_usec < best->until_usec)
                        best = &row[i];
        }
        *best = (struct place){ 0 };
        strncpy(best->key, key, RATE_KEY_MAX);
        return best;
}

bool rate_take(struct rate *rate, const char *key, uint64_t now_usec)
{
        struct place *place;
        bool taken;

        pthread_mutex_lock(&rate->lock);
        place = place_of(rate, key);
        if (place->until_usec < now_usec)
                place->until_usec = now_usec;
        taken = place->until_usec + rate->each_usec <= now_usec + rate->window_usec;
        if (taken)
                place->until_usec += rate->each_usec;
        pthread_mutex_unlock(&rate->lock);
        return taken;
}

void rate_give(struct rate *rate, const char *key)
{
        struct place *place;

        pthread_mutex_lock(&rate->lock);
        place = place_of(rate, key);
        place->until_usec -= place->until_usec < rate->each_usec ? place->until_usec : rate->each_usec;
        pthread_mutex_unlock(&rate->lock);
}
