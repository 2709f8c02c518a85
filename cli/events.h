/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht events` that needs no bus, for its tests. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/table.h"

/* What has been shown so far. All zero at first; table_free(table) at the end. */
struct events_shown {
        struct table *table; /* NULL until the first row, and with --json */
        uint64_t last;       /* seq of the newest */
        bool garbled;        /* one of them was not understood */
};

/* Prints those that are newer than shown->last, and remembers it. now: microseconds, CLOCK_REALTIME. 0 or -ENOMEM. */
int events_print(const struct cli *cli, const struct answer_events *events, uint64_t now, struct events_shown *shown);
