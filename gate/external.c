/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gate/external.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "gate/bus.h"
#include "gate/device.h"

/* A disk of a SCSI unit or a card is its bus' business. */
static bool is_on_gated_bus(int dirfd)
{
        char subsystem[SYSFS_NAME_MAX];

        return sysfs_read_link(dirfd, "device/subsystem", subsystem, sizeof subsystem) == 0 && bus_by_name(subsystem);
}

/* The disk that the link NAME of /sys/block leads to, if it is one of ours; its dirfd is the caller's. */
static bool find(const struct roots *roots, const char *name, struct external *ret)
{
        CLEANUP(cleanup_close) int fd = -1;
        char link[PATH_MAX], path[PATH_MAX];
        size_t prefix = strlen(roots->sys);

        if ((size_t) snprintf(link, sizeof link, "%s/block/%s", roots->sys, name) >= sizeof link ||
            !realpath(link, path) || strncmp(path + prefix, "/devices/", 9) != 0 || strlen(name) >= sizeof ret->name ||
            !devpath_behind_removable_pci(roots, path + prefix))
                return false;
        fd = attr_open_dir(AT_FDCWD, path);
        if (fd < 0 || is_on_gated_bus(fd))
                return false;
        strcpy(ret->name, name);
        strcpy(ret->devpath, path + prefix);
        ret->dirfd = steal_fd(&fd);
        return true;
}

int external_foreach(const struct roots *roots, int (*callback)(const struct external *disk, void *userdata),
                     void *userdata)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char path[PATH_MAX];
        int r = 0;

        snprintf(path, sizeof path, "%s/block", roots->sys);
        stream = opendir(path);
        if (!stream)
                return -errno;
        while (r == 0 && (entry = readdir(stream))) {
                struct external disk;

                if (entry->d_name[0] == '.' || !find(roots, entry->d_name, &disk))
                        continue;
                r = callback(&disk, userdata);
                close(disk.dirfd);
        }
        return r;
}

int external_diskseq(const struct external *disk, uint64_t *ret)
{
        return sysfs_read_number(disk->dirfd, "diskseq", 10, UINT64_MAX, ret);
}

void external_trigger(const struct external *disk)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        int fd;

        attr_trigger(disk->dirfd, ".");
        fd = openat(disk->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stream = fd < 0 ? NULL : fdopendir(fd);
        if (!stream && fd >= 0)
                close(fd);
        while (stream && (entry = readdir(stream)))
                if (strncmp(entry->d_name, disk->name, strlen(disk->name)) == 0) /* a partition */
                        attr_trigger(disk->dirfd, entry->d_name);
}
