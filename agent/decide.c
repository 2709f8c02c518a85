/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Three questions in this order: does it carry the system (then hands off), what do the rules say, and what has to
 * be done in /sys so that it is so.
 *
 * A USB device is refused whole when everything on it is storage: deauthorising an interface alone is undone by
 * anyone who may set the configuration. When it is also a keyboard, only its storage interfaces are refused. When
 * the answer depends on the LUNs (a CD drive may be allowed where a disk is not), it waits for them behind the
 * closed gate; each LUN is then judged, and the device is refused only when all are and no more are expected.
 *
 * A phone is refused by its interfaces even when it is nothing else: a device without a configuration may not draw the
 * current that it charges with. Its node was root's from the beginning, so nobody sets one. Only when its users had
 * it open (the gate was, or the policy has changed) and all on it is refused, does it go whole. All that gives files
 * away shares one node, and so opens together or not at all. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/decide.h"
#include "agent/facts.h"
#include "agent/reader.h"
#include "common/text.h"

#define KIND(kind) (1U << (kind))
#define KINDS_USB  (KIND(STORAGE_USB_DISK) | KIND(STORAGE_SD_CARD) | KIND(STORAGE_OPTICAL))

static struct assess_facts facts_of(const struct device *device)
{
        return (struct assess_facts){
                .has_usb_id = device->has_usb_id,
                .vendor = device->vendor,
                .product = device->product,
                .strings_known = device->strings_known,
                .serial = device->serial[0] ? device->serial : NULL,
        };
}

static void note_again(struct device *device, unsigned day)
{
        if (day != 0 && (device->again == 0 || day < device->again))
                device->again = day;
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
        case DEVICE_SCSI:
                return lun->optical ? STORAGE_OPTICAL : STORAGE_EXTERNAL_DISK;
        case DEVICE_MMC:
        case DEVICE_MEMSTICK:
                break;
        }
        return STORAGE_SD_CARD;
}

static void judge_lun(const struct decide *decide, struct device *device, struct lun *lun, unsigned units,
                      unsigned today)
{
        struct assess_facts facts = facts_of(device);

        facts.guess = kind_of(device, lun);
        facts.kinds = KIND(facts.guess);
        facts.units = units;
        /* Its own name may still say that it reads cards. */
        if (facts.guess == STORAGE_USB_DISK && !device->strings_known)
                facts.kinds |= KIND(STORAGE_SD_CARD);
        lun->answer = assess(decide->policy, &facts, today, &lun->verdict);
        note_again(device, lun->verdict.again);
        if (lun->answer == ASSESS_NEED_LUNS)
                lun->answer = ASSESS_NEED_STRINGS;
}

static bool any_lun(const struct device *device, enum assessment answer)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens && device->luns[i].answer == answer)
                        return true;
        return false;
}

static bool any_lun_opens(const struct device *device)
{
        return any_lun(device, ASSESS_ALLOWED) || any_lun(device, ASSESS_READ_ONLY);
}

/* Of a device of which some LUN opens. */
static enum assessment most_open(const struct device *device)
{
        return any_lun(device, ASSESS_ALLOWED) ? ASSESS_ALLOWED : ASSESS_READ_ONLY;
}

static bool has_openable(const struct device *device)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens)
                        return true;
        return false;
}

static bool has_storage(const struct device *device)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (!device->interfaces[i].phone)
                        return true;
        return device->n_luns > 0 || usbdesc_has_storage(&device->desc);
}

static bool is_only_phone(const struct device *device)
{
        return device->bus == DEVICE_USB && device->phone.is && !has_storage(device);
}

static bool has_phone_interface(const struct device *device)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].phone)
                        return true;
        return false;
}

/* One kind that is refused refuses all; the first of those is named. */
static void judge_phone(const struct decide *decide, struct device *device, unsigned today)
{
        static const enum storage_kind order[] = { STORAGE_PHONE_APPLE, STORAGE_PHONE_MTP, STORAGE_PHONE_PTP,
                                                   STORAGE_PHONE_ADB };
        struct phone *phone = &device->phone;
        bool first = true;

        if (has_phone_interface(device)) {
                phone->kinds = 0;
                for (size_t i = 0; i < device->n_interfaces; i++)
                        if (device->interfaces[i].phone)
                                phone->kinds |= KIND(device->interfaces[i].kind);
        } else if (phone->kinds == 0) {
                phone->kinds = phone_kinds(&device->desc, phone->told);
        }
        phone->is = phone->kinds != 0;
        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
                struct assess_facts facts = facts_of(device);
                enum assessment answer;
                struct verdict verdict;

                if (!(phone->kinds & KIND(order[i])))
                        continue;
                facts.guess = order[i];
                facts.kinds = KIND(order[i]);
                answer = assess(decide->policy, &facts, today, &verdict);
                note_again(device, verdict.again);
                if (!first && (phone->answer == ASSESS_REFUSED || answer == ASSESS_ALLOWED))
                        continue;
                first = false;
                phone->kind = order[i];
                phone->answer = answer;
                phone->verdict = verdict;
        }
        /* The interfaces come one after another, and the next may be of a kind that is refused. */
        if (phone->answer == ASSESS_ALLOWED && has_phone_interface(device) && !phone->whole)
                phone->answer = ASSESS_NEED_LUNS;
}

void decide_judge(const struct decide *decide, struct device *device)
{
        const struct exempt *exempt = rundir_find_exempt(decide->exempts, decide->sys, device->target.devpath);
        struct assess_facts facts = facts_of(device);
        unsigned today = decide->ops->today(decide->ops->userdata), units = 0;

        device->again = 0;
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens)
                        units |= KIND(kind_of(device, &device->luns[i]));
        for (size_t i = 0; i < device->n_luns; i++)
                judge_lun(decide, device, &device->luns[i], units, today);

        if (device->bus == DEVICE_USB)
                judge_phone(decide, device, today);
        if (is_only_phone(device)) {
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
                device->answer = assess(decide->policy, &facts, today, &device->verdict);
                note_again(device, device->verdict.again);
                device->kind = facts.guess;
        }
        /* The LUNs know better what it is; and one that opens speaks for the device. */
        for (size_t i = device->n_luns; i-- > 0;) {
                const struct lun *lun = &device->luns[i];

                if (!lun->opens || (any_lun_opens(device) && lun->answer != most_open(device)))
                        continue;
                device->verdict = lun->verdict;
                device->kind = kind_of(device, lun);
                if (device->bus != DEVICE_USB)
                        device->answer = lun->answer;
        }

        if (device->answer == ASSESS_NEED_LUNS && device->scan_ended && any_lun(device, ASSESS_REFUSED) &&
            !any_lun_opens(device) && !any_lun(device, ASSESS_NEED_STRINGS))
                device->settled = true;
        /* The scan had not ended after all. */
        if (any_lun_opens(device))
                device->settled = false;

        device->exempt = exempt != NULL;
        text_clean(exempt ? exempt->carries : "", exempt ? strlen(exempt->carries) : 0, device->carries,
                   sizeof(device->carries));
}

/* Ask for verb, unless /sys shows that it is so already, or it is being done. */
static void want(const struct decide *decide, struct device *device, struct target *target, enum verb verb, bool is_so,
                 bool again)
{
        if (target->wish == verb && (target->outcome == OUTCOME_UNDER_WAY || target->outcome == OUTCOME_BUSY))
                return;
        if (is_so && target->outcome != OUTCOME_UNDER_WAY && target->outcome != OUTCOME_BUSY) {
                target->wish = verb;
                target->outcome = OUTCOME_DONE;
                return;
        }
        if (target->wish == verb && target->outcome == OUTCOME_FAILED && !again)
                return;
        if (target->wish == verb && target->outcome == OUTCOME_DONE && (verb == VERB_REFUSE || verb == VERB_READONLY)) {
                target->drifts = again ? 1 : target->drifts + 1;
                if (target->drifts > DECIDE_DRIFTS_MAX) {
                        snprintf(device->trouble, sizeof(device->trouble), "another program %s again and again",
                                 verb == VERB_REFUSE ? "switches it on" : "makes it writable");
                        target->outcome = OUTCOME_FAILED;
                        return;
                }
                decide->ops->drift(decide->ops->userdata, device, target);
        }
        target->wish = verb;
        target->refused_by_us = verb == VERB_REFUSE;
        target->outcome =
                decide->ops->act(decide->ops->userdata, device, target, verb) < 0 ? OUTCOME_FAILED : OUTCOME_UNDER_WAY;
}

static void unwant(const struct decide *decide, const struct device *device, struct target *target)
{
        if (target->outcome == OUTCOME_UNDER_WAY || target->outcome == OUTCOME_BUSY)
                decide->ops->drop(decide->ops->userdata, device, target);
        target->wish = VERB_NONE;
        target->outcome = OUTCOME_NONE;
}

static void unwant_all(const struct decide *decide, struct device *device)
{
        unwant(decide, device, &device->target);
        for (size_t i = 0; i < device->n_interfaces; i++)
                unwant(decide, device, &device->interfaces[i].target);
        for (size_t i = 0; i < device->n_luns; i++)
                unwant(decide, device, &device->luns[i].target);
}

/* Is everything on the device storage, or what else is refused, so that it can be refused whole? */
static bool only_storage(const struct device *device)
{
        const struct usbdesc_config *config;

        if (!device->desc.complete || (device->phone.is && !device->phone.shown))
                return false;
        if (device->config == 0)
                return usbdesc_is_only_storage(&device->desc);
        config = usbdesc_config(&device->desc, device->config);
        if (!config || config->n_interfaces == 0)
                return false;
        for (unsigned i = 0; i < config->n_interfaces; i++) {
                bool storage = config->interfaces[i].storage;

                /* A vendor's own driver made LUNs of it. */
                for (size_t k = 0; k < device->n_interfaces; k++)
                        if (device->interfaces[k].config == device->config &&
                            device->interfaces[k].number == config->interfaces[i].number &&
                            (!device->interfaces[k].phone || device->phone.answer == ASSESS_REFUSED))
                                storage = true;
                if (!storage)
                        return false;
        }
        return true;
}

/* An attribute that cannot be read belongs to a device that is going: its removal is on the way. */
static bool is_off(const struct target *target)
{
        bool authorized;

        return facts_authorized(target->dirfd, &authorized) < 0 || !authorized;
}

static void refuse_usb(const struct decide *decide, struct device *device, bool again)
{
        if (is_off(&device->target) || only_storage(device)) {
                want(decide, device, &device->target, VERB_REFUSE, is_off(&device->target), again);
                return;
        }
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (!device->interfaces[i].phone)
                        want(decide, device, &device->interfaces[i].target, VERB_REFUSE,
                             is_off(&device->interfaces[i].target), again);
}

/* Give back what the gate took, so that LUNs can appear. What someone else switched off is left to him. */
static void give_back(const struct decide *decide, struct device *device, struct target *target, bool again)
{
        if (target->refused_by_us || rundir_refused(decide->run, target->name, device->devnum))
                want(decide, device, target, VERB_RELEASE, !is_off(target), again);
}

static void refuse_phone(const struct decide *decide, struct device *device, bool again)
{
        if (is_off(&device->target) || only_storage(device)) {
                want(decide, device, &device->target, VERB_REFUSE, is_off(&device->target), again);
                return;
        }
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].phone)
                        want(decide, device, &device->interfaces[i].target, VERB_REFUSE,
                             is_off(&device->interfaces[i].target), again);
}

/* Interfaces first: while one is refused the gate does not give the node. */
static void open_phone(const struct decide *decide, struct device *device, bool again)
{
        struct target *target = &device->target;
        bool off = is_off(target), open = !off && rundir_phone(decide->run, target->name, device->devnum);

        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].phone)
                        give_back(decide, device, &device->interfaces[i].target, again);
        if (off && !target->refused_by_us && !rundir_refused(decide->run, target->name, device->devnum))
                return;
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (is_off(&device->interfaces[i].target))
                        return; /* with the outcome of that it is looked at again */
        /* A node that did not open is tried again when all is looked at, not at each event. */
        want(decide, device, target, VERB_RELEASE,
             open || (!again && target->wish == VERB_RELEASE && target->outcome == OUTCOME_DONE), again);
}

static void act_on_phone(const struct decide *decide, struct device *device, bool again)
{
        switch (device->phone.answer) {
        case ASSESS_REFUSED:
        case ASSESS_READ_ONLY: /* the judge never says so of a phone */
                refuse_phone(decide, device, again);
                break;
        case ASSESS_ALLOWED:
                open_phone(decide, device, again);
                break;
        case ASSESS_NEED_STRINGS:
        case ASSESS_NEED_LUNS:
                break;
        }
}

bool decide_lun_is_open(const struct decide *decide, const struct lun *lun)
{
        uint64_t diskseq;

        return facts_bound(lun->target.dirfd) && facts_diskseq(lun->target.dirfd, &diskseq) == 0 &&
               rundir_granted(decide->run, diskseq) != RUNDIR_HIDDEN;
}

/* The disk that was there when the gate had released the LUN. */
static bool is_same_disk(const struct lun *lun)
{
        uint64_t diskseq;

        return lun->released != 0 && facts_bound(lun->target.dirfd) &&
               facts_diskseq(lun->target.dirfd, &diskseq) == 0 && diskseq == lun->released;
}

/* Open as wished, or made so and still the same disk: then its own events are no reason to do it again. A disk that is to be
 * read-only is so as long as the kernel says it. */
static bool is_released(const struct decide *decide, const struct lun *lun, enum verb verb, bool again)
{
        uint64_t diskseq;

        if (!facts_bound(lun->target.dirfd) || facts_diskseq(lun->target.dirfd, &diskseq) < 0 ||
            (verb == VERB_READONLY && !facts_is_read_only(lun->target.dirfd)))
                return false;
        if (rundir_granted(decide->run, diskseq) == (verb == VERB_READONLY ? RUNDIR_READ_ONLY : RUNDIR_OPEN))
                return true;
        return !again && lun->target.wish == verb && lun->target.outcome == OUTCOME_DONE && is_same_disk(lun);
}

/* Another medium is no drift, only something new to open. */
static void open_lun(const struct decide *decide, struct device *device, struct lun *lun, enum verb verb, bool again)
{
        if (lun->target.wish == verb && lun->target.outcome == OUTCOME_DONE && !is_same_disk(lun))
                lun->target.outcome = OUTCOME_NONE;
        want(decide, device, &lun->target, verb, is_released(decide, lun, verb, again), again);
}

static void act_on_luns(const struct decide *decide, struct device *device, bool again)
{
        for (size_t i = 0; i < device->n_luns; i++) {
                struct lun *lun = &device->luns[i];

                if (!lun->opens)
                        continue;
                switch (lun->answer) {
                case ASSESS_ALLOWED:
                        open_lun(decide, device, lun, VERB_RELEASE, again);
                        break;
                case ASSESS_READ_ONLY:
                        open_lun(decide, device, lun, VERB_READONLY, again);
                        break;
                case ASSESS_REFUSED:
                        want(decide, device, &lun->target, VERB_REFUSE, !facts_bound(lun->target.dirfd), again);
                        break;
                case ASSESS_NEED_STRINGS:
                case ASSESS_NEED_LUNS:
                        break;
                }
        }
}

static void act(const struct decide *decide, struct device *device, bool again)
{
        if (device->bus != DEVICE_USB) {
                act_on_luns(decide, device, again);
                return;
        }
        if (device->phone.is)
                act_on_phone(decide, device, again);
        if (is_only_phone(device))
                return;
        switch (device->answer) {
        case ASSESS_NEED_STRINGS:
                break;
        case ASSESS_REFUSED:
                if (reader_is_watched(device))
                        act_on_luns(decide, device, again);
                else if (device->patience_usec == 0)
                        refuse_usb(decide, device, again);
                break;
        case ASSESS_NEED_LUNS:
                if (device->settled && !reader_is_watched(device)) {
                        refuse_usb(decide, device, again);
                        break;
                }
                /* fall through */
        case ASSESS_READ_ONLY:
        case ASSESS_ALLOWED:
                give_back(decide, device, &device->target, again);
                for (size_t i = 0; i < device->n_interfaces; i++)
                        if (!device->interfaces[i].phone)
                                give_back(decide, device, &device->interfaces[i].target, again);
                act_on_luns(decide, device, again);
                break;
        }
}

static bool any_refusal(const struct device *device)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].target.wish == VERB_REFUSE)
                        return true;
        return device->target.wish == VERB_REFUSE;
}

/* What do the rules let it be, as far as they are clear? */
static enum access access_of(const struct device *device)
{
        switch (device->answer) {
        case ASSESS_REFUSED:
                break;
        case ASSESS_READ_ONLY:
                return ACCESS_READ_ONLY;
        case ASSESS_ALLOWED:
                return ACCESS_ALLOW;
        case ASSESS_NEED_STRINGS:
        case ASSESS_NEED_LUNS:
                if (any_lun_opens(device))
                        return most_open(device) == ASSESS_ALLOWED ? ACCESS_ALLOW : ACCESS_READ_ONLY;
                break;
        }
        return ACCESS_BLOCK;
}

/* Something is decided, and begun. */
static bool is_decided(const struct decide *decide, const struct device *device, enum access *ret)
{
        bool opens = access_of(device) != ACCESS_BLOCK;

        *ret = access_of(device);
        if (device->bus != DEVICE_USB && !has_openable(device))
                return false;
        if (!opens && !decide->open && reader_is_watched(device))
                return reader_has_card(device) && (device->answer == ASSESS_REFUSED || device->settled);
        if (!opens && decide->open && reader_is_empty(device))
                return false;
        if (device->patience_usec != 0 && !opens)
                return false;
        /* What kind of phone it is its interfaces say. */
        if (is_only_phone(device) && !has_phone_interface(device) && !any_refusal(device))
                return false;
        /* A composite device is announced before its interfaces, and there is nothing to refuse yet. */
        if (device->bus == DEVICE_USB && !opens && !decide->open && !any_refusal(device))
                return false;
        return opens || device->answer == ASSESS_REFUSED || device->settled;
}

static void note_outcome(const struct target *target, bool *under_way, bool *busy, bool *failed)
{
        switch (target->outcome) {
        case OUTCOME_UNDER_WAY:
                *under_way = true;
                break;
        case OUTCOME_BUSY:
                *busy = true;
                break;
        case OUTCOME_FAILED:
                *failed = true;
                break;
        case OUTCOME_NONE:
        case OUTCOME_DONE:
                break;
        }
}

static enum device_state state_of(const struct decide *decide, const struct device *device)
{
        bool under_way = false, busy = false, failed = false;
        enum access access;

        if (device->exempt)
                return DEVICE_EXEMPT;
        if (decide->open)
                return DEVICE_GATE_OPEN;
        note_outcome(&device->target, &under_way, &busy, &failed);
        for (size_t i = 0; i < device->n_interfaces; i++)
                note_outcome(&device->interfaces[i].target, &under_way, &busy, &failed);
        for (size_t i = 0; i < device->n_luns; i++)
                note_outcome(&device->luns[i].target, &under_way, &busy, &failed);
        if (failed)
                return DEVICE_FAILED;
        if (busy)
                return DEVICE_BUSY;
        if (under_way)
                return DEVICE_PENDING;
        /* Not our doing: it would be let in, or looked at. */
        if (device->bus == DEVICE_USB && device->answer != ASSESS_REFUSED && !device->settled &&
            is_off(&device->target))
                return DEVICE_HELD;
        if (access_of(device) == ACCESS_BLOCK && reader_is_watched(device) && !reader_has_card(device))
                return DEVICE_HELD;
        /* Its storage is in a configuration that is not the active one. */
        if (device->bus == DEVICE_USB && device->config != 0 && device->n_interfaces == 0 && !any_refusal(device) &&
            !only_storage(device))
                return DEVICE_HELD;
        /* Without a configuration: usbmuxd's rules take an iPhone's away. Nothing is under way. */
        if (is_only_phone(device) && !has_phone_interface(device) && !any_refusal(device))
                return DEVICE_HELD;
        if (is_decided(decide, device, &access)) {
                if (access == ACCESS_BLOCK)
                        return DEVICE_REFUSED;
                if (device->n_luns > 0 && !has_openable(device))
                        return DEVICE_HELD;
                return access == ACCESS_ALLOW ? DEVICE_ALLOWED : DEVICE_READ_ONLY;
        }
        return device->n_luns > 0 && !has_openable(device) ? DEVICE_HELD : DEVICE_PENDING;
}

static uint64_t now_usec(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t) now.tv_sec * 1000000ULL + (uint64_t) now.tv_nsec / 1000ULL;
}

static void record(const struct decide *decide, struct device *device)
{
        enum access access;

        if (device->exempt || !is_decided(decide, device, &access))
                return;
        if (device->judged_usec == 0)
                device->judged_usec = now_usec(CLOCK_MONOTONIC);
        /* It opens when its LUNs do, and whether they were open before is seen then. */
        if (access != ACCESS_BLOCK && !is_only_phone(device) && !any_lun_opens(device))
                return;
        if (device->recorded && device->recorded_open == decide->open && device->recorded_access == access)
                return;
        /* An open gate and a verdict that opens come to the same. */
        if (device->recorded && device->recorded_access == ACCESS_ALLOW && access == ACCESS_ALLOW) {
                device->recorded_open = decide->open;
                return;
        }
        device->recorded = true;
        device->verdicts++;
        device->recorded_open = decide->open;
        device->recorded_access = access;
        decide->ops->verdict(decide->ops->userdata, device, decide->open);
        device->found = false;
}

void decide_refresh(const struct decide *decide, struct device *device)
{
        enum device_state state = state_of(decide, device);

        if (state == device->state && device->since_usec != 0)
                return;
        device->state = state;
        device->since_usec = now_usec(CLOCK_REALTIME);
        if (decide->ops->state)
                decide->ops->state(decide->ops->userdata, device);
}

void decide_device(const struct decide *decide, struct device *device, bool again)
{
        if (device->bus == DEVICE_USB &&
            (decide->open || rundir_phone(decide->run, device->target.name, device->devnum)))
                device->phone.shown = true;
        decide_judge(decide, device);
        reader_watch(decide, device,
                     device->answer != ASSESS_ALLOWED && device->answer != ASSESS_READ_ONLY && !any_refusal(device));
        reader_note_empty(decide, device);
        if (device->exempt || decide->open)
                unwant_all(decide, device);
        else
                act(decide, device, again);
        record(decide, device);

        if (!device->strings_known && !device->strings_asked) {
                device->strings_asked = true;
                decide->ops->read_strings(decide->ops->userdata, device);
        }
        decide_refresh(decide, device);
}
