/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a clock of the kernel's says, in microseconds: as the event loop, the bus and the timers count. */

#include <stdint.h>
#include <time.h>

#define CLOCK_USEC_A_SEC UINT64_C(1000000)

/* For the clocks that every kernel has (CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME): of those reading cannot fail. */
static inline uint64_t clock_usec(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t) now.tv_sec * CLOCK_USEC_A_SEC + (uint64_t) now.tv_nsec / 1000U;
}
