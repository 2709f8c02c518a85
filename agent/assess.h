/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The judge asked before all is known. A device is first seen when neither its LUNs nor its serial can be read yet;
 * often the answer does not depend on them. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "policy/judge.h"

enum assessment {
        ASSESS_NEED_STRINGS, /* the serial, or what the device calls itself, decides */
        ASSESS_NEED_LUNS,    /* whether it is a disk, a card reader or a CD drive decides */
        ASSESS_REFUSED,
        ASSESS_READ_ONLY,
        ASSESS_ENCRYPTED, /* opens when it is looked at and found to be encrypted */
        ASSESS_ALLOWED,   /* in audit mode too: what the rules say */
};

struct assess_facts {
        unsigned kinds;          /* what it may be: 1U << enum storage_kind each */
        enum storage_kind guess; /* which of them to name when it makes no difference */
        unsigned units;          /* what its logical units are, as far as known: the same */
        bool has_usb_id;
        uint16_t vendor, product;
        bool strings_known;
        bool plain;         /* it was looked at, and is not encrypted */
        const char *serial; /* NULL: none, or not known yet */
        struct user_facts users;
};

/* What the rules say. *ret is the verdict for `guess`, also while something is still needed, but
 * for `again`, the first day on which any of the answers may be another, and `by_users`, whether any may be. today: policy/policy.h. When kinds differ,
 * ASSESS_NEED_STRINGS is the answer if the serial may decide, else ASSESS_NEED_LUNS. */
enum assessment assess(const struct policy *policy, const struct assess_facts *facts, unsigned today,
                       struct verdict *ret);
