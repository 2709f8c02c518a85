/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What one check of `lekdicht doctor` came to. */

#define FINDING_TEXT_MAX 512U /* bytes of a sentence, NUL included; what is longer is cut */

/* The numbers are the exit codes of `lekdicht doctor`, as monitoring knows them; they never change their meaning. */
enum finding_state {
        FINDING_OK = 0,
        FINDING_WARNING = 1, /* it works, and somebody should look */
        FINDING_PROBLEM = 2, /* what lekdicht promises does not hold, or will not */
        FINDING_UNKNOWN = 3, /* could not be seen; the text says why */
};

struct finding {
        const char *id; /* "gate"; a name for programs that stays */
        enum finding_state state;
        char text[FINDING_TEXT_MAX];   /* what is so, in plain words, without a full stop */
        char remedy[FINDING_TEXT_MAX]; /* what to do; "" when there is nothing to do */
};

/* "ok", "warning", "problem", "unknown". */
const char *finding_word(enum finding_state state);
/* Of the two the one that monitoring has to hear of: a problem, then a warning, then what is not known. */
enum finding_state finding_worse(enum finding_state a, enum finding_state b);

/* Set state and text. */
void finding_set(struct finding *finding, enum finding_state state, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void finding_remedy(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
