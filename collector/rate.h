/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How often each laptop may send, so that one that runs wild takes nothing from the others. Any thread. */

#include <stdbool.h>
#include <stdint.h>

#define RATE_PER_MINUTE     600U     /* requests; a reporter that drains 10,000 records sends 50 */
#define RATE_PER_MINUTE_MAX 1000000U /* that can be set */
#define RATE_LAPTOPS        8192U    /* remembered at once; then those are forgotten that were quiet longest */

struct rate;

/* Each may send so many requests at once, and so many a minute, 1 to RATE_PER_MINUTE_MAX. NULL: no memory or randomness. */
struct rate *rate_new(unsigned per_minute);

/* Takes NULL, returns NULL. */
struct rate *rate_free(struct rate *rate);

/* One more request of that laptop, a host.id; now_usec of CLOCK_MONOTONIC. False: it has sent too many. */
bool rate_take(struct rate *rate, const char *host, uint64_t now_usec);
