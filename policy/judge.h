/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The one place where it is decided whether a device opens. Pure: the answer depends on the arguments alone. */

#include <stdbool.h>

#include "policy/facts.h"
#include "policy/policy.h"

#define VERDICT_RULE_MAX   80U
#define VERDICT_REASON_MAX 320U

struct verdict {
        enum access access;          /* what is done: ACCESS_ALLOW in audit mode whatever the rules say */
        enum access by_rule;         /* what the rules say */
        bool audit;                  /* mode = audit */
        bool plain;                  /* refused for not being encrypted */
        char rule[VERDICT_RULE_MAX]; /* "[storage] usb-disk", "[device lokaal-2.14]", "built-in" */
        char reason
                [VERDICT_REASON_MAX]; /* one plain sentence: "refused by [storage] usb-disk", "audit: would have been refused by ..." */
        bool by_users;  /* the answer may be another when other people are logged in */
        unsigned again; /* the first day (policy.h) on which the answer may be another; 0: never */
};

/* First match among [device], but those whose last day is before today (a day, policy.h) and those whose users are not
 * logged in; else [storage]. While it is not known whether they are, the least of what it would be with and without them.
 * Never fails. */
void judge(const struct policy *policy, const struct storage_facts *facts, unsigned today, struct verdict *ret);
