/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a device is, is told by its `subsystem` and the form of its own name, which the kernel gives. Its `uevent` says it
 * too, but reading that waits for the device's lock (drivers/base/core.c, uevent_show() of several stable kernels): one
 * sick stick in its probe, or being switched off, would hold up the refusal of every other. */

#include "gate/device.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "gate/attr.h"

/* Kernel names hold nothing that could lead out of the directory they are looked up in. */
static bool name_is_plain(const char *name)
{
        size_t length = strlen(name);

        return length > 0 && length < SYSFS_NAME_MAX && name[0] != '.' &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") == length;
}

static int open_by_name(const struct roots *roots, const char *name)
{
        static const char *const places[] = { "usb", "scsi", "mmc", "memstick" };
        char path[PATH_MAX];

        if (!name_is_plain(name))
                return -EINVAL;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
                int fd;

                if ((size_t) snprintf(path, sizeof path, "%s/bus/%s/devices/%s", roots->sys, places[i], name) >=
                    sizeof path)
                        return -ENAMETOOLONG;
                fd = attr_open_dir(AT_FDCWD, path);
                if (fd != -ENOENT)
                        return fd;
        }
        return -ENOENT;
}

/* The absolute path that the descriptor stands for: 0; -ENODEV when the directory is gone; -errno. */
static int path_of(int dirfd, char *buffer, size_t size)
{
        char link[64];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
        n = readlink(link, buffer, size);
        if (n < 0)
                return -errno;
        if ((size_t) n == size)
                return -EMSGSIZE;
        buffer[n] = '\0';
        /* What d_path() (fs/d_path.c) says of a directory that has left. */
        return strstr(buffer, "//deleted") || strstr(buffer, " (deleted)") ? -ENODEV : 0;
}

/* The descriptor may come from another, who sees /sys through a mount of his own on which nothing can be written, as lekdichtd
 * does (ProtectKernelTunables=). So the directory is opened by the path in our own /sys; while the first descriptor is held
 * its inode is nobody else's, so what has the same number is the same device. It also must be in /sys to have one. */
static int open_as_ours(const char *path, struct device *device)
{
        CLEANUP(cleanup_close) int given = device->dirfd;
        struct stat theirs, ours;

        device->dirfd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (device->dirfd < 0)
                return errno == ENOENT ? -ENODEV : -errno;
        if (fstat(given, &theirs) < 0 || fstat(device->dirfd, &ours) < 0)
                return -errno;
        return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino ? 0 : -ENODEV;
}

/* usb_alloc_dev() and usb_set_configuration(): "1-2.3" and "1-2.3:1.0"; root hubs are "usb1". scsi_sysfs_device_initialize():
 * "3:0:0:0"; hosts and targets are "host3" and "target3:0:0". */
static bool begins_with_digit(const char *name)
{
        return isdigit((unsigned char) name[0]);
}

static int identify(const struct roots *roots, struct device *device)
{
        char subsystem[SYSFS_NAME_MAX], path[PATH_MAX];
        size_t prefix = strlen(roots->sys);
        int r;

        r = path_of(device->dirfd, path, sizeof path);
        if (r < 0)
                return r;
        if (strncmp(path, roots->sys, prefix) != 0 || strncmp(path + prefix, "/devices/", 9) != 0)
                return -EINVAL;
        strcpy(device->devpath, path + prefix);
        if (strlen(strrchr(path, '/') + 1) >= sizeof device->name)
                return -EINVAL;
        strcpy(device->name, strrchr(path, '/') + 1);
        r = open_as_ours(path, device);
        if (r < 0)
                return r;

        r = sysfs_read_link(device->dirfd, "subsystem", subsystem, sizeof subsystem);
        if (!device_alive(device))
                return -ENODEV;
        if (r < 0)
                return -EINVAL;

        if (strcmp(subsystem, "usb") == 0 && begins_with_digit(device->name))
                device->type = strchr(device->name, ':') ? DEVICE_USB_INTERFACE : DEVICE_USB_DEVICE;
        else if (strcmp(subsystem, "scsi") == 0 && !begins_with_digit(device->name))
                return -EINVAL;
        else if (bus_by_name(subsystem)) {
                device->type = DEVICE_LUN;
                device->bus = bus_by_name(subsystem);
        } else
                return -EINVAL;
        return 0;
}

int device_open_dir(const struct roots *roots, int dirfd, struct device *ret)
{
        struct device device = { .dirfd = dirfd };
        int r;

        r = identify(roots, &device);
        if (r < 0) {
                device_close(&device);
                return r;
        }
        *ret = device;
        return 0;
}

int device_open(const struct roots *roots, const char *argument, struct device *ret)
{
        int fd = argument[0] == '/' ? attr_open_dir(AT_FDCWD, argument) : open_by_name(roots, argument);

        return fd < 0 ? fd : device_open_dir(roots, fd, ret);
}

void device_close(struct device *device)
{
        if (device->dirfd >= 0)
                close(device->dirfd);
        device->dirfd = -1;
}

bool device_alive(const struct device *device)
{
        return sysfs_alive(device->dirfd);
}

bool device_bound(const struct device *device)
{
        char driver[SYSFS_NAME_MAX];

        return sysfs_read_link(device->dirfd, "driver", driver, sizeof driver) == 0;
}

/* A component that is the prefix and then only digits: "usb2", "fw0". */
static bool has_component(const char *devpath, const char *prefix)
{
        size_t length = strlen(prefix);

        for (const char *at = strchr(devpath, '/'); at; at = strchr(at + 1, '/')) {
                size_t digits;

                if (strncmp(at + 1, prefix, length) != 0)
                        continue;
                digits = strspn(at + 1 + length, "0123456789");
                if (digits > 0 && (at[1 + length + digits] == '/' || at[1 + length + digits] == '\0'))
                        return true;
        }
        return false;
}

bool devpath_behind_removable_pci(const struct roots *roots, const char *devpath)
{
        char path[PATH_MAX], attribute[PATH_MAX], value[32];

        snprintf(path, sizeof path, "%s%s", roots->sys, devpath);
        for (char *slash = strrchr(path, '/'); slash && slash > path + strlen(roots->sys); slash = strrchr(path, '/')) {
                *slash = '\0';
                if ((size_t) snprintf(attribute, sizeof attribute, "%s/removable", path) < sizeof attribute &&
                    attr_read(AT_FDCWD, attribute, value, sizeof value) >= 0 && strcmp(value, "removable") == 0)
                        return true;
        }
        return false;
}

/* SPC-4, 6.4.2: CD, DVD and Blu-ray drives, and those that write once. */
static bool takes_discs(const struct device *device)
{
        uint64_t type;

        return device->bus && strcmp(device->bus->name, "scsi") == 0 &&
               sysfs_read_number(device->dirfd, "type", 10, UINT8_MAX, &type) == 0 && (type == 4 || type == 5);
}

bool device_removable(const struct roots *roots, const struct device *device)
{
        char type[32];

        if (has_component(device->devpath, "usb") || has_component(device->devpath, "fw"))
                return true;
        if (device->bus && strcmp(device->bus->name, "memstick") == 0)
                return true;
        if (device->bus && strcmp(device->bus->name, "mmc") == 0 &&
            attr_read(device->dirfd, "type", type, sizeof type) >= 0 &&
            (strcmp(type, "SD") == 0 || strcmp(type, "SDcombo") == 0))
                return true;
        return takes_discs(device) || devpath_behind_removable_pci(roots, device->devpath);
}

bool devpath_is_under(const char *devpath, const char *below)
{
        size_t length = strlen(below);

        return strncmp(devpath, below, length) == 0 && (devpath[length] == '/' || devpath[length] == '\0');
}
