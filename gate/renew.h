/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A SCSI unit whose driver was taken away is not given one again as it is. Linux 6.1 makes the next disk for the request queue
 * of the last one, and while somebody still has that open (a reader, the kernel's own look at the partitions), sd_probe()
 * fails with -ENOMEM, or waits in blkcg_init_disk() with the device locked, and udevd and journald wait with it. So the unit
 * is removed and its host looks for it: it comes back as another one, with a queue of its own. */

#include <stdbool.h>

#include "gate/device.h"
#include "gate/roots.h"

/* To be told after a driver was taken from the unit. That it cannot be written down is no error: then it is bound as it is. */
void renew_note(const struct roots *roots, const struct device *lun);

/* If a driver was taken from it: have it found anew, as another one with the same name, and return true. False: nothing was
 * done. May block for as long as the device makes the kernel wait. */
bool renew(const struct roots *roots, const struct device *lun);

/* Forget the notes of units that have left; of one that was removed by a gate that died before its host had looked for it,
 * have that done. */
void renew_sweep(const struct roots *roots);
