/* SPDX-License-Identifier: GPL-3.0-or-later */

/* People get local time and no more date than they need; programs get UTC. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "cli/when.h"

#define USEC_PER_SEC 1000000U
#define WHEN_LAST    (UINT64_C(253402300800) * USEC_PER_SEC) /* the year 10000 */

static bool local(uint64_t when, struct tm *ret)
{
        time_t seconds = (time_t) (when / USEC_PER_SEC);

        return when > 0 && when < WHEN_LAST && localtime_r(&seconds, ret);
}

void when_short(uint64_t when, uint64_t now, char ret[static WHEN_MAX])
{
        struct tm then, today;
        bool same_day;

        if (!local(when, &then)) {
                snprintf(ret, WHEN_MAX, "unknown");
                return;
        }
        same_day = local(now, &today) && then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
        strftime(ret, WHEN_MAX, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
}

void when_day(uint64_t when, char ret[static WHEN_MAX])
{
        struct tm then;

        if (local(when, &then))
                strftime(ret, WHEN_MAX, "%Y-%m-%d", &then);
        else
                snprintf(ret, WHEN_MAX, "unknown");
}

void when_ago(uint64_t when, uint64_t now, char ret[static WHEN_MAX])
{
        static const struct {
                uint64_t seconds;
                const char *name;
        } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
        uint64_t seconds = when < now ? (now - when) / USEC_PER_SEC : 0;

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                uint64_t n = seconds / units[i].seconds;

                if (n > 0) {
                        snprintf(ret, WHEN_MAX, "%" PRIu64 " %s%s", n, units[i].name, n == 1 ? "" : "s");
                        return;
                }
        }
        snprintf(ret, WHEN_MAX, "less than a second");
}

void when_utc(uint64_t when, char ret[static WHEN_MAX])
{
        time_t seconds = (time_t) (when / USEC_PER_SEC);
        char date[32];
        struct tm then;

        if (when == 0 || when >= WHEN_LAST || !gmtime_r(&seconds, &then)) {
                ret[0] = '\0';
                return;
        }
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &then);
        snprintf(ret, WHEN_MAX, "%s.%06" PRIu64 "Z", date, when % USEC_PER_SEC);
}
