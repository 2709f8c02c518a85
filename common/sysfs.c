/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See sysfs.h for why everything goes through a pinned descriptor. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/readfull.h"
#include "common/sysfs.h"
#include "common/text.h"

static bool devpath_is_sane(const char *devpath)
{
        if (devpath[0] != '/' || strlen(devpath) >= SYSFS_PATH_MAX)
                return false;
        for (const char *part = devpath; part; part = strchr(part, '/')) {
                part++;
                if (*part == '\0' || *part == '/' || (part[0] == '.' && part[1] == '.' && strchr("/", part[2])))
                        return false;
        }
        return true;
}

int sysfs_open(const char *root, const char *devpath)
{
        char path[PATH_MAX];
        int n, fd;

        if (!devpath_is_sane(devpath))
                return -EINVAL;
        n = snprintf(path, sizeof(path), "%s%s", root, devpath);
        if (n < 0 || (size_t) n >= sizeof(path))
                return -EINVAL;
        fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

ssize_t sysfs_read(int dirfd, const char *name, void *buffer, size_t size)
{
        CLEANUP(cleanup_close) int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        return fd < 0 ? -errno : read_full(fd, buffer, size);
}

ssize_t sysfs_read_text(int dirfd, const char *name, char *buffer, size_t size)
{
        char raw[SYSFS_ATTRIBUTE_MAX];
        ssize_t n = sysfs_read(dirfd, name, raw, sizeof(raw));

        if (n < 0)
                return n;
        return (ssize_t) text_clean(raw, (size_t) n, buffer, size);
}

int sysfs_read_number(int dirfd, const char *name, int base, uint64_t max, uint64_t *ret)
{
        char text[32], *end;
        ssize_t n = sysfs_read_text(dirfd, name, text, sizeof(text));
        uintmax_t number;

        if (n < 0)
                return (int) n;
        /* strtoumax() takes "-1" and blanks. */
        if (n == 0 || !strchr(base == 16 ? "0123456789abcdefABCDEF" : "0123456789", text[0]))
                return -EINVAL;
        errno = 0;
        number = strtoumax(text, &end, base);
        if (errno != 0 || *end != '\0' || number > max)
                return -EINVAL;
        *ret = number;
        return 0;
}

int sysfs_read_link(int dirfd, const char *name, char *buffer, size_t size)
{
        char target[SYSFS_PATH_MAX];
        const char *last;
        ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

        if (n < 0)
                return -errno;
        if ((size_t) n >= sizeof(target))
                return -ENAMETOOLONG;
        target[n] = '\0';
        last = sysfs_name(target);
        if (strlen(last) >= size)
                return -ENAMETOOLONG;
        strcpy(buffer, last);
        return 0;
}

bool sysfs_alive(int dirfd)
{
        return faccessat(dirfd, "uevent", F_OK, 0) == 0;
}

int sysfs_first_entry(int dirfd, const char *name, char *buffer, size_t size)
{
        CLEANUP(cleanup_closedir) DIR *directory = NULL;
        struct dirent *entry;
        int fd;

        fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        directory = fdopendir(fd);
        if (!directory) {
                int error = errno;

                close(fd);
                return -error;
        }
        while ((entry = readdir(directory))) {
                struct stat st;

                if (entry->d_name[0] == '.' || strlen(entry->d_name) >= size)
                        continue;
                if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
                        continue;
                strcpy(buffer, entry->d_name);
                return 0;
        }
        return -ENOENT;
}

const char *sysfs_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}
