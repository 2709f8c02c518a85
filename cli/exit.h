/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What every verb of `lekdicht` answers to the shell. Scripts rely on these numbers: they never change their meaning.
 *
 * An open gate is not wrong in itself: when somebody decided it (gate open, mode = audit) `status` answers 0 and says
 * in words and in JSON that storage is open. Wrong is what nobody decided. */

enum {
        EXIT_WELL = 0, /* done; all is as it is wanted; the file is good */
        EXIT_WRONG =
                1, /* partly closed, a bad policy, an unknown device, a deed that failed, an answer not understood */
        EXIT_USAGE = 2,   /* the command line was not understood */
        EXIT_ABSENT = 3,  /* the agent is not running, or there is no system bus to ask it on */
        EXIT_REFUSED = 4, /* the caller may not */
};
