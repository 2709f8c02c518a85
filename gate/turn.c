/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A lock of a process on a byte of one file: the kernel lets go of it however the process ends, and no file is left behind
 * for a device that has gone. The byte is the name's hash; should two devices share one, they wait for each other. */

#include "gate/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a */
#define HASH_BASIS UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* The part of devpath that names what a person holds in his hand: of something on USB the USB device, "1-2.3", nearest to
 * it (usb_alloc_dev()); else the device itself. Its length. */
static size_t physical(const struct device *device, const char **ret)
{
        size_t found = strlen(device->name);

        *ret = device->name;
        for (const char *part = strchr(device->devpath, '/'); part; part = strchr(part, '/')) {
                size_t length = strcspn(++part, "/"), port = strspn(part, "0123456789");

                if (port == 0 || port == length || part[port] != '-' || strspn(part, "0123456789-.") != length)
                        continue;
                *ret = part;
                found = length;
        }
        return found;
}

int turn_wait(const struct roots *roots, const struct device *device)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
        uint64_t hash = HASH_BASIS;
        char path[PATH_MAX];
        const char *name;
        size_t length = physical(device, &name);
        int fd;

        for (size_t i = 0; i < length; i++)
                hash = (hash ^ (unsigned char) name[i]) * HASH_PRIME;
        lock.l_start = (off_t) (hash >> 2);
        if ((size_t) snprintf(path, sizeof path, "%s/" TURN_FILE, roots->run) >= sizeof path)
                return -ENAMETOOLONG;
        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        /* It stays open: closing it would end the turn. */
        while (fcntl(fd, F_SETLKW, &lock) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}
