/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the agent can ask of lekdicht-gate, and what it may answer. */

enum verb {
        VERB_NONE,
        VERB_RELEASE,
        VERB_READONLY,
        VERB_ENCRYPTED, /* look, and release or refuse */
        VERB_REFUSE,
        VERB_CUT, /* refuse, also while it is in use */
        VERB_CLOSE,
        VERB_OPEN,              /* keeps the wish "by-command" */
        VERB_OPEN_AUDIT,        /* keeps the wish "audit" */
        VERB_OPEN_UNTIL_REBOOT, /* keeps no wish */
};

enum deed {
        DEED_DONE,
        DEED_FAILED,
        DEED_BUSY,  /* in use, left as it was */
        DEED_PLAIN, /* looked at, not encrypted, and refused */
        DEED_GONE,  /* the device left, or another has its name */
};
