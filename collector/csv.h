/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A table for a spreadsheet (RFC 4180). */

#include <stdbool.h>
#include <stdio.h>

/* One field, in quotes, with the comma that belongs before it unless it is the first of its line. What a spreadsheet would
 * take for a formula gets an apostrophe before it, and control characters become U+FFFD. */
void csv_field(FILE *file, bool first, const char *text);
void csv_end(FILE *file);
