/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which of a laptop's numbers have come: a set of numbers from 1, kept as few intervals. Pure. A gap between two of them
 * is an event that was recorded and has not come (yet). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
        uint64_t first, last; /* both in it; first <= last */
};

/* Sorted, and between two neighbours at least one number is missing. All zero is the empty set. */
struct intervals {
        struct interval *items;
        size_t n, room;
};

/* Adds all numbers of interval. 0; -EINVAL when first is 0 or behind last; -ENOMEM, then nothing has changed. */
int intervals_add(struct intervals *intervals, struct interval interval);

bool intervals_contain(const struct intervals *intervals, uint64_t number);

/* Frees the items; the set is empty then. */
void intervals_clear(struct intervals *intervals);

/* Are the two of them one: do they overlap, or is nothing between them? */
bool interval_touches(struct interval a, struct interval b);

/* The smallest interval that has both. */
struct interval interval_union(struct interval a, struct interval b);
