/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Counters under one lock. Each is touched a few times for each request, never for each byte. */

#include <time.h>

#include "collector/load.h"

void load_init(struct load *load)
{
        pthread_condattr_t attributes;

        *load = (struct load){ .ending = false };
        pthread_mutex_init(&load->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&load->less, &attributes);
        pthread_condattr_destroy(&attributes);
}

void load_destroy(struct load *load)
{
        pthread_cond_destroy(&load->less);
        pthread_mutex_destroy(&load->lock);
}

bool load_ending(struct load *load)
{
        bool ending;

        pthread_mutex_lock(&load->lock);
        ending = load->ending;
        pthread_mutex_unlock(&load->lock);
        return ending;
}

static bool take(struct load *load, size_t *count, size_t n, size_t max, bool always)
{
        bool taken;

        pthread_mutex_lock(&load->lock);
        taken = (always || !load->ending) && *count <= max && n <= max - *count;
        if (taken)
                *count += n;
        pthread_mutex_unlock(&load->lock);
        return taken;
}

static void give(struct load *load, size_t *count, size_t n)
{
        pthread_mutex_lock(&load->lock);
        *count -= n;
        pthread_cond_broadcast(&load->less);
        pthread_mutex_unlock(&load->lock);
}

void load_take_request(struct load *load)
{
        take(load, &load->requests, 1, SIZE_MAX, true);
}

void load_give_request(struct load *load)
{
        give(load, &load->requests, 1);
}

bool load_take_body(struct load *load, size_t size)
{
        return take(load, &load->bodies, size, LOAD_BODIES_MAX, false);
}

void load_give_body(struct load *load, size_t size)
{
        give(load, &load->bodies, size);
}

bool load_take_page(struct load *load)
{
        return take(load, &load->pages, 1, LOAD_PAGES_MAX, false);
}

void load_give_page(struct load *load)
{
        give(load, &load->pages, 1);
}

bool load_take_waiting(struct load *load)
{
        return take(load, &load->waiting, 1, SIZE_MAX, false);
}

void load_give_waiting(struct load *load)
{
        give(load, &load->waiting, 1);
}

void load_drain(struct load *load, uint64_t grace_ms)
{
        struct timespec until;

        pthread_mutex_lock(&load->lock);
        load->ending = true;
        while (load->waiting > 0)
                pthread_cond_wait(&load->less, &load->lock);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t) (grace_ms / 1000);
        while (load->requests > 0 && pthread_cond_timedwait(&load->less, &load->lock, &until) == 0)
                ;
        pthread_mutex_unlock(&load->lock);
}
