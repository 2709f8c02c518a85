/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A service has a process when it has a control group, which everybody can see and no bus is needed for. */

#include "cli/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/readfull.h"

bool place_path(const char *root, const char *path, char *ret)
{
        return (size_t) snprintf(ret, PATH_MAX, "%s%s", root, path) < PATH_MAX;
}

int place_is_there(const char *root, const char *path)
{
        char full[PATH_MAX];
        struct stat st;

        if (!place_path(root, path, full))
                return -ENAMETOOLONG;
        if (lstat(full, &st) == 0)
                return 1;
        return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

ssize_t place_read(const char *root, const char *path, char **ret)
{
        CLEANUP(cleanup_free) char *text = malloc(PLACE_TEXT_MAX);
        CLEANUP(cleanup_close) int fd = -1;
        char full[PATH_MAX];
        ssize_t size;

        if (!text)
                return -ENOMEM;
        if (!place_path(root, path, full))
                return -ENAMETOOLONG;
        fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return -errno;
        size = read_full(fd, text, PLACE_TEXT_MAX - 1);
        if (size < 0)
                return size;
        text[size] = '\0';
        *ret = text;
        text = NULL;
        return size;
}

int place_runs(const char *root, const char *unit)
{
        /* Unified, hybrid and the old hierarchy. */
        static const char *const trees[] = { "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/unified/system.slice",
                                             "/sys/fs/cgroup/systemd/system.slice" };

        for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
                char path[PATH_MAX];

                if (place_is_there(root, trees[i]) != 1)
                        continue;
                if ((size_t) snprintf(path, sizeof(path), "%s/%s", trees[i], unit) >= sizeof(path))
                        return -ENODATA;
                return place_is_there(root, path) == 1;
        }
        return -ENODATA;
}

const char *place_error(int error)
{
        return error == -EACCES || error == -EPERM ? "only root may look at it" : strerror(-error);
}

bool place_value(const char *text, const char *key, char *ret, size_t size)
{
        static const char blanks[] = " \t";
        size_t length = strlen(key);

        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *value = line + length;
                size_t n;

                if (strncmp(line, key, length) != 0)
                        continue;
                value += strspn(value, blanks);
                if (*value++ != '=')
                        continue;
                value += strspn(value, blanks);
                n = strcspn(value, "\r\n");
                if (n >= size)
                        return false;
                memcpy(ret, value, n);
                ret[n] = '\0';
                return true;
        }
        return false;
}
