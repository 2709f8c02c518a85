/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a device says of itself, made fit to be shown, logged and sent. */

#include <stdbool.h>
#include <stddef.h>

#define TEXT_STRANGER '?' /* stands in for each character that is not wanted */

/* Copy size bytes at `in` to out as valid UTF-8 without control and format characters: each of those, and each
 * broken sequence, becomes TEXT_STRANGER; blanks at both ends are dropped, NULs at the end too. Cut at a whole
 * character so that the result and its NUL fit in out_size > 0. Returns the length. `in` may be NULL when size is 0,
 * and may be out. */
size_t text_clean(const void *in, size_t size, char *out, size_t out_size);

/* Does text contain needle (ASCII), whatever the case of its letters? */
bool text_has(const char *text, const char *needle);

/* Is path the directory `above`, or below it? Both without a final slash. "/a/bc" is not below "/a/b". */
bool text_path_below(const char *path, const char *above);
