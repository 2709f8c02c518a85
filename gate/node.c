/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A node's name can go to another disk; the number that the kernel tells of an open node (BLKGETDISKSEQ, since 5.15) does
 * not, and an open node stays the same disk's. So it is opened, and asked who it is, before anything is done with it. */

#include "gate/node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"

int node_open(const struct roots *roots, const char *name, uint64_t diskseq)
{
        CLEANUP(cleanup_close) int fd = -1;
        char node[SYSFS_NAME_MAX], path[PATH_MAX];
        uint64_t found;

        snprintf(node, sizeof node, "%s", name);
        for (char *slash = node; (slash = strchr(slash, '!'));)
                *slash = '/';
        if ((size_t) snprintf(path, sizeof path, "%s/%s", roots->dev, node) >= sizeof path)
                return -ENAMETOOLONG;
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (ioctl(fd, BLKGETDISKSEQ, &found) < 0)
                return -errno;
        return found == diskseq ? steal_fd(&fd) : -ESTALE;
}
