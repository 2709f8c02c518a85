/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The header Retry-After (RFC 9110, 10.2.3): "120", or a date. */

#include <stdint.h>

#define RETRY_AFTER_MAX 3600U /* seconds; a server that asks for more gets this */

/* A date of HTTP (RFC 9110, 5.6.7) in its three forms, "Sun, 06 Nov 1994 08:49:37 GMT" and the two old ones, as seconds
 * since 1970 in *ret. 0, or -EINVAL. */
int retry_date(const char *text, int64_t *ret);

/* How many seconds a server wants us to stay away: 0 to RETRY_AFTER_MAX in *ret. A date is taken against the server's
 * own `date` header, since a laptop's clock may be years off; only when that is absent or wrong, against wall (seconds
 * since 1970). A date that has passed is 0. 0, or -EINVAL when the header says nothing that can be understood. */
int retry_after(const char *value, const char *date, int64_t wall, unsigned *ret);
