/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A SCSI unit to which the kernel binds no driver any more, because we took one away while somebody had its disk open.
 * Seen in Linux 6.1: sd_probe() fails with -ENOMEM for as long as the unit lives, since the block cgroup of the old disk is
 * still registered for the request queue that both share (block/blk-cgroup.c, blkg_create()). */

#include <stdbool.h>

#include "gate/device.h"
#include "gate/roots.h"

/* To be told after a driver was taken from the unit. That it is not written down is no error: then it is not renewed. */
void renew_note_unbound(const struct roots *roots, const struct device *lun);

/* The unit has a driver again. */
void renew_note_bound(const struct roots *roots, const struct device *lun);

/* No driver was bound. If one was taken away by us, once: have the unit removed and found anew, as another one with the same
 * name, and return true. False: nothing was done. May block for as long as the device makes the kernel wait. */
bool renew(const struct roots *roots, const struct device *lun);
