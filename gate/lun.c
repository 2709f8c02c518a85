/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Everything is reached from the unit's own directory descriptor, so that a disk found here is the disk of that very unit. */

#include "gate/lun.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/attr.h"

static DIR *open_directory(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *stream = fd < 0 ? NULL : fdopendir(fd);

        if (!stream && fd >= 0)
                close(fd);
        return stream;
}

int lun_disk(const struct device *lun, char *ret, size_t size)
{
        return sysfs_first_entry(lun->dirfd, "block", ret, size);
}

int lun_diskseq(const struct device *lun, uint64_t *ret)
{
        char disk[SYSFS_NAME_MAX], path[SYSFS_NAME_MAX + 32];
        uint64_t value;
        int r;

        r = lun_disk(lun, disk, sizeof disk);
        if (r < 0)
                return r;
        snprintf(path, sizeof path, "block/%s/diskseq", disk);
        r = sysfs_read_number(lun->dirfd, path, 10, UINT64_MAX, &value);
        if (r < 0)
                return r == -ENOENT && device_alive(lun) ? -EOPNOTSUPP : r;
        *ret = value;
        return 0;
}

bool lun_claimed(const struct roots *roots, const struct device *lun)
{
        CLEANUP(cleanup_close) int fd = -1;
        char disk[SYSFS_NAME_MAX], path[PATH_MAX];

        if (lun_disk(lun, disk, sizeof disk) < 0)
                return false;
        for (char *slash = disk; (slash = strchr(slash, '!'));)
                *slash = '/';
        if ((size_t) snprintf(path, sizeof path, "%s/%s", roots->dev, disk) >= sizeof path)
                return false;
        fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 && errno == EBUSY;
}

int lun_unbind(const struct device *lun)
{
        int r;

        if (!device_bound(lun))
                return device_alive(lun) ? 0 : -ENODEV;
        r = attr_write(lun->dirfd, "driver/unbind", lun->name);
        if (!device_alive(lun))
                return -ENODEV;
        if (device_bound(lun))
                return r < 0 ? r : -EIO;
        return 0;
}

void lun_trigger(const struct device *lun)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char disk[SYSFS_NAME_MAX], generic[SYSFS_NAME_MAX], path[PATH_MAX];

        if (sysfs_first_entry(lun->dirfd, "scsi_generic", generic, sizeof generic) == 0) {
                snprintf(path, sizeof path, "scsi_generic/%s", generic);
                attr_trigger(lun->dirfd, path);
        }
        if (lun_disk(lun, disk, sizeof disk) < 0)
                return;
        snprintf(path, sizeof path, "block/%s", disk);
        attr_trigger(lun->dirfd, path);
        stream = open_directory(lun->dirfd, path);
        while (stream && (entry = readdir(stream))) {
                if (strncmp(entry->d_name, disk, strlen(disk)) != 0)
                        continue; /* a partition's name begins with its disk's */
                if ((size_t) snprintf(path, sizeof path, "block/%s/%s", disk, entry->d_name) < sizeof path)
                        attr_trigger(lun->dirfd, path);
        }
}

struct search {
        const struct roots *roots;
        const char *devpath;
        int (*callback)(const struct device *lun, void *userdata);
        void *userdata;
};

static int search_one(int dirfd, const char *name, void *userdata)
{
        const struct search *search = userdata;
        CLEANUP_DEVICE struct device lun = DEVICE_NULL;
        int fd = attr_open_dir(dirfd, ".");

        (void) name;
        if (fd < 0 || device_open_dir(search->roots, fd, &lun) < 0)
                return 0; /* a host or target, or it has just left */
        if (search->devpath[0] && !devpath_is_under(lun.devpath, search->devpath))
                return 0;
        return search->callback(&lun, search->userdata);
}

int lun_foreach(const struct roots *roots, const char *devpath,
                int (*callback)(const struct device *lun, void *userdata), void *userdata)
{
        struct search search = { roots, devpath, callback, userdata };
        int r = 0;

        for (size_t i = 0; r == 0 && i < BUSES; i++)
                r = bus_foreach(roots, &buses[i], search_one, &search);
        return r;
}
