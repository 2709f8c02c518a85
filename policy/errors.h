/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Collects what is wrong with a policy file, in the order of its lines. Inside policy/ only. */

#include "policy/policy.h"

#define ERRORS_QUOTE_MAX 56U /* bytes of a quoted word, with quotes, "..." and NUL */

/* Add an error or a warning about a line (1-based; 0: the file as a whole). Beyond POLICY_ERRORS_MAX errors are only
 * counted; warnings are dropped. A text that is too long is cut between two characters. */
void errors_add(struct policy_errors *errors, unsigned line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void errors_warn(struct policy_errors *errors, unsigned line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Write "text" with quotes into buffer, shortened between two characters of UTF-8 when long. Returns buffer. */
const char *errors_quote(char buffer[ERRORS_QUOTE_MAX], const char *text);

/* "Did you mean": offer() every word that would have been right, then read best (NULL: none is near). */
struct errors_hint {
        const char *word;
        const char *best;
        unsigned distance;
};

void errors_hint_offer(struct errors_hint *hint, const char *candidate);
