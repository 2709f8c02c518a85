/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reading below /sys through a directory descriptor. Such a descriptor pins one *instance* of a device: once the device is
 * gone every openat() on it fails, even when another device has taken its name (fs/kernfs/dir.c, kernfs_dop_revalidate).
 * So whoever opens the directory first and reads facts second knows that all facts are of the same device. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SYSFS_ATTR_MAX 4096U    /* bytes of one attribute; sysfs never gives more than a page */
#define SYSFS_NAME_MAX 256U     /* bytes of a kernel object's name with its NUL */

/* An O_PATH descriptor of a directory, relative to dirfd (or AT_FDCWD). The caller closes it. -errno. */
int sysfs_open_dir(int dirfd, const char *path);

/* Read a text attribute as it is, NUL-terminated, without the trailing newline. Never blocks on a FIFO. Returns the
 * length (0 to size - 1); -EMSGSIZE when it does not fit, -EINVAL when it has a NUL inside, or -errno. */
ssize_t sysfs_read(int dirfd, const char *name, char *buffer, size_t size);

/* Read a binary attribute (`descriptors`). Returns the length; -EMSGSIZE when there is more than size; or -errno. */
ssize_t sysfs_read_binary(int dirfd, const char *name, void *buffer, size_t size);

/* An unsigned number in that base (10 or 16; 16 without "0x") from 0 to max and nothing else: 0, -ERANGE, -EINVAL, -errno. */
int sysfs_read_number(int dirfd, const char *name, int base, unsigned long max, unsigned long *ret);

/* The last component of a symbolic link's target (`driver`, `subsystem`): 0, -EMSGSIZE, or -errno (-ENOENT: no link). */
int sysfs_read_link_name(int dirfd, const char *name, char *buffer, size_t size);

/* The absolute path that the descriptor stands for: 0; -ENODEV when the directory is gone; -errno. */
int sysfs_path_of(int dirfd, char *buffer, size_t size);
