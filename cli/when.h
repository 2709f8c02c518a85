/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Points in time for people and for programs. All in microseconds of CLOCK_REALTIME, as they come over the bus. */

#include <stdint.h>

#define WHEN_MAX 64U /* bytes, with NUL, of any text made here */

/* "08:15:02" on the same local day as now, else "2025-11-21 08:15:02"; "unknown" for 0. */
void when_short(uint64_t when, uint64_t now, char ret[static WHEN_MAX]);

/* "2025-11-21", the local day; "unknown" for 0. */
void when_day(uint64_t when, char ret[static WHEN_MAX]);

/* "12 seconds", "5 minutes", "3 hours", "12 days": how long before now, rounded down; else "less than a second". */
void when_ago(uint64_t when, uint64_t now, char ret[static WHEN_MAX]);

/* "2025-11-21T07:15:02.123456Z" (RFC 3339, UTC), or "" for 0 or a year beyond 9999. */
void when_utc(uint64_t when, char ret[static WHEN_MAX]);
