/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a block driver binds to: a SCSI logical unit, an MMC card, a Memory Stick; and the disk that appears below it. */

#include <stdbool.h>
#include <stdint.h>

#include "gate/device.h"
#include "gate/roots.h"

/* The disk of a bound unit: "sda". 0; -ENOENT: there is none; -errno. */
int lun_disk(const struct device *lun, char *ret, size_t size);

/* Sequence number of that disk (attribute `diskseq`). 0; -ENOENT: no disk; -EOPNOTSUPP: the kernel has none (before 5.15). */
int lun_diskseq(const struct device *lun, uint64_t *ret);

/* Somebody has the disk for himself: a mount in whatever namespace, device mapper, md, swap (open(2) with O_EXCL on a block
 * device). A drive without a medium is not in use. Opening may block on a sick device. */
bool lun_claimed(const struct roots *roots, const struct device *lun);

/* Take the driver away (`driver/unbind`) and look whether it left. 0 (also when none was bound); -ENODEV: gone; -errno. */
int lun_unbind(const struct device *lun);

/* Have udev look again at the disk, its partitions and its scsi_generic node. */
void lun_trigger(const struct device *lun);

/* Call back for each unit at or below a devpath, on all gated buses ("" for all). Stops at the first non-zero answer. */
int lun_foreach(const struct roots *roots, const char *devpath,
                int (*callback)(const struct device *lun, void *userdata), void *userdata);
