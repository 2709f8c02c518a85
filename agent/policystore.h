/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The running policy, and where it came from: the school's file, else the last one that was good, else built in. */

#include <stdbool.h>

#include "policy/policy.h"

enum policy_source { POLICY_FROM_FILE, POLICY_FROM_LAST_GOOD, POLICY_BUILT_IN };

struct policystore {
        const char *path;      /* /etc/lekdicht/policy.ini; borrowed */
        const char *last_good; /* /var/lib/lekdicht/policy.last-good.ini; borrowed */
        unsigned flags;        /* of policy_load() */
        struct policy *policy; /* never NULL after policystore_init() */
        enum policy_source source;
        struct policy_errors *errors;            /* of the last time the file was read */
        char error[POLICY_ERROR_TEXT_MAX + 300]; /* "FILE:LINE: text" of the first, "" when the file is good */
};

/* Read the first policy that can be had. 0 or -ENOMEM. */
int policystore_init(struct policystore *store, const char *path, const char *last_good, unsigned flags);
void policystore_clear(struct policystore *store);

/* Read the file again. 1: another policy runs now; 0: it was refused and nothing changed; -ENOMEM. */
int policystore_reload(struct policystore *store);

/* "FILE:LINE: text" of error or warning i. */
void policystore_error_text(const struct policystore *store, const struct policy_error *error, char *text, size_t size);

const char *policy_source_name(enum policy_source source);
