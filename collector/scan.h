/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A look at JSON text before it is parsed: how deep, how many, how long. A parser builds about a hundred bytes for each
 * value, so a small body can become a big tree; this is where that ends, at the cost of one pass without memory. */

#include <stddef.h>

#define SCAN_DEPTH_MAX  16U            /* objects and arrays within one another; a LogRecord's attributes are at 10 */
#define SCAN_KEYS_MAX   64U            /* members of one object */
#define SCAN_STRING_MAX 4096U          /* bytes of one string as it is written, escapes and all */
#define SCAN_VALUES_MAX (128U * 1024U) /* objects, arrays and elements in all; 1000 records with 40 attributes each */

/* 0 when the text keeps the limits: for text that is JSON, that is meant exactly; what is not JSON is left for the
 * parser to refuse, which then stops no later than where this looked. -EMSGSIZE when a limit is passed, and what is
 * wrong in one phrase in *ret_why (a constant). */
int scan_json(const char *text, size_t size, const char **ret_why);
