/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Ask the judge for each thing the device may turn out to be. When all answers agree there is nothing to wait for: that
 * is how a stick is refused before the kernel has even looked at its disk. */

#include "agent/assess.h"

/* What may change one answer may change them all. */
static void note_change(struct verdict *verdict, const struct verdict *other)
{
        if (other->again != 0 && (verdict->again == 0 || other->again < verdict->again))
                verdict->again = other->again;
        verdict->by_users = verdict->by_users || other->by_users;
}

/* May some serial lead to another answer than `without`? Only the policy's own serials can. */
static bool serial_matters(const struct policy *policy, struct storage_facts facts, unsigned today, enum access without,
                           struct verdict *noted)
{
        for (size_t i = 0; i < policy->n_devices; i++) {
                const struct policy_device *device = &policy->devices[i];
                struct verdict verdict;

                if (!device->serial || (device->has_vendor && device->vendor != facts.vendor) ||
                    (device->has_product && device->product != facts.product))
                        continue;
                facts.serial = device->serial;
                judge(policy, &facts, today, &verdict);
                note_change(noted, &verdict);
                if (verdict.by_rule != without)
                        return true;
        }
        return false;
}

enum assessment assess(const struct policy *policy, const struct assess_facts *facts, unsigned today,
                       struct verdict *ret)
{
        struct storage_facts each = {
                .kind = facts->guess,
                .plain = facts->plain,
                .units = facts->units,
                .users = facts->users,
                .has_usb_id = facts->has_usb_id,
                .vendor = facts->vendor,
                .product = facts->product,
                .serial = facts->strings_known ? facts->serial : NULL,
        };
        unsigned found = 0; /* 1U << enum access each */

        judge(policy, &each, today, ret);
        for (unsigned kind = 0; kind < _STORAGE_KIND_MAX; kind++) {
                struct verdict verdict;

                if (!(facts->kinds & 1U << kind))
                        continue;
                each.kind = (enum storage_kind) kind;
                judge(policy, &each, today, &verdict);
                note_change(ret, &verdict);
                if (!facts->strings_known && serial_matters(policy, each, today, verdict.by_rule, ret))
                        return ASSESS_NEED_STRINGS;
                found |= 1U << verdict.by_rule;
        }
        switch (found) {
        case 0:
        case 1U << ACCESS_BLOCK:
                return ASSESS_REFUSED;
        case 1U << ACCESS_READ_ONLY:
                return ASSESS_READ_ONLY;
        case 1U << ACCESS_ENCRYPTED:
                return ASSESS_ENCRYPTED;
        case 1U << ACCESS_ALLOW:
                return ASSESS_ALLOWED;
        }
        return ASSESS_NEED_LUNS;
}
