/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The grants that are there: given, warned of, ended, and written down so that they survive a restart of the agent (in
 * /run) and, when that was asked for, a reboot. What a grant is, lease.h says. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/inventory.h"
#include "agent/lease.h"
#include "agent/plugs.h"
#include "agent/today.h"

#define LEASES_MAX 16U /* at a time */
#define LEASES_LOOK_USEC                                                                                               \
        300000000ULL /* kept ones are written anew so often: that much a dead clock can add at a reboot */
#define LEASES_RETRY_USEC   10000000ULL /* what could not be written down is tried again after that */
#define LEASES_REQUEST_USEC 60000000ULL /* that somebody asks is recorded no more often */

struct leases_ops {
        /* The rules say something else of this device now. */
        void (*judge)(void *userdata, struct device *device);
        /* Its time is over, extension included: it is to go also while it is in use. */
        void (*cut)(void *userdata, struct device *device);
        /* Somebody is to be told. */
        void (*notice)(void *userdata, const struct plug_notice *notice);
        /* Grants were given, or are over. */
        void (*changed)(void *userdata);
        void *userdata;
};

struct leases;

/* path: "/run/lekdichtd/leases"; kept: "/var/lib/lekdicht/leases", or NULL: none outlives a reboot. All but kept is borrowed. Nothing is
 * read yet. 0 or -errno. */
int leases_new(sd_event *loop, const char *path, const char *kept, struct today *today, struct inventory *inventory,
               const struct leases_ops *ops, struct leases **ret);
struct leases *leases_free(struct leases *leases);

/* Read what was written down, before anything is judged. */
void leases_load(struct leases *leases);
/* Begin to warn and to end; what is plugged in has been looked at. */
void leases_start(struct leases *leases);

/* Somebody asks for a grant, who may not be allowed to give it. */
void leases_asked(struct leases *leases, const struct device *device);
/* Open this device for so long; a grant that it has is replaced. Its strings must be known, minutes, access and reason
 * within the bounds of lease.h. *ret_shown: its end as the clock shows it. 0; -ENOSPC: there are LEASES_MAX; -ENAMETOOLONG. */
int leases_give(struct leases *leases, const struct device *device, enum access access, unsigned minutes,
                const char *reason, bool keep, uint64_t *ret_shown);
/* End the grant of the device that is, or was when it was given, called that. 0; -ENOENT: there is none. */
int leases_revoke(struct leases *leases, const char *name);

/* What a grant makes of this device, as a device of that kind; LEASE_IS: *ret is filled in. */
enum lease_match leases_verdict(const struct leases *leases, const struct device *device, enum storage_kind kind,
                                struct verdict *ret);
/* Until when a grant opens it, as the clock shows it; 0: none does. */
uint64_t leases_until(const struct leases *leases, const struct device *device);
/* A device came into another state, or was unplugged. */
void leases_state(struct leases *leases);
/* Is any to be kept over a reboot? */
bool leases_kept(const struct leases *leases);

/* Do what is due by now. Called by the timer; tests that set a clock call it. */
void leases_look(struct leases *leases);
