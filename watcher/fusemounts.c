/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/fusemounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

#define MOUNTINFO "1/mountinfo"

struct fusemounts {
        int fd;
        sd_event_source *source;
        void (*changed)(void *userdata);
        void *userdata;
};

DEFINE_CLEANUP(cleanup_fusemounts, struct fusemounts *, fusemounts_free)

/* Copy a field, with \040 and the like made characters again. Whether it fits. */
static bool copy_field(const char *from, const char *end, char out[static FUSEMOUNTS_TEXT_MAX])
{
        size_t n = 0;

        while (from < end) {
                char c = *from++;

                if (c == '\\' && end - from >= 3 && from[0] >= '0' && from[0] <= '3' && from[1] >= '0' &&
                    from[1] <= '7' && from[2] >= '0' && from[2] <= '7') {
                        c = (char) ((from[0] - '0') << 6 | (from[1] - '0') << 3 | (from[2] - '0'));
                        from += 3;
                }
                if (n == FUSEMOUNTS_TEXT_MAX - 1 || c == '\0')
                        return false;
                out[n++] = c;
        }
        out[n] = '\0';
        return true;
}

/* The next field at *at, up to a blank or the end; *at goes behind it. */
static const char *field(const char **at, const char *end, const char **ret_end)
{
        const char *from = *at, *stop = memchr(from, ' ', (size_t) (end - from)) ?: end;

        *ret_end = stop;
        *at = stop < end ? stop + 1 : end;
        return from;
}

/* "rw,user_id=1000,group_id=1000": the user's number, which only the kernel writes. */
static int user_of(const char *options, const char *end, uid_t *ret)
{
        static const char key[] = "user_id=";
        uint64_t value = 0;

        while (options < end) {
                const char *stop = memchr(options, ',', (size_t) (end - options)) ?: end;
                const char *at = options + strlen(key);

                if ((size_t) (stop - options) > strlen(key) && memcmp(options, key, strlen(key)) == 0) {
                        for (; at < stop && *at >= '0' && *at <= '9' && value <= UINT32_MAX; at++)
                                value = value * 10 + (uint64_t) (*at - '0');
                        if (at != stop || value > UINT32_MAX)
                                return -EBADMSG;
                        *ret = (uid_t) value;
                        return 0;
                }
                options = stop < end ? stop + 1 : end;
        }
        return -EBADMSG;
}

int fusemounts_parse(const char *line, size_t size, struct mount_seen *ret)
{
        static const char between[] = " - ";
        const char *end = line + size, *at = memmem(line, size, between, strlen(between));
        const char *type, *type_end, *source, *source_end;
        struct mount_seen seen;

        if (!at)
                return -EBADMSG;
        at += strlen(between);
        type = field(&at, end, &type_end);
        source = field(&at, end, &source_end);
        if (!copy_field(type, type_end, seen.type) ||
            (strncmp(seen.type, "fuse.", 5) != 0 && strcmp(seen.type, "fuse") != 0))
                return 0;
        if (!copy_field(source, source_end, seen.source))
                seen.source[0] = '\0'; /* too long for a mark, but the type may be enough */
        if (user_of(at, end, &seen.uid) < 0)
                return -EBADMSG;
        *ret = seen;
        return 1;
}

int fusemounts_each(struct fusemounts *mounts, void (*callback)(void *userdata, const struct mount_seen *mount),
                    void *userdata)
{
        CLEANUP(cleanup_free) char *text = malloc(FUSEMOUNTS_FILE_MAX);
        size_t n = 0;

        if (!text)
                return -ENOMEM;
        if (lseek(mounts->fd, 0, SEEK_SET) < 0)
                return -errno;
        while (n < FUSEMOUNTS_FILE_MAX) {
                ssize_t got = read(mounts->fd, text + n, FUSEMOUNTS_FILE_MAX - n);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                n += (size_t) got;
        }
        for (const char *line = text, *end = text + n; line < end;) {
                const char *stop = memchr(line, '\n', (size_t) (end - line)) ?: end;
                struct mount_seen seen;

                if (fusemounts_parse(line, (size_t) (stop - line), &seen) > 0)
                        callback(userdata, &seen);
                line = stop + 1;
        }
        return 0;
}

/* The kernel says "exceptional condition" when there is another list of mounts than the one that was read. */
static int on_changed(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct fusemounts *mounts = userdata;

        (void) source;
        (void) fd;
        (void) revents;
        mounts->changed(mounts->userdata);
        return 0;
}

int fusemounts_new(sd_event *loop, int proc, void (*changed)(void *userdata), void *userdata, struct fusemounts **ret)
{
        CLEANUP(cleanup_fusemounts) struct fusemounts *mounts = calloc(1, sizeof(*mounts));
        int r;

        if (!mounts)
                return -ENOMEM;
        mounts->changed = changed;
        mounts->userdata = userdata;
        mounts->fd = openat(proc, MOUNTINFO, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (mounts->fd < 0)
                return -errno;
        r = sd_event_add_io(loop, &mounts->source, mounts->fd, EPOLLPRI, on_changed, mounts);
        if (r < 0 && r != -EPERM) /* an ordinary file, in tests: nobody tells of changes */
                return r;
        *ret = mounts;
        mounts = NULL;
        return 0;
}

struct fusemounts *fusemounts_free(struct fusemounts *mounts)
{
        if (!mounts)
                return NULL;
        sd_event_source_disable_unref(mounts->source);
        if (mounts->fd >= 0)
                close(mounts->fd);
        free(mounts);
        return NULL;
}
