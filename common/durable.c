/* SPDX-License-Identifier: GPL-3.0-or-later */

/* rename(2) is atomic for who looks, not for the disk: without the first fsync() the new name may lead to an empty file
 * after a power cut, without the second the old one may be back. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"

static int write_all(int fd, const void *data, size_t size)
{
        const char *rest = data;

        while (size > 0) {
                ssize_t n = write(fd, rest, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                rest += n;
                size -= (size_t) n;
        }
        return 0;
}

static int swap(const char *path, const char *aside, mode_t mode, const void *data, size_t size, bool sync)
{
        CLEANUP(cleanup_close) int fd = -1;
        char beside[PATH_MAX];
        int r;

        if (!aside && (size_t) snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
                return -ENAMETOOLONG;
        if (!aside)
                aside = beside;
        fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        r = write_all(fd, data, size);
        if (r >= 0 && sync && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && rename(aside, path) < 0)
                r = -errno;
        if (r < 0)
                (void) unlink(aside);
        return r;
}

int durable_sync_directory_of(const char *path)
{
        CLEANUP(cleanup_close) int fd = -1;
        char directory[PATH_MAX];
        const char *slash = strrchr(path, '/');
        size_t length;

        if (!slash)
                return -EINVAL;
        length = slash == path ? 1 : (size_t) (slash - path);
        if (length >= sizeof(directory))
                return -ENAMETOOLONG;
        memcpy(directory, path, length);
        directory[length] = '\0';
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int durable_swap(const char *path, const char *aside, mode_t mode, const void *data, size_t size)
{
        return swap(path, aside, mode, data, size, false);
}

int durable_replace(const char *path, const char *aside, mode_t mode, const void *data, size_t size)
{
        int r = swap(path, aside, mode, data, size, true);

        return r < 0 ? r : durable_sync_directory_of(path);
}
