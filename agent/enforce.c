/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What has to be done in /sys so that what the rules say is so.
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

#include "agent/enforce.h"
#include "agent/facts.h"
#include "agent/reader.h"
#include "agent/traits.h"
#include "common/clock.h"

/* Ask for verb, unless /sys shows that it is so already, or it is being done. */
static void want(const struct decide *decide, struct device *device, struct target *target, enum verb verb, bool is_so,
                 bool again)
{
        if (target->wish == verb && (target->outcome == OUTCOME_UNDER_WAY || target->outcome == OUTCOME_BUSY))
                return;
        /* A little more than that is being done. */
        if (target->wish == VERB_CUT && target->outcome == OUTCOME_UNDER_WAY &&
            (verb == VERB_REFUSE || verb == VERB_READONLY))
                return;
        if (is_so && target->outcome != OUTCOME_UNDER_WAY && target->outcome != OUTCOME_BUSY) {
                target->wish = verb;
                target->outcome = OUTCOME_DONE;
                target->right_usec = clock_usec(CLOCK_BOOTTIME);
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

void enforce_nothing(const struct decide *decide, struct device *device)
{
        unwant(decide, device, &device->target);
        for (size_t i = 0; i < device->n_interfaces; i++)
                unwant(decide, device, &device->interfaces[i].target);
        for (size_t i = 0; i < device->n_luns; i++)
                unwant(decide, device, &device->luns[i].target);
}

static void cut(const struct decide *decide, const struct device *device, struct target *target)
{
        if (target->outcome != OUTCOME_BUSY)
                return;
        target->wish = VERB_CUT;
        target->outcome = decide->ops->act(decide->ops->userdata, device, target, VERB_CUT) < 0 ? OUTCOME_FAILED
                                                                                                : OUTCOME_UNDER_WAY;
}

void enforce_cut(const struct decide *decide, struct device *device)
{
        cut(decide, device, &device->target);
        for (size_t i = 0; i < device->n_interfaces; i++)
                cut(decide, device, &device->interfaces[i].target);
        for (size_t i = 0; i < device->n_luns; i++)
                cut(decide, device, &device->luns[i].target);
}

/* Its storage (phone: what gives a phone's files away), or the whole device when there is nothing else on it. */
static void refuse(const struct decide *decide, struct device *device, bool phone, bool again)
{
        if (traits_is_off(&device->target) || traits_is_only_storage(device)) {
                want(decide, device, &device->target, VERB_REFUSE, traits_is_off(&device->target), again);
                return;
        }
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].phone == phone)
                        want(decide, device, &device->interfaces[i].target, VERB_REFUSE,
                             traits_is_off(&device->interfaces[i].target), again);
}

/* Give back what the gate took, so that LUNs can appear. What someone else switched off is left to him. */
static void give_back(const struct decide *decide, struct device *device, struct target *target, bool again)
{
        if (target->refused_by_us || rundir_refused(decide->run, target->name, device->devnum))
                want(decide, device, target, VERB_RELEASE, !traits_is_off(target), again);
}

/* Interfaces first: while one is refused the gate does not give the node. */
static void open_phone(const struct decide *decide, struct device *device, bool again)
{
        struct target *target = &device->target;
        bool off = traits_is_off(target), open = !off && rundir_phone(decide->run, target->name, device->devnum);

        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].phone)
                        give_back(decide, device, &device->interfaces[i].target, again);
        if (off && !target->refused_by_us && !rundir_refused(decide->run, target->name, device->devnum))
                return;
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (traits_is_off(&device->interfaces[i].target))
                        return; /* with the outcome of that it is looked at again */
        /* A node that did not open is tried again when all is looked at, not at each event. */
        want(decide, device, target, VERB_RELEASE,
             open || (!again && target->wish == VERB_RELEASE && target->outcome == OUTCOME_DONE), again);
}

static void act_on_phone(const struct decide *decide, struct device *device, bool again)
{
        switch (device->phone.answer) {
        case ASSESS_REFUSED:
        case ASSESS_READ_ONLY: /* the judge says neither of a phone */
        case ASSESS_ENCRYPTED:
                refuse(decide, device, true, again);
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
 * read-only is so as long as the kernel says it, one that is to be encrypted until somebody may have written to it. */
static bool is_released(const struct decide *decide, const struct lun *lun, enum verb verb, bool again)
{
        enum rundir_grant grant = verb == VERB_READONLY    ? RUNDIR_READ_ONLY
                                  : verb == VERB_ENCRYPTED ? RUNDIR_ENCRYPTED
                                                           : RUNDIR_OPEN;
        uint64_t diskseq;

        if (!facts_bound(lun->target.dirfd) || facts_diskseq(lun->target.dirfd, &diskseq) < 0 ||
            (verb == VERB_READONLY && !facts_is_read_only(lun->target.dirfd)) ||
            (verb == VERB_ENCRYPTED && lun->touched))
                return false;
        if (rundir_granted(decide->run, diskseq) == grant)
                return true;
        return !again && lun->target.wish == verb && lun->target.outcome == OUTCOME_DONE && is_same_disk(lun);
}

/* Another medium is no drift, only something new to open. */
static void open_lun(const struct decide *decide, struct device *device, struct lun *lun, enum verb verb, bool again)
{
        bool under_way = lun->target.outcome == OUTCOME_UNDER_WAY || lun->target.outcome == OUTCOME_BUSY;

        if (lun->target.wish == verb && lun->target.outcome == OUTCOME_DONE && !is_same_disk(lun))
                lun->target.outcome = OUTCOME_NONE;
        want(decide, device, &lun->target, verb, is_released(decide, lun, verb, again), again);
        if (!under_way)
                lun->touched = false;
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
                case ASSESS_ENCRYPTED:
                        open_lun(decide, device, lun, VERB_ENCRYPTED, again);
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

void enforce_device(const struct decide *decide, struct device *device, bool again)
{
        if (device->bus == DEVICE_PCI)
                return; /* hidden by the udev rules */
        if (device->bus != DEVICE_USB) {
                act_on_luns(decide, device, again);
                return;
        }
        if (device->phone.is)
                act_on_phone(decide, device, again);
        if (traits_is_only_phone(device))
                return;
        switch (device->answer) {
        case ASSESS_NEED_STRINGS:
                break;
        case ASSESS_REFUSED:
                if (reader_is_watched(device))
                        act_on_luns(decide, device, again);
                else if (device->patience_usec == 0)
                        refuse(decide, device, false, again);
                break;
        case ASSESS_NEED_LUNS:
                if (device->settled && !reader_is_watched(device)) {
                        refuse(decide, device, false, again);
                        break;
                }
                /* fall through */
        case ASSESS_READ_ONLY:
        case ASSESS_ENCRYPTED:
        case ASSESS_ALLOWED:
                give_back(decide, device, &device->target, again);
                for (size_t i = 0; i < device->n_interfaces; i++)
                        if (!device->interfaces[i].phone)
                                give_back(decide, device, &device->interfaces[i].target, again);
                act_on_luns(decide, device, again);
                break;
        }
}
