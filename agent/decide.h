/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Policy and device in, wishes out: which target the gate is to release or to refuse. The truth is /sys and the
 * gate's own files, read anew each time; what the agent remembers only keeps it from asking twice. */

#include <stdbool.h>
#include <stdint.h>

#include "agent/device.h"
#include "agent/lease.h"
#include "agent/rundir.h"

/* So often is put right what someone else undid, then only when all is looked at anew: two programs that disagree
 * must not keep the machine busy. The gate holds the storage all the same. */
#define DECIDE_DRIFTS_MAX 20U

struct decide_ops {
        /* Ask the gate: 0, and the outcome comes back through inventory_result(), or -errno. */
        int (*act)(void *userdata, const struct device *device, const struct target *target, enum verb verb);
        /* What was asked for this target and has not begun is not wanted any more. */
        void (*drop)(void *userdata, const struct device *device, const struct target *target);
        /* The device's serial and names are wanted; they come back through inventory_strings(). */
        void (*read_strings)(void *userdata, const struct device *device);
        /* There is a verdict to be recorded: device->verdict. open: nothing was done, since the gate is meant to be
         * open. */
        void (*verdict)(void *userdata, const struct device *device, bool open);
        /* Someone else undid what the gate did; it is put right. */
        void (*drift)(void *userdata, const struct device *device, const struct target *target);
        /* Begin, or end, to ask this logical unit for its medium; the answers come back through inventory_medium().
         * 0 or -errno. May be NULL: nobody can. */
        int (*watch)(void *userdata, const struct target *target, bool on);
        /* A reader without a card: it stays as it is. */
        void (*empty)(void *userdata, const struct device *device);
        /* What showed a CD with drivers as vendor:product has become this, which has no storage. May be NULL. */
        void (*switched)(void *userdata, const struct device *device, uint16_t vendor, uint16_t product);
        /* It came into another state: device->state. May be NULL. */
        void (*state)(void *userdata, const struct device *device);
        /* It was unplugged, after a verdict on it was recorded. */
        void (*removed)(void *userdata, const struct device *device);
        /* What a grant for a while makes of the device as one of that kind. May be NULL: there are none. */
        enum lease_match (*lease)(void *userdata, const struct device *device, enum storage_kind kind,
                                  struct verdict *ret);
        /* Which day it is (policy/policy.h). */
        unsigned (*today)(void *userdata);
        /* Of which groups of the policy somebody is here. May be NULL: of none. */
        struct user_facts (*users)(void *userdata);
        void *userdata;
};

struct decide {
        const struct policy *policy;
        bool open; /* the gate is meant to be open: judge and record, but do nothing */
        const char *sys, *run;
        const struct exempts *exempts;
        const struct decide_ops *ops;
};

/* Judge the device and ask for what follows. again: what failed before is tried once more. */
void decide_device(const struct decide *decide, struct device *device, bool again);

/* Only see in which state it is, after an outcome changed. */
void decide_refresh(const struct decide *decide, struct device *device);

/* Is it bound, and its disk granted, for reading at least? */
bool decide_lun_is_open(const struct decide *decide, const struct lun *lun);
