/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the server is busy with, bounded. Everything that is taken is given back by whoever took it. Any thread. */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_BODIES_MAX (16U * 1024U * 1024U) /* bytes announced by all requests that are being read */
#define LOAD_PAGES_MAX  16U                   /* pages that are being made or sent */

struct load {
        pthread_mutex_t lock;
        pthread_cond_t less;
        bool ending;
        size_t requests; /* from the head to the end of the answer */
        size_t waiting;  /* those that wait for the writer */
        size_t bodies, pages;
};

void load_init(struct load *load);
void load_destroy(struct load *load);

/* Nothing new is begun any more. */
bool load_ending(struct load *load);

void load_take_request(struct load *load);
void load_give_request(struct load *load);

/* False, and nothing taken: there is no room, or it is ending. */
bool load_take_body(struct load *load, size_t size);
void load_give_body(struct load *load, size_t size);
bool load_take_page(struct load *load);
void load_give_page(struct load *load);
bool load_take_waiting(struct load *load);
void load_give_waiting(struct load *load);

/* From now on it is ending: return when nobody waits for the writer and, for at most grace_ms longer, no request is left. */
void load_drain(struct load *load, uint64_t grace_ms);
