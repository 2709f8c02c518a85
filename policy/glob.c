/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Each '*' is tried as short as it can be, and only the last one is ever made longer: what an earlier one took can
 * stay as it is, for whatever it might give up the later one can take. So there is no recursion for a hostile path to
 * drive. */

#include "policy/glob.h"

#include <stddef.h>

bool glob_fits(const char *pattern, const char *text)
{
        const char *star = NULL, *from = NULL;

        while (*text) {
                if (*pattern == '*') {
                        star = ++pattern;
                        from = text;
                } else if (*pattern == *text) {
                        pattern++;
                        text++;
                } else if (star) {
                        pattern = star;
                        text = ++from;
                } else {
                        return false;
                }
        }
        while (*pattern == '*')
                pattern++;

        return *pattern == '\0';
}
