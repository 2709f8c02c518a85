/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The one place from which lekdicht writes to /sys; and text read as it is, without the cleaning that common/sysfs.h does
 * for what people are shown: paths and names that are used again must stay what they are. */

#include <stddef.h>
#include <sys/types.h>

/* An O_PATH descriptor of a directory, links followed. The caller closes it. -errno. */
int attr_open_dir(int dirfd, const char *path);

/* The text of an attribute, NUL-terminated, without the trailing newline. Returns its length; -EMSGSIZE when it does not
 * fit (half a name is another name), -EINVAL when it has a NUL inside, or -errno. */
ssize_t attr_read(int dirfd, const char *name, char *buffer, size_t size);

/* Write a value to an attribute below a directory descriptor (or AT_FDCWD and a full path). May block for as long as the
 * device makes the kernel wait. 0 or -errno; -ENODEV and -ENOENT mean that the device has gone. */
int attr_write(int dirfd, const char *name, const char *value);

/* Ask udev to look again: "change" to the `uevent` file (lib/kobject_uevent.c, kobject_synth_uevent). */
int attr_trigger(int dirfd, const char *directory);

/* Have it announced as when it came: "add", for rules and programs that look at nothing else. */
int attr_announce(int dirfd, const char *directory);
