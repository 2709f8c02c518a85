/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Exit codes of lekdicht-gate; the agent and the package scripts rely on them. */
enum gate_exit {
        GATE_DONE = 0,
        GATE_FAILED = 1,    /* stderr says what; what could be done was done */
        GATE_USAGE = 2,     /* not understood, nothing done */
        GATE_IS_OPEN = 3,   /* status */
        GATE_IS_PARTLY = 4, /* status: neither closed nor open */
        GATE_BUSY = 5,      /* in use; left exactly as it was */
        GATE_GONE = 6,      /* the device has left, or another has taken its name */
        GATE_PLAIN = 7,     /* encrypted: not all of it is; closed */
};
