/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the rules say of a device, of each of its logical units, and of what it is as a phone. */

#include <stdio.h>
#include <string.h>

#include "agent/facts.h"
#include "agent/judgement.h"
#include "agent/traits.h"
#include "common/text.h"

#define KIND(kind) (1U << (kind))
#define KINDS_USB  (KIND(STORAGE_USB_DISK) | KIND(STORAGE_SD_CARD) | KIND(STORAGE_OPTICAL))

static struct assess_facts facts_of(const struct decide *decide, const struct device *device)
{
        return (struct assess_facts){
                .users = decide->ops->users ? decide->ops->users(decide->ops->userdata) : (struct user_facts){ 0 },
                .has_usb_id = device->has_usb_id,
                .vendor = device->vendor,
                .product = device->product,
                .strings_known = device->strings_known,
                .serial = device->serial[0] ? device->serial : NULL,
        };
}

static void note_change(struct device *device, const struct verdict *verdict)
{
        if (verdict->again != 0 && (device->again == 0 || verdict->again < device->again))
                device->again = verdict->again;
        device->by_users = device->by_users || verdict->by_users;
}

static enum storage_kind kind_of(const struct device *device, const struct lun *lun)
{
        switch (device->bus) {
        case DEVICE_USB:
                if (lun->optical)
                        return STORAGE_OPTICAL;
                return facts_says_card_reader(lun->text) ||
                                       (device->strings_known && facts_says_card_reader(device->text))
                               ? STORAGE_SD_CARD
                               : STORAGE_USB_DISK;
        case DEVICE_PCI:
                return STORAGE_EXTERNAL_DISK;
        case DEVICE_SCSI:
                return lun->optical ? STORAGE_OPTICAL : STORAGE_EXTERNAL_DISK;
        case DEVICE_MMC:
        case DEVICE_MEMSTICK:
                break;
        }
        return STORAGE_SD_CARD;
}

/* A grant for a while comes before the policy. */
static enum assessment answer_of(const struct decide *decide, const struct device *device,
                                 const struct assess_facts *facts, unsigned today, struct verdict *ret)
{
        const struct decide_ops *ops = decide->ops;
        enum lease_match match = ops->lease ? ops->lease(ops->userdata, device, facts->guess, ret) : LEASE_NOT;
        enum assessment answer;

        if (match == LEASE_IS)
                return ret->by_rule == ACCESS_ALLOW ? ASSESS_ALLOWED : ASSESS_READ_ONLY;
        answer = assess(decide->policy, facts, today, ret);
        return match == LEASE_MAYBE ? ASSESS_NEED_STRINGS : answer;
}

/* Nothing opens it, whatever the policy and grants say: who lets one in opens the gate. */
static void hide(struct lun *lun)
{
        bool audit = lun->verdict.audit;

        lun->answer = ASSESS_REFUSED;
        lun->verdict = (struct verdict){ .access = audit ? ACCESS_ALLOW : ACCESS_BLOCK,
                                         .by_rule = ACCESS_BLOCK,
                                         .audit = audit };
        snprintf(lun->verdict.rule, sizeof(lun->verdict.rule), "built-in");
        snprintf(lun->verdict.reason, sizeof(lun->verdict.reason),
                 "%s: an NVMe disk at an external port cannot be let in alone",
                 audit ? "audit: would have been hidden" : "hidden");
}

static void judge_lun(const struct decide *decide, struct device *device, struct lun *lun, unsigned units,
                      unsigned today)
{
        struct assess_facts facts = facts_of(decide, device);

        facts.guess = kind_of(device, lun);
        facts.kinds = KIND(facts.guess);
        facts.units = units;
        facts.plain = lun->plain;
        /* Its own name may still say that it reads cards. */
        if (facts.guess == STORAGE_USB_DISK && !device->strings_known)
                facts.kinds |= KIND(STORAGE_SD_CARD);
        lun->answer = answer_of(decide, device, &facts, today, &lun->verdict);
        note_change(device, &lun->verdict);
        if (device->bus == DEVICE_PCI && lun->answer != ASSESS_REFUSED)
                hide(lun);
        if (lun->answer == ASSESS_NEED_LUNS)
                lun->answer = ASSESS_NEED_STRINGS;
}

/* One kind that is refused refuses all; the first of those is named. */
static void judge_phone(const struct decide *decide, struct device *device, unsigned today)
{
        static const enum storage_kind order[] = { STORAGE_PHONE_APPLE, STORAGE_PHONE_MTP, STORAGE_PHONE_PTP,
                                                   STORAGE_PHONE_ADB };
        struct phone *phone = &device->phone;
        bool first = true;

        if (traits_has_phone_interface(device)) {
                phone->kinds = 0;
                for (size_t i = 0; i < device->n_interfaces; i++)
                        if (device->interfaces[i].phone)
                                phone->kinds |= KIND(device->interfaces[i].kind);
        } else if (phone->kinds == 0) {
                phone->kinds = phone_kinds(&device->desc, phone->told);
        }
        phone->is = phone->kinds != 0;
        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
                struct assess_facts facts = facts_of(decide, device);
                enum assessment answer;
                struct verdict verdict;

                if (!(phone->kinds & KIND(order[i])))
                        continue;
                facts.guess = order[i];
                facts.kinds = KIND(order[i]);
                answer = answer_of(decide, device, &facts, today, &verdict);
                note_change(device, &verdict);
                if (!first && (phone->answer == ASSESS_REFUSED || answer == ASSESS_ALLOWED))
                        continue;
                first = false;
                phone->kind = order[i];
                phone->answer = answer;
                phone->verdict = verdict;
        }
        /* The interfaces come one after another, and the next may be of a kind that is refused. */
        if (phone->answer == ASSESS_ALLOWED && traits_has_phone_interface(device) && !phone->whole)
                phone->answer = ASSESS_NEED_LUNS;
}

void judgement_make(const struct decide *decide, struct device *device)
{
        const struct exempt *exempt = rundir_find_exempt(decide->exempts, decide->sys, device->target.devpath);
        struct assess_facts facts = facts_of(decide, device);
        unsigned today = decide->ops->today(decide->ops->userdata), units = 0;

        device->again = 0;
        device->by_users = false;
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens)
                        units |= KIND(kind_of(device, &device->luns[i]));
        for (size_t i = 0; i < device->n_luns; i++)
                judge_lun(decide, device, &device->luns[i], units, today);

        if (device->bus == DEVICE_USB)
                judge_phone(decide, device, today);
        if (traits_is_only_phone(device)) {
                device->answer = device->phone.answer;
                device->verdict = device->phone.verdict;
                device->kind = device->phone.kind;
        } else if (device->bus == DEVICE_USB) {
                const struct usbdesc_interface *first = NULL;

                for (unsigned i = 0; i < device->desc.n_configs && !first; i++)
                        for (unsigned k = 0; k < device->desc.configs[i].n_interfaces && !first; k++)
                                if (device->desc.configs[i].interfaces[k].storage)
                                        first = &device->desc.configs[i].interfaces[k];
                facts.kinds = KINDS_USB;
                if (first && first->subclass == USB_STORAGE_ATAPI)
                        facts.guess = STORAGE_OPTICAL;
                else if (device->strings_known && facts_says_card_reader(device->text))
                        facts.guess = STORAGE_SD_CARD;
                else if (device->strings_known && facts_says_optical(device->text))
                        facts.guess = STORAGE_OPTICAL;
                else
                        facts.guess = STORAGE_USB_DISK;
                device->answer = answer_of(decide, device, &facts, today, &device->verdict);
                note_change(device, &device->verdict);
                device->kind = facts.guess;
                /* Its units answer for themselves; of a device that is switched off since, this is left. */
                facts.plain = device->plain;
                if (device->plain)
                        (void) assess(decide->policy, &facts, today, &device->verdict);
        }
        /* The LUNs know better what it is; and one that opens speaks for the device. */
        for (size_t i = device->n_luns; i-- > 0;) {
                const struct lun *lun = &device->luns[i];

                if (!lun->opens || (traits_opens(device) && lun->answer != traits_most(device)))
                        continue;
                device->verdict = lun->verdict;
                device->kind = kind_of(device, lun);
                if (device->bus != DEVICE_USB)
                        device->answer = lun->answer;
        }

        if (device->answer == ASSESS_NEED_LUNS && device->scan_ended && traits_lun_is(device, ASSESS_REFUSED) &&
            !traits_opens(device) && !traits_lun_is(device, ASSESS_NEED_STRINGS))
                device->settled = true;
        /* The scan had not ended after all. */
        if (traits_opens(device))
                device->settled = false;

        device->exempt = exempt != NULL;
        text_clean(exempt ? exempt->carries : "", exempt ? strlen(exempt->carries) : 0, device->carries,
                   sizeof(device->carries));
}
