/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How often something may happen for each of many: a laptop's requests, the tries at an account. Any thread. */

#include <stdbool.h>
#include <stdint.h>

#define RATE_PER_MINUTE     600U     /* requests of a laptop; a reporter that drains 10,000 records sends 50 */
#define RATE_PER_MINUTE_MAX 1000000U /* that can be set */
#define RATE_KEY_MAX        63U      /* bytes of a key that count */
#define RATE_KEYS           8192U    /* remembered at once; then those are forgotten that were quiet longest */

#define RATE_MINUTE_USEC (60 * UINT64_C(1000000))

struct rate;

/* count times at once, and count times again in each window, evenly. count: 1 to RATE_PER_MINUTE_MAX. NULL: no memory or
 * randomness. */
struct rate *rate_new(unsigned count, uint64_t window_usec);

/* Takes NULL, returns NULL. */
struct rate *rate_free(struct rate *rate);

/* Once more for that key; now_usec of CLOCK_MONOTONIC. False: it was too often. */
bool rate_take(struct rate *rate, const char *key, uint64_t now_usec);

/* Take the last one back. */
void rate_give(struct rate *rate, const char *key);
