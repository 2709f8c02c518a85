/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A file that is open cannot be taken from who has it, but the way to it can (MNT_DETACH, umount(2)): then nobody opens
 * another one, and syncfs() through a descriptor that we opened before still reaches the file system. What was written
 * before that is on the device; it is switched off right after. */

#include "gate/cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/lun.h"
#include "gate/refuse.h"
#include "gate/say.h"

/* Was all of it written back? */
static bool detach(const struct use *use)
{
        CLEANUP(cleanup_close) int fd = open(use->point, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

        if (umount2(use->point, MNT_DETACH | UMOUNT_NOFOLLOW) < 0) {
                if (errno == EINVAL || errno == ENOENT)
                        return true; /* somebody was faster */
                complain("%s: detaching: %s", use->point, strerror(errno));
        } else
                say("detached %s, which was in use", use->point);
        if (fd < 0) /* a file system in user space may not let even root in */
                return false;
        if (syncfs(fd) < 0) {
                complain("%s: writing back: %s", use->point, strerror(errno));
                return false;
        }
        return true;
}

/* What was written to the disk itself, past any file system. */
static void write_back_disk(const struct roots *roots, const char *name)
{
        CLEANUP(cleanup_close) int fd = -1;
        char path[PATH_MAX];

        if ((size_t) snprintf(path, sizeof path, "%s/%s", roots->dev, name) >= sizeof path)
                return;
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0 && fsync(fd) < 0)
                complain("%s: writing back: %s", path, strerror(errno));
}

struct disks {
        const struct roots *roots;
        bool claimed;
};

/* Partitions first: their pages are not the disk's. */
static int write_back_lun(const struct device *lun, void *userdata)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        struct disks *disks = userdata;
        char disk[SYSFS_NAME_MAX], path[SYSFS_NAME_MAX + 8];
        int fd;

        if (lun_disk(lun, disk, sizeof disk) < 0)
                return 0;
        disks->claimed |= lun_claimed(disks->roots, lun);
        snprintf(path, sizeof path, "block/%s", disk);
        fd = openat(lun->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stream = fd < 0 ? NULL : fdopendir(fd);
        if (!stream && fd >= 0)
                close(fd);
        while (stream && (entry = readdir(stream)))
                if (strncmp(entry->d_name, disk, strlen(disk)) == 0)
                        write_back_disk(disks->roots, entry->d_name);
        write_back_disk(disks->roots, disk);
        return 0;
}

/* Take the ways to it away, last mounted first, and write all back. */
static int detach_all(const struct roots *roots, const struct device *device)
{
        struct disks disks = { .roots = roots };
        bool seen = false, written = true;
        struct uses uses;
        int r;

        r = walk(roots, &uses); /* the careful way has taken some already */
        if (r < 0) {
                complain("cannot tell what is mounted: %s", strerror(-r));
                return r;
        }
        for (size_t i = uses.n; i-- > 0;) {
                if (!devpath_is_under(uses.items[i].disk, device->devpath))
                        continue;
                seen = true;
                written &= detach(&uses.items[i]);
        }
        walk_free(&uses);
        lun_foreach(roots, device->devpath, write_back_lun, &disks);
        /* Mounted in a namespace that we do not see, or assembled: then everything there is, whatever else that waits for. */
        if (!written || (disks.claimed && !seen))
                sync();
        return 0;
}

enum gate_exit cut(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        enum gate_exit code = refuse(roots, uses, device);

        if (code != GATE_BUSY)
                return code;
        if (detach_all(roots, device) < 0)
                return GATE_FAILED;
        return refuse_in_use(roots, device);
}
