/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Events mostly come in order, so the last interval just grows. When they do not, everything that the new interval touches
 * lies side by side in the sorted list, and one move replaces it. The arithmetic never adds 1 to the largest number. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/interval.h"

#define INTERVALS_ROOM_FIRST 8U

bool interval_touches(struct interval a, struct interval b)
{
        if (a.last < b.first)
                return b.first - a.last == 1;
        if (b.last < a.first)
                return a.first - b.last == 1;
        return true;
}

struct interval interval_union(struct interval a, struct interval b)
{
        return (struct interval){
                .first = a.first < b.first ? a.first : b.first,
                .last = a.last > b.last ? a.last : b.last,
        };
}

/* The index of the first item that ends at or behind number; n when there is none. */
static size_t find(const struct intervals *intervals, uint64_t number)
{
        size_t low = 0, high = intervals->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (intervals->items[middle].last < number)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int intervals_add(struct intervals *intervals, struct interval interval)
{
        size_t begin, end;

        if (interval.first == 0 || interval.first > interval.last)
                return -EINVAL;

        begin = find(intervals, interval.first - 1);
        end = begin;
        while (end < intervals->n && interval_touches(intervals->items[end], interval)) {
                interval = interval_union(intervals->items[end], interval);
                end++;
        }

        if (end == begin && intervals->n == intervals->room) {
                size_t room = intervals->room ? intervals->room * 2 : INTERVALS_ROOM_FIRST;
                struct interval *items = reallocarray(intervals->items, room, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                intervals->items = items;
                intervals->room = room;
        }

        if (intervals->n > end)
                memmove(intervals->items + begin + 1, intervals->items + end,
                        (intervals->n - end) * sizeof(*intervals->items));
        intervals->items[begin] = interval;
        intervals->n = intervals->n + 1 - (end - begin);
        return 0;
}

bool intervals_contain(const struct intervals *intervals, uint64_t number)
{
        size_t at = find(intervals, number);

        return at < intervals->n && intervals->items[at].first <= number;
}

void intervals_clear(struct intervals *intervals)
{
        free(intervals->items);
        *intervals = (struct intervals){ 0 };
}
