/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/homefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* One step further, to a directory that is there itself, on the same file system. */
static int step(int from, const char *name, dev_t device)
{
        CLEANUP(cleanup_close) int fd = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        struct stat st;

        if (fd < 0)
                return error == ENOTDIR && fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)
                               ? -ELOOP
                               : -error;
        if (fstat(fd, &st) < 0)
                return -errno;
        return st.st_dev == device ? steal_fd(&fd) : -EXDEV;
}

/* The directory in which path ends, and its last part. As openat2(2) would with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and
 * RESOLVE_NO_XDEV; but RestrictSUIDSGID= of our unit takes that call away. */
static int walk_below(int home, const char *path, const char **ret_last)
{
        CLEANUP(cleanup_close) int from = dup(home);
        char name[NAME_MAX + 1];
        struct stat st;
        int fd;

        if (from < 0 || fstat(from, &st) < 0)
                return -errno;
        for (const char *slash; (slash = strchr(path, '/')); path = slash + strspn(slash, "/")) {
                if ((size_t) (slash - path) >= sizeof(name))
                        return -ENAMETOOLONG;
                memcpy(name, path, (size_t) (slash - path));
                name[slash - path] = '\0';
                fd = strcmp(name, "..") == 0 ? -EXDEV : step(from, name, st.st_dev);
                if (fd < 0)
                        return fd;
                close(from);
                from = fd;
        }
        *ret_last = path;
        return steal_fd(&from);
}

/* The same from a path; home is that path's begin. *ret_home: a descriptor of it. */
static int walk(const char *home, const char *path, int *ret_home, const char **ret_last)
{
        size_t size = strlen(home);

        while (size > 1 && home[size - 1] == '/')
                size--;
        if (home[0] != '/' || strncmp(path, home, size) != 0 || path[size] != '/')
                return -EINVAL;
        *ret_home = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*ret_home < 0)
                return -errno;
        return walk_below(*ret_home, path + size + strspn(path + size, "/"), ret_last);
}

static int read_all(int fd, char *out, size_t size)
{
        size_t n = 0;

        while (n < size) {
                ssize_t got = read(fd, out + n, size - n);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                n += (size_t) got;
        }
        return (int) n;
}

int homefile_read(const char *home, const char *path, uid_t uid, char **ret, size_t *ret_size)
{
        CLEANUP(cleanup_close) int directory = -1, fd = -1, parent = -1;
        const char *last = "";
        struct stat top, st;
        char *text;
        int n;

        parent = walk(home, path, &directory, &last);
        if (parent < 0)
                return parent;
        /* O_NONBLOCK: a FIFO with nobody at its other end would hold us for ever. */
        fd = openat(parent, last, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0 || fstat(directory, &top) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_uid != uid || st.st_dev != top.st_dev)
                return -EINVAL;
        text = malloc(HOMEFILE_MAX + 1);
        if (!text)
                return -ENOMEM;
        n = read_all(fd, text, HOMEFILE_MAX + 1); /* not st_size: it may grow meanwhile */
        if (n < 0 || (unsigned) n > HOMEFILE_MAX) {
                free(text);
                return n < 0 ? n : -EFBIG;
        }
        text[n] = '\0';
        *ret = text;
        *ret_size = (size_t) n;
        return 0;
}

bool homefile_is_link(const char *home, const char *path, uid_t uid)
{
        CLEANUP(cleanup_close) int directory = -1, parent = -1;
        const char *last = "";
        struct stat st;

        parent = walk(home, path, &directory, &last);
        return parent >= 0 && fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
               st.st_uid == uid;
}
