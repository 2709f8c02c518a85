/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reading /sys without being fooled. A device's directory is opened once, O_PATH, before anything about it is read:
 * such a descriptor belongs to that one instance of the device, not to its name. After an unplug every read through it
 * fails, also when another device has taken the name meanwhile (kernfs, fs/kernfs/dir.c: a deactivated node is never
 * looked up again). So what is read through one descriptor belongs together.
 *
 * Nothing here may be used for attributes that take the lock of a sick device (USB: manufacturer, product, serial,
 * bConfigurationValue and the other fields of the active configuration; drivers/usb/core/sysfs.c): those can wait for
 * seconds. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYSFS_ATTRIBUTE_MAX 4096U /* bytes of a text attribute: the kernel gives a page */
#define SYSFS_NAME_MAX      256U  /* bytes of a kernel name or a link's last part, NUL included */
#define SYSFS_PATH_MAX      1024U /* bytes of a devpath or path in /sys, NUL included */

/* Open the directory of the device at devpath ("/devices/...") below root ("/sys"). Returns a descriptor that the
 * caller closes, or -errno: -ENOENT gone, -EINVAL not a devpath (no leading slash, "..", empty parts, too long). */
int sysfs_open(const char *root, const char *devpath);

/* Read the attribute `name` of the device: at most size bytes, as they are. Returns the number, or -errno.
 * Neither follows a link nor waits for a FIFO. */
ssize_t sysfs_read(int dirfd, const char *name, void *buffer, size_t size);

/* The same as text_clean() text, in a buffer of size > 0 bytes. Returns the length or -errno. */
ssize_t sysfs_read_text(int dirfd, const char *name, char *buffer, size_t size);

/* The same as a number of that base (10, 16): 0, or -errno; -EINVAL when it is no number or larger than max. */
int sysfs_read_number(int dirfd, const char *name, int base, uint64_t max, uint64_t *ret);

/* The last part of what the link `name` ("driver", "subsystem") points to. 0 or -errno; -ENOENT when there is none. */
int sysfs_read_link(int dirfd, const char *name, char *buffer, size_t size);

/* Is the device still there? Its attributes are taken away before the kernel announces the removal
 * (device_del(), drivers/base/core.c), so at its own "remove" event a device is not alive any more. */
bool sysfs_alive(int dirfd);

/* The first entry of the subdirectory `name` that is itself a directory ("sda" of "block"). 0 or -errno. */
int sysfs_first_entry(int dirfd, const char *name, char *buffer, size_t size);

/* The last part of a path. */
const char *sysfs_name(const char *path);
