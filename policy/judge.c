/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The judge: facts and policy in, verdict out. It reads nothing else, so that the agent, `lekdicht policy explain` and
 * the tests all get the same answer. The first [device] section of which every criterion fits decides, when it
 * is not over; else [storage], where read-only that is over is block.
 * What it cannot make sense of it refuses. */

#include "policy/judge.h"

#include <stdio.h>
#include <string.h>

/* The longest rule and reason that a parsed policy can lead to must fit: nothing a teacher or IT reads is cut short. */
_Static_assert(VERDICT_RULE_MAX > sizeof("[device ]") + POLICY_NAME_MAX, "rule");
_Static_assert(VERDICT_REASON_MAX > sizeof("audit: would have been opened read-only by : ") + sizeof("[device ]") +
                                            POLICY_NAME_MAX + POLICY_LINE_MAX - sizeof("reason") +
                                            sizeof(" until 2027-02-01"),
               "reason");
_Static_assert(VERDICT_REASON_MAX > sizeof("audit: would have been opened read-only by [storage] external-disk until "
                                           "2027-02-01: [device ] ended with 2027-02-01") +
                                            POLICY_NAME_MAX,
               "reason");

static bool serial_fits(const char *wanted, const char *found)
{
        static const char blanks[] = " \t";
        size_t n;

        /* "0" is on thousands of sticks: it opens none of them, whatever else the section asks for. */
        if (!found || !serial_identifies(wanted))
                return false;

        wanted += strspn(wanted, blanks);
        found += strspn(found, blanks);
        for (n = strlen(wanted); n > 0 && strchr(blanks, wanted[n - 1]); n--)
                ;

        return strncmp(wanted, found, n) == 0 && found[n + strspn(found + n, blanks)] == '\0';
}

/* A section that names a device by its numbers covers all of it, also the CD beside the disk. One that names only a class
 * is about that class: else a disk would open for having a CD drive beside it. */
static bool class_fits(const struct policy_device *device, const struct storage_facts *facts)
{
        return device->class == facts->kind ||
               ((device->has_vendor || device->serial) && facts->units & 1U << device->class);
}

static bool device_fits(const struct policy_device *device, const struct storage_facts *facts)
{
        if (!device->has_class && !device->has_vendor && !device->serial)
                return false;
        if (device->has_class && !class_fits(device, facts))
                return false;
        if (device->has_product && !device->has_vendor)
                return false;
        if (device->has_vendor && !(facts->has_usb_id && device->vendor == facts->vendor))
                return false;
        if (device->has_product && device->product != facts->product)
                return false;
        if (device->serial && !serial_fits(device->serial, facts->serial))
                return false;

        return true;
}

static bool holds(const struct policy_end *end, unsigned today)
{
        return end->until == 0 || today <= end->until;
}

/* What a device of that kind cannot be: what is not wholly let in stays out. NULL, or why. A phone's protocols know no
 * reading alone. */
static const char *impossible(const struct storage_facts *facts, enum access access)
{
        if (access == ACCESS_READ_ONLY && storage_kind_is_phone(facts->kind))
                return "read-only, which no phone can be";
        if (access == ACCESS_ENCRYPTED && !storage_kind_can_be_encrypted(facts->kind))
                return storage_kind_is_phone(facts->kind) ? "encrypted, which no phone can show to be"
                                                          : "encrypted, which is not asked of discs";
        return NULL;
}

/* `until` is a day as text, or "". */
static void set_reason(struct verdict *verdict, const char *by, const char *until, const char *because)
{
        const char *deed = NULL;

        switch (verdict->by_rule) {
        case ACCESS_BLOCK:
                deed = verdict->audit ? "audit: would have been refused by" : "refused by";
                break;
        case ACCESS_READ_ONLY:
                deed = verdict->audit ? "audit: would have been opened read-only by" : "opened read-only by";
                break;
        case ACCESS_ENCRYPTED:
                deed = verdict->audit ? "audit: would have opened if encrypted by" : "opened as encrypted by";
                break;
        case ACCESS_ALLOW:
                deed = "opened by";
                break;
        }

        snprintf(verdict->reason, sizeof(verdict->reason), "%s %s%s%s%s%s", deed, by, until[0] ? " until " : "", until,
                 because ? ": " : "", because ?: "");
}

/* One that opens what is encrypted, and this is not: the school's own reason is for what opens. */
static bool refuse_plain(const struct storage_facts *facts, struct verdict *verdict)
{
        if (verdict->by_rule != ACCESS_ENCRYPTED || !facts->plain || verdict->audit)
                return false;
        verdict->by_rule = ACCESS_BLOCK;
        verdict->plain = true;
        return true;
}

void judge(const struct policy *policy, const struct storage_facts *facts, unsigned today, struct verdict *ret)
{
        static const char not_encrypted[] = "it is not encrypted";
        struct verdict verdict = { .by_rule = ACCESS_BLOCK, .audit = policy->mode == POLICY_AUDIT };
        const char *kind = storage_kind_name(facts->kind);
        const struct policy_device *device = NULL, *over = NULL;
        char ended[POLICY_NAME_MAX + sizeof("[device ] ended with 2027-02-01")];

        for (size_t i = 0; kind && i < policy->n_devices && !device; i++) {
                const struct policy_device *each = &policy->devices[i];

                if (!device_fits(each, facts))
                        continue;
                if (holds(&each->end, today))
                        device = each;
                else if (!over)
                        over = each;
        }
        if (over)
                snprintf(ended, sizeof(ended), "[device %s] ended with %s", over->name, over->end.text);

        if (device) {
                const char *shut = impossible(facts, device->access), *because = shut ?: device->reason;

                verdict.by_rule = shut ? ACCESS_BLOCK : device->access;
                if (refuse_plain(facts, &verdict))
                        because = not_encrypted;
                snprintf(verdict.rule, sizeof(verdict.rule), "[device %s]", device->name);
                verdict.again = device->end.until ? device->end.until + 1 : 0;
                set_reason(&verdict, verdict.rule, device->end.text, because);
        } else if (policy->version == 0) {
                verdict.by_rule = kind ? policy->storage[facts->kind] : ACCESS_BLOCK;
                snprintf(verdict.rule, sizeof(verdict.rule), "built-in");
                set_reason(&verdict, "the built-in rules, which hold while no policy can be read", "", NULL);
        } else {
                const struct policy_end *end = kind ? &policy->storage_end[facts->kind] : &(struct policy_end){ 0 };

                snprintf(verdict.rule, sizeof(verdict.rule), "[storage]%s%s", kind ? " " : "", kind ?: "");
                if (holds(end, today)) {
                        verdict.by_rule = kind ? policy->storage[facts->kind] : ACCESS_BLOCK;
                        verdict.again = end->until ? end->until + 1 : 0;
                        set_reason(&verdict, verdict.rule, end->text,
                                   refuse_plain(facts, &verdict) ? not_encrypted
                                   : over                        ? ended
                                                                 : NULL);
                } else {
                        if (!over)
                                snprintf(ended, sizeof(ended), "read-only ended with %s", end->text);
                        set_reason(&verdict, verdict.rule, "", ended);
                }
        }

        verdict.access = verdict.audit ? ACCESS_ALLOW : verdict.by_rule;
        *ret = verdict;
}
