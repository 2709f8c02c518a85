/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every read is bounded, follows no surprise (O_NONBLOCK, O_NOCTTY: a test's or an attacker's FIFO is no trap), and fails
 * rather than cuts: half a serial number would be another serial number. */

#include "common/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

int sysfs_open_dir(int dirfd, const char *path)
{
        int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

ssize_t sysfs_read_binary(int dirfd, const char *name, void *buffer, size_t size)
{
        CLEANUP(cleanup_close) int fd = -1;
        size_t have = 0;
        char beyond;

        fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return -errno;
        for (;;) {
                bool full = have == size;
                ssize_t n = read(fd, full ? &beyond : (char *) buffer + have, full ? 1 : size - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return (ssize_t) have;
                if (full)
                        return -EMSGSIZE;
                have += (size_t) n;
        }
}

ssize_t sysfs_read(int dirfd, const char *name, char *buffer, size_t size)
{
        ssize_t n;

        if (size == 0)
                return -EMSGSIZE;
        n = sysfs_read_binary(dirfd, name, buffer, size - 1);
        if (n < 0)
                return n;
        if (n > 0 && buffer[n - 1] == '\n')
                n--;
        if (memchr(buffer, '\0', (size_t) n))
                return -EINVAL;
        buffer[n] = '\0';
        return n;
}

int sysfs_read_number(int dirfd, const char *name, int base, unsigned long max, unsigned long *ret)
{
        const char *digits = base == 16 ? "0123456789abcdefABCDEF" : "0123456789";
        char text[32];
        unsigned long value;
        ssize_t n;

        n = sysfs_read(dirfd, name, text, sizeof text);
        if (n < 0)
                return (int) n;
        if (n == 0 || strspn(text, digits) != (size_t) n)
                return -EINVAL;
        errno = 0;
        value = strtoul(text, NULL, base);
        if (errno || value > max)
                return -ERANGE;
        *ret = value;
        return 0;
}

int sysfs_read_link_name(int dirfd, const char *name, char *buffer, size_t size)
{
        char target[PATH_MAX];
        const char *last;
        ssize_t n;

        n = readlinkat(dirfd, name, target, sizeof target - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';
        last = strrchr(target, '/');
        last = last ? last + 1 : target;
        if (strlen(last) >= size)
                return -EMSGSIZE;
        strcpy(buffer, last);
        return 0;
}

int sysfs_path_of(int dirfd, char *buffer, size_t size)
{
        static const char gone[] = "//deleted";       /* what d_path() says of a kernfs directory whose device has left */
        char link[64];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
        n = readlink(link, buffer, size);
        if (n < 0)
                return -errno;
        if ((size_t) n == size)
                return -EMSGSIZE;
        buffer[n] = '\0';
        if (strstr(buffer, gone) || strstr(buffer, " (deleted)"))
                return -ENODEV;
        return 0;
}
