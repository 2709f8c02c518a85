/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An attribute takes its value in one write(); a short write would be a different value, so it counts as an error. */

#include "gate/attr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"

int attr_open_dir(int dirfd, const char *path)
{
        int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

ssize_t attr_read(int dirfd, const char *name, char *buffer, size_t size)
{
        ssize_t n = sysfs_read(dirfd, name, buffer, size);

        if (n < 0)
                return n;
        if ((size_t) n == size)
                return -EMSGSIZE;
        if (n > 0 && buffer[n - 1] == '\n')
                n--;
        if (memchr(buffer, '\0', (size_t) n))
                return -EINVAL;
        buffer[n] = '\0';
        return n;
}

int attr_write(int dirfd, const char *name, const char *value)
{
        CLEANUP(cleanup_close) int fd = -1;
        size_t length = strlen(value);
        ssize_t n;

        fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        n = write(fd, value, length);
        if (n < 0)
                return -errno;
        return (size_t) n == length ? 0 : -EIO;
}

static int synthesize(int dirfd, const char *directory, const char *action)
{
        char name[PATH_MAX];

        if ((size_t) snprintf(name, sizeof name, "%s/uevent", directory) >= sizeof name)
                return -ENAMETOOLONG;
        return attr_write(dirfd, name, action);
}

int attr_trigger(int dirfd, const char *directory)
{
        return synthesize(dirfd, directory, "change");
}

int attr_announce(int dirfd, const char *directory)
{
        return synthesize(dirfd, directory, "add");
}
