/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How long to wait before the next attempt: "full jitter", a time drawn evenly from zero to a ceiling that doubles.
 * Five thousand laptops that lost their collector in the same second come back spread out. */

#include <stdint.h>

#include "reporter/clock.h"

#define BACKOFF_FIRST_USEC UINT64_C(1000000)              /* the first ceiling: 1 s */
#define BACKOFF_MAX_USEC   (15 * 60 * BACKOFF_FIRST_USEC) /* the last one: 15 min */

struct backoff {
        unsigned failures; /* in a row; zeroed to begin with */
};

/* Count a failure; returns the microseconds to wait: 0 to 1 s, then 0 to 2 s ... then 0 to BACKOFF_MAX_USEC. */
uint64_t backoff_next(struct backoff *backoff, const struct clock *clock);

/* An even draw from low to high microseconds, both included. low <= high < UINT64_MAX. */
uint64_t backoff_draw(uint64_t low, uint64_t high, const struct clock *clock);

/* It worked. */
void backoff_reset(struct backoff *backoff);
