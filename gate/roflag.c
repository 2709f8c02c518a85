/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gate/roflag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/lun.h"
#include "gate/node.h"

static int read_flag(int fd)
{
        int value = 0;

        return ioctl(fd, BLKROGET, &value) < 0 ? -errno : value != 0;
}

static int set_one(const struct roots *roots, const char *name, uint64_t diskseq)
{
        CLEANUP(cleanup_close) int fd = node_open(roots, name, diskseq);
        int r = fd, on = 1;

        if (r >= 0)
                r = ioctl(fd, BLKROSET, &on) < 0 ? -errno : read_flag(fd);
        return r < 0 ? r : r == 1 ? 0 : -EIO;
}

static int clear_one(const struct roots *roots, const char *name, uint64_t diskseq)
{
        CLEANUP(cleanup_close) int fd = node_open(roots, name, diskseq);
        int off = 0;

        return fd < 0 ? fd : ioctl(fd, BLKROSET, &off) < 0 ? -errno : 0;
}

static int ask_one(const struct roots *roots, const char *name, uint64_t diskseq)
{
        CLEANUP(cleanup_close) int fd = node_open(roots, name, diskseq);
        int r = fd < 0 ? fd : read_flag(fd);

        return r < 0 ? r : r == 1 ? 0 : -EROFS;
}

typedef int (*deed_t)(const struct roots *roots, const char *name, uint64_t diskseq);

/* A partition that leaves meanwhile has no node that anybody could write to. */
static int each_partition(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq,
                          deed_t deed)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char path[PATH_MAX];
        int fd, r = 0;

        snprintf(path, sizeof path, "block/%s", disk);
        fd = openat(lun->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        stream = fdopendir(fd);
        if (!stream) {
                close(fd);
                return -errno;
        }
        while (r == 0 && (entry = readdir(stream))) {
                if ((size_t) snprintf(path, sizeof path, "%s/partition", entry->d_name) >= sizeof path ||
                    faccessat(dirfd(stream), path, F_OK, 0) < 0)
                        continue;
                r = deed(roots, entry->d_name, diskseq);
                if (r < 0 && faccessat(dirfd(stream), path, F_OK, 0) < 0)
                        r = 0;
        }
        return r;
}

static int each(const struct roots *roots, const struct device *lun, uint64_t diskseq, deed_t deed)
{
        char disk[SYSFS_NAME_MAX];
        int r;

        r = lun_disk(lun, disk, sizeof disk);
        if (r == 0)
                r = deed(roots, disk, diskseq);
        return r < 0 ? r : each_partition(roots, lun, disk, diskseq, deed);
}

int roflag_set(const struct roots *roots, const struct device *lun, uint64_t diskseq)
{
        return each(roots, lun, diskseq, set_one);
}

int roflag_clear(const struct roots *roots, const struct device *lun, uint64_t diskseq)
{
        return each(roots, lun, diskseq, clear_one);
}

bool roflag_is_set(const struct roots *roots, const struct device *lun, uint64_t diskseq)
{
        return each(roots, lun, diskseq, ask_one) == 0;
}
