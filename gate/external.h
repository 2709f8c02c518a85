/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Disks behind a PCI port that the firmware calls removable (Thunderbolt, USB4) and that sit on no gated bus: NVMe. No bus
 * holds them, udev's rules hide them, and have to be asked again when the gate opens or closes. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/sysfs.h"
#include "gate/roots.h"

struct external {
        int dirfd;                 /* its directory; the caller's of external_foreach() only while it is called back */
        char name[SYSFS_NAME_MAX]; /* "nvme0n1" */
        char devpath[PATH_MAX];    /* "/devices/..." */
};

/* Call back for each such disk there is. Stops at the first non-zero answer and returns it; -errno: cannot look. */
int external_foreach(const struct roots *roots, int (*callback)(const struct external *disk, void *userdata),
                     void *userdata);

/* Its sequence number. 0; -errno. */
int external_diskseq(const struct external *disk, uint64_t *ret);

/* Have udev look again at the disk and its partitions. */
void external_trigger(const struct external *disk);
