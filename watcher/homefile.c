/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/homefile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

static int open_below(int home, const char *path)
{
        /* O_NONBLOCK: a FIFO with nobody at its other end would hold us for ever. */
        struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW,
                                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
                                           RESOLVE_NO_XDEV };
        int fd = (int) syscall(SYS_openat2, home, path, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
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
        CLEANUP(cleanup_close) int directory = -1, fd = -1;
        size_t size = strlen(home);
        struct stat st;
        char *text;
        int n;

        while (size > 1 && home[size - 1] == '/')
                size--;
        if (home[0] != '/' || strncmp(path, home, size) != 0 || path[size] != '/')
                return -EINVAL;
        directory = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return -errno;
        fd = open_below(directory, path + size + strspn(path + size, "/"));
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_uid != uid)
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
