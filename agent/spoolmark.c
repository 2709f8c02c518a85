/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One line of digits, written aside and renamed. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/spoolmark.h"
#include "common/cleanup.h"

#define MARK_MAX 32U /* bytes of the file */

int spoolmark_read(const char *path, uint64_t *ret)
{
        CLEANUP(cleanup_close) int fd = -1;
        char name[PATH_MAX], text[MARK_MAX], *rest;
        uint64_t mark;
        ssize_t n;

        if (snprintf(name, sizeof(name), "%s.seq", path) >= PATH_MAX)
                return -ENAMETOOLONG;
        fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        errno = 0;
        mark = strtoull(text, &rest, 10);
        if (errno != 0 || text[0] < '1' || text[0] > '9' || *rest != '\n' || mark > INT64_MAX)
                return -EBADMSG;
        *ret = mark;
        return 0;
}

int spoolmark_sync_directory(const char *path)
{
        CLEANUP(cleanup_close) int fd = -1;
        char directory[PATH_MAX];
        char *slash;

        if (snprintf(directory, sizeof(directory), "%s", path) >= PATH_MAX)
                return -ENAMETOOLONG;
        slash = strrchr(directory, '/');
        if (!slash)
                return -EINVAL;
        *slash = '\0';
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int spoolmark_write(const char *path, uint64_t mark)
{
        CLEANUP(cleanup_close) int fd = -1;
        char name[PATH_MAX], aside[PATH_MAX], text[MARK_MAX];
        int length = snprintf(text, sizeof(text), "%" PRIu64 "\n", mark);
        ssize_t n;

        if (snprintf(name, sizeof(name), "%s.seq", path) >= PATH_MAX ||
            snprintf(aside, sizeof(aside), "%s.seq.new", path) >= PATH_MAX)
                return -ENAMETOOLONG;
        fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        n = write(fd, text, (size_t) length);
        if (n != length)
                return n < 0 ? -errno : -ENOSPC;
        if (fsync(fd) < 0 || rename(aside, name) < 0)
                return -errno;
        return spoolmark_sync_directory(name);
}
