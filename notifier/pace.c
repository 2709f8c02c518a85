/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "notifier/pace.h"

bool pace_ask(struct pace *pace, uint64_t now_usec, unsigned per_hour)
{
        unsigned n = 0;

        if (per_hour > PACE_MAX)
                per_hour = PACE_MAX;
        for (unsigned i = 0; i < PACE_MAX; i++)
                n += pace->told[i] != 0 && now_usec - pace->told[i] < PACE_HOUR_USEC;
        if (n >= per_hour)
                return false;
        pace->told[pace->next] = now_usec;
        pace->next = (pace->next + 1) % PACE_MAX;

        return true;
}
