/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Mount points and sources come from whoever mounts: blanks, newlines and backslashes in them arrive as octal escapes. */

#include "gate/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"

#define MOUNTS_CHUNK 65536U

static bool is_octal(char c)
{
        return c >= '0' && c <= '7';
}

void mounts_unescape(char *text)
{
        char *to = text;

        for (const char *from = text; *from; to++) {
                if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) && is_octal(from[3])) {
                        *to = (char) ((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
                        from += 4;
                } else
                        *to = *from++;
        }
        *to = '\0';
}

/* 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue */
static int parse_line(char *line, struct mount *ret)
{
        char *fields[6], *rest = line, *field, *type, *source, *options;
        unsigned major, minor;
        int end = 0;

        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
                fields[i] = strsep(&rest, " ");
                if (!fields[i])
                        return -EBADMSG;
        }
        /* Optional fields, any number, up to a lone hyphen. */
        do
                field = strsep(&rest, " ");
        while (field && strcmp(field, "-") != 0);
        type = strsep(&rest, " ");
        source = strsep(&rest, " ");
        options = rest;
        if (!source || !options)
                return -EBADMSG;
        if (sscanf(fields[2], "%u:%u%n", &major, &minor, &end) != 2 || fields[2][end] != '\0')
                return -EBADMSG;

        mounts_unescape(fields[4]);
        mounts_unescape(type);
        mounts_unescape(source);
        ret->dev = makedev(major, minor);
        ret->point = strdup(fields[4]);
        ret->type = strdup(type);
        ret->source = strdup(source);
        ret->options = strdup(options);
        return ret->point && ret->type && ret->source && ret->options ? 0 : -ENOMEM;
}

static void mount_clear(struct mount *mount)
{
        free(mount->point);
        free(mount->type);
        free(mount->source);
        free(mount->options);
}

void mounts_free(struct mounts *mounts)
{
        for (size_t i = 0; i < mounts->n; i++)
                mount_clear(&mounts->items[i]);
        free(mounts->items);
        mounts->items = NULL;
        mounts->n = 0;
}

int mounts_parse(char *text, struct mounts *ret)
{
        struct mounts mounts = { 0 };
        size_t room = 0;
        char *line;
        int r = 0;

        while (r == 0 && (line = strsep(&text, "\n"))) {
                struct mount mount = { 0 };

                if (line[0] == '\0')
                        continue;
                if (mounts.n == room) {
                        struct mount *more;

                        room = room ? room * 2 : 64;
                        more = reallocarray(mounts.items, room, sizeof *more);
                        if (!more) {
                                r = -ENOMEM;
                                break;
                        }
                        mounts.items = more;
                }
                r = parse_line(line, &mount);
                if (r < 0)
                        mount_clear(&mount);
                else
                        mounts.items[mounts.n++] = mount;
        }
        if (r < 0) {
                mounts_free(&mounts);
                return r;
        }
        *ret = mounts;
        return 0;
}

int mounts_read(const struct roots *roots, struct mounts *ret)
{
        CLEANUP(cleanup_close) int fd = -1;
        CLEANUP(cleanup_free) char *text = NULL;
        char path[PATH_MAX];
        size_t have = 0, room = 0;

        if ((size_t) snprintf(path, sizeof path, "%s/self/mountinfo", roots->proc) >= sizeof path)
                return -ENAMETOOLONG;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        for (;;) {
                ssize_t n;

                if (room - have < MOUNTS_CHUNK) {
                        char *more = realloc(text, have + 2 * MOUNTS_CHUNK);

                        if (!more)
                                return -ENOMEM;
                        text = more;
                        room = have + 2 * MOUNTS_CHUNK;
                }
                n = read(fd, text + have, MOUNTS_CHUNK - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                have += (size_t) n;
                if (have > MOUNTS_FILE_MAX)
                        return -EFBIG;
        }
        text[have] = '\0';
        return mounts_parse(text, ret);
}

bool mount_is_passing(const struct mount *mount)
{
        static const char *const places[] = { "/media", "/run/media", "/mnt" };

        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
                size_t length = strlen(places[i]);

                if (strncmp(mount->point, places[i], length) == 0 &&
                    (mount->point[length] == '/' || mount->point[length] == '\0'))
                        return true;
        }
        return false;
}
