/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Text from elsewhere (a device's name, a file's name, an error from the bus) on its way to a terminal. */

#include <stddef.h>
#include <stdio.h>

#define TERMINAL_COMBINING_MAX 2U /* combining marks shown on one letter; more would climb into other lines */

/* A copy, for the caller to free, of which every character is seen and none steers: controls, bidi and zero-width
 * characters, characters that the locale's terminal cannot show, and piled up combining marks become \u001b and so on,
 * bytes that are not UTF-8 become U+FFFD ("?" outside a UTF-8 locale). text may be NULL (an empty copy). NULL: no memory. */
char *terminal_clean(const char *text);

/* Columns that a string from terminal_clean() takes on a terminal. */
size_t terminal_width(const char *clean);

/* Prints terminal_clean(text). */
void terminal_print(FILE *file, const char *text);
