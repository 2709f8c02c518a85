/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Three questions in this order: does it carry the system (then hands off), what do the rules say, and what has to
 * be done in /sys so that it is so.
 *
 * A USB device is refused whole when everything on it is storage: deauthorising an interface alone is undone by
 * anyone who may set the configuration. When it is also a keyboard, only its storage interfaces are refused. When
 * the answer depends on the LUNs (a CD drive may be allowed where a disk is not), it waits for them behind the
 * closed gate; each LUN is then judged, and the device is refused only when all are and no more are expected. */

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

static bool has_openable(const struct device *device)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens)
                        return true;
        return false;
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

        if (device->bus == DEVICE_USB) {
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

                if (!lun->opens || (lun->answer != ASSESS_ALLOWED && any_lun(device, ASSESS_ALLOWED)))
                        continue;
                device->verdict = lun->verdict;
                device->kind = kind_of(device, lun);
                if (device->bus != DEVICE_USB)
                        device->answer = lun->answer;
        }

        if (device->answer == ASSESS_NEED_LUNS && device->scan_ended && any_lun(device, ASSESS_REFUSED) &&
            !any_lun(device, ASSESS_ALLOWED) && !any_lun(device, ASSESS_NEED_STRINGS))
                device->settled = true;
        /* The scan had not ended after all. */
        if (any_lun(device, ASSESS_ALLOWED))
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
        if (target->wish == verb && target->outcome == OUTCOME_DONE && verb == VERB_REFUSE) {
                target->drifts = again ? 1 : target->drifts + 1;
                if (target->drifts > DECIDE_DRIFTS_MAX) {
                        snprintf(device->trouble, sizeof(device->trouble),
                                 "another program switches it on again and again");
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

/* Is everything on the device storage, so that it can be refused whole? */
static bool only_storage(const struct device *device)
{
        const struct usbdesc_config *config;

        if (!device->desc.complete)
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
                            device->interfaces[k].number == config->interfaces[i].number)
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
                want(decide, device, &device->interfaces[i].target, VERB_REFUSE, is_off(&device->interfaces[i].target),
                     again);
}

/* Give back what the gate took, so that LUNs can appear. What someone else switched off is left to him. */
static void give_back(const struct decide *decide, struct device *device, struct target *target, bool again)
{
        if (target->refused_by_us || rundir_refused(decide->run, target->name, device->devnum))
                want(decide, device, target, VERB_RELEASE, !is_off(target), again);
}

bool decide_lun_is_open(const struct decide *decide, const struct lun *lun)
{
        uint64_t diskseq;

        return facts_bound(lun->target.dirfd) && facts_diskseq(lun->target.dirfd, &diskseq) == 0 &&
               rundir_granted(decide->run, diskseq);
}

/* Open, or released and still the same disk: then its own events are no reason to release it again. */
static bool is_released(const struct decide *decide, const struct lun *lun, bool again)
{
        uint64_t diskseq;

        if (decide_lun_is_open(decide, lun))
                return true;
        return !again && lun->target.wish == VERB_RELEASE && lun->target.outcome == OUTCOME_DONE &&
               lun->released != 0 && facts_bound(lun->target.dirfd) &&
               facts_diskseq(lun->target.dirfd, &diskseq) == 0 && diskseq == lun->released;
}

static void act_on_luns(const struct decide *decide, struct device *device, bool again)
{
        for (size_t i = 0; i < device->n_luns; i++) {
                struct lun *lun = &device->luns[i];

                if (!lun->opens)
                        continue;
                switch (lun->answer) {
                case ASSESS_ALLOWED:
                        want(decide, device, &lun->target, VERB_RELEASE, is_released(decide, lun, again), again);
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
        case ASSESS_ALLOWED:
                give_back(decide, device, &device->target, again);
                for (size_t i = 0; i < device->n_interfaces; i++)
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

/* Something is decided, and begun: do the rules let it open? */
static bool is_decided(const struct decide *decide, const struct device *device, bool *ret_allowed)
{
        *ret_allowed = device->answer == ASSESS_ALLOWED ||
                       (device->answer != ASSESS_REFUSED && any_lun(device, ASSESS_ALLOWED));
        if (device->bus != DEVICE_USB && !has_openable(device))
                return false;
        if (!*ret_allowed && !decide->open && reader_is_watched(device))
                return reader_has_card(device) && (device->answer == ASSESS_REFUSED || device->settled);
        if (!*ret_allowed && decide->open && reader_is_empty(device))
                return false;
        if (device->patience_usec != 0 && !*ret_allowed)
                return false;
        /* A composite device is announced before its interfaces, and there is nothing to refuse yet. */
        if (device->bus == DEVICE_USB && !*ret_allowed && !decide->open && !any_refusal(device))
                return false;
        return *ret_allowed || device->answer == ASSESS_REFUSED || device->settled;
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
        bool under_way = false, busy = false, failed = false, allowed;

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
        if (device->answer != ASSESS_ALLOWED && !any_lun(device, ASSESS_ALLOWED) && reader_is_watched(device) &&
            !reader_has_card(device))
                return DEVICE_HELD;
        /* Its storage is in a configuration that is not the active one. */
        if (device->bus == DEVICE_USB && device->config != 0 && device->n_interfaces == 0 && !any_refusal(device) &&
            !only_storage(device))
                return DEVICE_HELD;
        if (is_decided(decide, device, &allowed)) {
                if (!allowed)
                        return DEVICE_REFUSED;
                return device->n_luns > 0 && !has_openable(device) ? DEVICE_HELD : DEVICE_ALLOWED;
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
        bool allowed;

        if (device->exempt || !is_decided(decide, device, &allowed))
                return;
        if (device->judged_usec == 0)
                device->judged_usec = now_usec(CLOCK_MONOTONIC);
        /* It opens when its LUNs do, and whether they were open before is seen then. */
        if (allowed && !any_lun(device, ASSESS_ALLOWED))
                return;
        if (device->recorded && device->recorded_open == decide->open && device->recorded_allowed == allowed)
                return;
        /* An open gate and a verdict that opens come to the same. */
        if (device->recorded && device->recorded_allowed && allowed) {
                device->recorded_open = decide->open;
                return;
        }
        device->recorded = true;
        device->verdicts++;
        device->recorded_open = decide->open;
        device->recorded_allowed = allowed;
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
        decide_judge(decide, device);
        reader_watch(decide, device, device->answer != ASSESS_ALLOWED && !any_refusal(device));
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
