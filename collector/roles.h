/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What people may see. The one place where that is written down. */

#include <stdbool.h>

enum role {
        ROLE_VIEWER,  /* somebody of one site: that site alone */
        ROLE_IT,      /* who looks after the laptops */
        ROLE_PRIVACY, /* the privacy officer */
        ROLE_AUDITOR, /* who looks whether all is there and in order, and not at what happened */
        _ROLE_MAX,
};

enum right {
        RIGHT_LAPTOPS = 1 << 0, /* which there are, how they are, and what is missing of them */
        RIGHT_EVENTS = 1 << 1,  /* what happened on them */
        RIGHT_EXPORT = 1 << 2,  /* take a copy of that */
};

/* "viewer", "it", "privacy-officer", "auditor" */
const char *role_to_string(enum role role);

/* -EINVAL: there is none of that name. */
int role_from_string(const char *text);

bool role_may(enum role role, enum right right);

/* Does it hold for one site only? */
bool role_has_site(enum role role);
