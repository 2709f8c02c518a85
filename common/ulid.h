/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* ULIDs (github.com/ulid/spec): 48 bits of milliseconds and 80 random bits, as 26 characters of Crockford's base32. As
 * text they sort by time. */

#include <stdbool.h>
#include <stdint.h>

#define ULID_LENGTH 26U

/* A new one for that CLOCK_REALTIME, with randomness from the kernel. 0, or -errno of getrandom(2), which waits for
 * entropy only in the first seconds of a boot. */
int ulid_new(uint64_t time_ns, char ret[static ULID_LENGTH + 1]);

/* 26 characters in upper case, the first 0 to 7. */
bool ulid_valid(const char *text);
