/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The judge: facts and policy in, verdict out. It reads nothing else, so that the agent, `lekdicht policy explain` and
 * the tests all get the same answer. The first [device] section of which every criterion fits decides, when it
 * is not over and its users are there; else [storage], where read-only that is over is block.
 * What it cannot make sense of it refuses, and what is not known (yet) never gives more than either answer would. */

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
_Static_assert(VERDICT_REASON_MAX > sizeof("audit: would have been opened read-only by [device ] for its users until "
                                           "2027-02-01: ") +
                                            POLICY_NAME_MAX + POLICY_LINE_MAX - sizeof("reason"),
               "reason");
_Static_assert(VERDICT_REASON_MAX > sizeof("audit: would have been opened read-only by [storage] external-disk until "
                                           "2027-02-01: [device ] is for its users, and it is not known whether one of "
                                           "them is logged in") +
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

/* by: who decides. `until` is a day as text, or "". */
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

/* The answer may be another when this is over. */
static void note_again(struct verdict *verdict, const struct policy_end *end)
{
        if (end->until != 0 && (verdict->again == 0 || end->until < verdict->again))
                verdict->again = end->until + 1;
}

/* What a section comes to for a device of that kind. */
static enum access access_for(const struct storage_facts *facts, enum access access)
{
        return impossible(facts, access) ? ACCESS_BLOCK : access;
}

/* What both give. Reading what is plain, and writing what is encrypted, have nothing in common. */
static enum access lower(enum access a, enum access b)
{
        if ((a == ACCESS_READ_ONLY && b == ACCESS_ENCRYPTED) || (a == ACCESS_ENCRYPTED && b == ACCESS_READ_ONLY))
                return ACCESS_BLOCK;
        return a < b ? a : b;
}

static const char not_encrypted[] = "it is not encrypted";

/* One that opens what is encrypted, and this is not: the school's own reason is for what opens. */
static bool refuse_plain(const struct storage_facts *facts, struct verdict *verdict)
{
        if (verdict->by_rule != ACCESS_ENCRYPTED || !facts->plain || verdict->audit)
                return false;
        verdict->by_rule = ACCESS_BLOCK;
        verdict->plain = true;
        return true;
}

/* What came of the [device] sections that fit the device itself. */
struct found {
        const struct policy_device *device; /* the one that decides; NULL: none */
        const struct policy_device *over;   /* the first that has ended */
        const struct policy_device *away;   /* the first whose users are not there */
        const struct policy_device *unsure; /* of those whose users may be there, the one that gives least */
        enum access least;                  /* what all of those give */
};

static struct found find(const struct policy *policy, const struct storage_facts *facts, unsigned today)
{
        struct found found = { 0 };

        for (size_t i = 0; i < policy->n_devices && !found.device; i++) {
                const struct policy_device *each = &policy->devices[i];

                if (!device_fits(each, facts))
                        continue;
                if (!holds(&each->end, today)) {
                        found.over = found.over ?: each;
                } else if (each->users == 0 || each->users & facts->users.present) {
                        found.device = each;
                } else if (each->users & facts->users.unknown) {
                        enum access access = access_for(facts, each->access);

                        found.least = found.unsure ? lower(found.least, access) : access;
                        if (!found.unsure || access < access_for(facts, found.unsure->access))
                                found.unsure = each;
                } else {
                        found.away = found.away ?: each;
                }
        }

        return found;
}

/* Why a section that fits the device did not decide: "" when there is none. No group is named, for its name may be
 * a person's. */
static void set_aside(const struct found *found, char *text, size_t size)
{
        if (found->unsure)
                snprintf(text, size,
                         "[device %s] is for its users, and it is not known whether one of them is logged in",
                         found->unsure->name);
        else if (found->away)
                snprintf(text, size, "[device %s] is for its users, and none of them is logged in", found->away->name);
        else if (found->over)
                snprintf(text, size, "[device %s] ended with %s", found->over->name, found->over->end.text);
        else
                text[0] = '\0';
}

static void by_device(const struct policy_device *device, const struct storage_facts *facts, struct verdict *verdict)
{
        const char *because = impossible(facts, device->access) ?: device->reason;
        char by[VERDICT_RULE_MAX + sizeof(" for its users")];

        verdict->by_rule = access_for(facts, device->access);
        if (refuse_plain(facts, verdict))
                because = not_encrypted;
        note_again(verdict, &device->end);
        snprintf(verdict->rule, sizeof(verdict->rule), "[device %s]", device->name);
        snprintf(by, sizeof(by), "%s%s", verdict->rule, device->users ? " for its users" : "");
        set_reason(verdict, by, device->end.text, because);
}

static void by_storage(const struct policy *policy, const struct storage_facts *facts, unsigned today,
                       const char *aside, struct verdict *verdict)
{
        static const struct policy_end never = { 0 };
        const char *kind = storage_kind_name(facts->kind);
        const struct policy_end *end = kind ? &policy->storage_end[facts->kind] : &never;
        char ended[sizeof("read-only ended with 2027-02-01")];

        snprintf(verdict->rule, sizeof(verdict->rule), "[storage]%s%s", kind ? " " : "", kind ?: "");
        if (holds(end, today)) {
                verdict->by_rule = kind ? policy->storage[facts->kind] : ACCESS_BLOCK;
                note_again(verdict, end);
                if (refuse_plain(facts, verdict))
                        aside = not_encrypted;
                set_reason(verdict, verdict->rule, end->text, aside[0] ? aside : NULL);
                return;
        }
        snprintf(ended, sizeof(ended), "read-only ended with %s", end->text);
        set_reason(verdict, verdict->rule, "", aside[0] ? aside : ended);
}

/* Its users may be there, and then it would decide: what it does not give, nobody gets. */
static void hold_back(const struct found *found, const struct storage_facts *facts, struct verdict *verdict)
{
        enum access least = lower(found->least, verdict->by_rule);

        if (least == verdict->by_rule)
                return;
        verdict->by_rule = least;
        snprintf(verdict->rule, sizeof(verdict->rule), "[device %s]", found->unsure->name);
        set_reason(verdict, verdict->rule, "",
                   refuse_plain(facts, verdict) ? not_encrypted
                                                : "it is not known whether one of its users is logged in");
}

void judge(const struct policy *policy, const struct storage_facts *facts, unsigned today, struct verdict *ret)
{
        struct verdict verdict = { .by_rule = ACCESS_BLOCK, .audit = policy->mode == POLICY_AUDIT };
        const char *kind = storage_kind_name(facts->kind);
        struct found found = { 0 };
        char aside[POLICY_NAME_MAX +
                   sizeof("[device ] is for its users, and it is not known whether one of them is logged "
                          "in")];

        if (kind)
                found = find(policy, facts, today);
        set_aside(&found, aside, sizeof(aside));

        if (found.device) {
                by_device(found.device, facts, &verdict);
        } else if (policy->version == 0) {
                verdict.by_rule = kind ? policy->storage[facts->kind] : ACCESS_BLOCK;
                snprintf(verdict.rule, sizeof(verdict.rule), "built-in");
                set_reason(&verdict, "the built-in rules, which hold while no policy can be read", "", NULL);
        } else {
                by_storage(policy, facts, today, aside, &verdict);
        }
        if (found.unsure)
                hold_back(&found, facts, &verdict);

        if (found.unsure)
                note_again(&verdict, &found.unsure->end);
        if (found.away)
                note_again(&verdict, &found.away->end);
        verdict.by_users = found.unsure || found.away || (found.device && found.device->users);
        verdict.access = verdict.audit ? ACCESS_ALLOW : verdict.by_rule;
        *ret = verdict;
}
