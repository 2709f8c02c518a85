/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What somebody did to the gate or to a device, and for how long it was so at most: since it was last known to be right. Times are of
 * CLOCK_BOOTTIME in microseconds; time asleep counts, since who has the laptop then may change things. */

#include <stddef.h>
#include <stdint.h>

#include "agent/gateview.h"

#define DRIFT_WORDS_MAX 192U /* bytes, NUL included */

/* When lekdicht-gate closed the gate in this boot (the file `armed` in its directory RUN); 0: it did not. */
uint64_t drift_closed_usec(const char *run);

/* How long that is ago, in whole seconds and not less. */
uint64_t drift_at_most_sec(uint64_t right_usec);

/* "scsi open, mmc closed, memstick closed; for 3 s at most". right_usec 0: nobody knows since when. */
void drift_words(const struct gateview *view, uint64_t right_usec, char *ret, size_t size);
