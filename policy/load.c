/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A policy, or a catalogue of clients, from a file. The path leads to a place that root owns, but a daemon that runs as root does not take that on
 * trust: a link is not followed, a FIFO or a device does not make it wait, and what others may write to is no policy.
 * Everything is asked of the open file, not of the path, which may lead elsewhere a moment later. */

#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/readfull.h"
#include "policy/catalogue.h"
#include "policy/errors.h"

static int refuse_open(int error, struct policy_errors *errors)
{
        switch (error) {
        case ENOENT:
                errors_add(errors, 0, "there is no such file");
                break;
        case EACCES:
                errors_add(errors, 0, "it may not be read by this user");
                break;
        case ELOOP:
                errors_add(errors, 0, "it is a symbolic link; put the file itself there");
                break;
        default:
                errors_add(errors, 0, "it cannot be opened: %s", strerror(error));
                break;
        }

        return -error;
}

static int check_file(const struct stat *file, unsigned flags, struct policy_errors *errors)
{
        int r = 0;

        if (S_ISDIR(file->st_mode)) {
                errors_add(errors, 0, "it is a directory; the policy is a file");
                return -EISDIR;
        }
        if (!S_ISREG(file->st_mode)) {
                errors_add(errors, 0, "it is not a regular file");
                return -EINVAL;
        }
        if ((flags & POLICY_REQUIRE_ROOT_OWNED) && file->st_uid != 0) {
                errors_add(errors, 0, "it belongs to user %u, not to root; run: chown root", (unsigned) file->st_uid);
                r = -EPERM;
        }
        if ((flags & POLICY_REQUIRE_ROOT_OWNED) && (file->st_mode & (S_IWGRP | S_IWOTH))) {
                errors_add(errors, 0, "others than root may write to it (mode %04o); run: chmod go-w",
                           (unsigned) file->st_mode & 07777U);
                r = -EPERM;
        }

        return r;
}

/* At most POLICY_FILE_MAX bytes; the size is what was read, since a file can grow while it is. */
static int read_all(int fd, char **ret_text, size_t *ret_size, struct policy_errors *errors)
{
        const size_t room = POLICY_FILE_MAX + 1;
        CLEANUP(cleanup_free) char *text = malloc(room);
        ssize_t size;

        if (!text)
                return -ENOMEM;
        size = read_full(fd, text, room);
        if (size < 0) {
                errors_add(errors, 0, "it cannot be read: %s", strerror((int) -size));
                return (int) size;
        }
        if (size > (ssize_t) POLICY_FILE_MAX) {
                errors_add(errors, 0, "it has more than %u bytes", POLICY_FILE_MAX);
                return -EFBIG;
        }

        *ret_text = text;
        text = NULL;
        *ret_size = (size_t) size;
        return 0;
}

/* Open, check and read. Returns 0, or -errno with a text in *errors. */
static int load(const char *path, unsigned flags, char **ret_text, size_t *ret_size, struct policy_errors *errors)
{
        CLEANUP(cleanup_close) int fd = -1;
        struct stat file;
        int r;

        *errors = (struct policy_errors){ 0 };

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return refuse_open(errno, errors);
        if (fstat(fd, &file) < 0)
                return refuse_open(errno, errors);

        r = check_file(&file, flags, errors);
        if (r < 0)
                return r;
        return read_all(fd, ret_text, ret_size, errors);
}

int policy_load(const char *path, unsigned flags, const char *agent_version, struct policy **ret,
                struct policy_errors *errors)
{
        CLEANUP(cleanup_free) char *text = NULL;
        size_t size = 0;
        int r = load(path, flags, &text, &size, errors);

        return r < 0 ? r : policy_parse(text, size, agent_version, ret, errors);
}

int catalogue_load(struct catalogue *catalogue, const char *path, unsigned flags, struct policy_errors *errors)
{
        CLEANUP(cleanup_free) char *text = NULL;
        size_t size = 0;
        int r = load(path, flags, &text, &size, errors);

        return r < 0 ? r : catalogue_add(catalogue, text, size, errors);
}
