/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One device that a verb is about, held by a descriptor of its directory in /sys from before it is looked at until after it
 * is written to. SCSI host numbers and USB addresses are reused; the descriptor is not (common/sysfs.h). */

#include <limits.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/bus.h"
#include "gate/roots.h"

enum device_type {
        DEVICE_USB_DEVICE,    /* 1-2 */
        DEVICE_USB_INTERFACE, /* 1-2:1.0 */
        DEVICE_LUN,           /* 3:0:0:0, mmc0:4567, memstick0: what a block driver binds to */
};

struct device {
        int dirfd; /* O_PATH; -1 when closed */
        enum device_type type;
        const struct bus *bus;     /* of a DEVICE_LUN, else NULL */
        char name[SYSFS_NAME_MAX]; /* kernel name */
        char devpath[PATH_MAX];    /* from "/devices/" on */
};

/* clang-format off */
#define DEVICE_NULL { .dirfd = -1 }
/* clang-format on */

/* Open by kernel name, or by a path that leads to the directory in /sys (the agent gives /proc/self/fd/3).
 * 0; -EINVAL: neither a USB device or interface nor something on a gated bus (root hubs are none of these);
 * -ENODEV or -ENOENT: gone. On success the caller calls device_close(). */
int device_open(const struct roots *roots, const char *argument, struct device *ret);

/* As device_open(), for a directory already open; takes the descriptor over, also on error. */
int device_open_dir(const struct roots *roots, int dirfd, struct device *ret);

void device_close(struct device *device);
#define CLEANUP_DEVICE CLEANUP(device_close)

/* Still this instance: its directory has not left /sys. */
bool device_alive(const struct device *device);

/* A driver is bound (the `driver` link exists). */
bool device_bound(const struct device *device);

/* What a person could carry away: below a USB or FireWire bus, an SD card (also one that is a radio besides), a Memory
 * Stick, behind a PCI port that the firmware calls removable, or a drive for discs, wherever it is. Internal eMMC (type
 * MMC and not on USB) is not. */
bool device_removable(const struct roots *roots, const struct device *device);

/* Is a device above it in /sys behind a PCI port that the firmware calls removable? */
bool devpath_behind_removable_pci(const struct roots *roots, const char *devpath);

/* devpath is `below` or under it. */
bool devpath_is_under(const char *devpath, const char *below);
