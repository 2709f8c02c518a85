/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The ceiling is found by doubling in a loop that stops at the last one, so that no number of failures can shift it out
 * of the word. The remainder of a 64-bit draw is even enough: its bias is below one part in 10^10. */

#include "reporter/backoff.h"

uint64_t backoff_draw(uint64_t low, uint64_t high, const struct clock *clock)
{
        return low + clock->random(clock->userdata) % (high - low + 1);
}

uint64_t backoff_next(struct backoff *backoff, const struct clock *clock)
{
        uint64_t ceiling = BACKOFF_FIRST_USEC;

        for (unsigned i = 0; i < backoff->failures && ceiling < BACKOFF_MAX_USEC; i++)
                ceiling *= 2;
        if (ceiling >= BACKOFF_MAX_USEC)
                ceiling = BACKOFF_MAX_USEC;
        else
                backoff->failures++;

        return backoff_draw(0, ceiling, clock);
}

void backoff_reset(struct backoff *backoff)
{
        backoff->failures = 0;
}
