/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* So many in an hour, and no more. Pure. */

#include <stdbool.h>
#include <stdint.h>

#define PACE_MAX       60U /* in an hour, whatever is asked for */
#define PACE_HOUR_USEC 3600000000ULL

struct pace {
        uint64_t told[PACE_MAX]; /* when, in a ring; 0: never */
        unsigned next;
};

/* May there be another one now, at most per_hour (1 to PACE_MAX) in the hour before? If so it is counted. now: any clock
 * that does not go back, above 0. */
bool pace_ask(struct pace *pace, uint64_t now_usec, unsigned per_hour);
