/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/drift.h"
#include "common/clock.h"

uint64_t drift_closed_usec(const char *run)
{
        uint64_t now = clock_usec(CLOCK_BOOTTIME), ago;
        char path[PATH_MAX];
        struct timespec wall;
        struct stat armed;

        snprintf(path, sizeof(path), "%s/armed", run);
        if (stat(path, &armed) < 0 || clock_gettime(CLOCK_REALTIME, &wall) < 0)
                return 0;
        /* The clock may have been set since; it was not before the boot, in any case. */
        if (wall.tv_sec < armed.st_mtim.tv_sec)
                return 1;
        ago = (uint64_t) (wall.tv_sec - armed.st_mtim.tv_sec) * CLOCK_USEC_A_SEC;
        return ago < now ? now - ago : 1;
}

uint64_t drift_at_most_sec(uint64_t right_usec)
{
        return (clock_usec(CLOCK_BOOTTIME) - right_usec + CLOCK_USEC_A_SEC - 1) / CLOCK_USEC_A_SEC;
}

void drift_words(const struct gateview *view, uint64_t right_usec, char *ret, size_t size)
{
        size_t length = 0;

        ret[0] = '\0';
        for (unsigned i = 0; i < GATEVIEW_BUSES; i++) {
                snprintf(ret + length, size - length, "%s%s %s", i ? ", " : "", gateview_bus(i),
                         gateview_bus_state(view->buses[i]));
                length = strlen(ret);
        }
        if (right_usec != 0)
                snprintf(ret + length, size - length, "; for %" PRIu64 " s at most", drift_at_most_sec(right_usec));
}
