/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Is everything here that a laptop has recorded? Each number that it gave out has come, or was reported by it as dropped, or
 * is not explained. What is counted here is kept apart from the events and outlives them. */

#include <stddef.h>
#include <stdint.h>

#include "collector/interval.h"
#include "collector/store.h"

#define AUDIT_GAPS_MAX 5U /* that are named of one laptop */

struct audit_laptop {
        char host[BATCH_HOST_LENGTH + 1];
        char label[BATCH_LABEL_MAX + 1]; /* "": none */
        uint64_t received, dropped,
                unexplained;                  /* numbers up to the highest that came; together they are all of them */
        uint64_t twice;                       /* events under a number that had come before */
        struct interval gaps[AUDIT_GAPS_MAX]; /* the first of what is not explained */
        size_t n_gaps;                        /* in all */
};

/* The next laptop behind that host ("": the first; also that of *ret), in the order of hosts. 1; 0: there is none; errors of the store. */
int audit_next(struct store *store, const char *after, struct audit_laptop *ret);
