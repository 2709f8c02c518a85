/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is compared is always the whole buffer, so that the time says nothing about how much of a guess was right. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/token.h"
#include "common/cleanup.h"

static const char scheme[] = "Bearer ";

int token_load(const char *path, struct token *ret)
{
        char text[TOKEN_LENGTH_MAX + 2]; /* the line feed, and one more to see that it is too long */
        CLEANUP(cleanup_close) int fd = -1;
        struct stat status;
        ssize_t n;
        size_t length;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return -EMEDIUMTYPE;
        if (status.st_mode & (S_IWGRP | S_IRWXO))
                return -EPERM;

        n = read(fd, text, sizeof(text));
        if (n < 0)
                return -errno;
        length = (size_t) n;
        if (length > 0 && text[length - 1] == '\n')
                length--;
        if (length < TOKEN_LENGTH_MIN || length > TOKEN_LENGTH_MAX)
                return -EMSGSIZE;
        for (size_t i = 0; i < length; i++)
                if (text[i] <= ' ' || text[i] > '~')
                        return -EBADMSG;

        memset(ret, 0, sizeof(*ret));
        ret->length = length;
        memcpy(ret->text, text, length);
        explicit_bzero(text, sizeof(text));
        return 0;
}

static int write_new(int fd, const char *group)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const struct group *entry = getgrnam(group);
        unsigned char random[TOKEN_LENGTH_NEW];
        char line[TOKEN_LENGTH_NEW + 1];
        ssize_t n;

        if (getrandom(random, sizeof(random), 0) != sizeof(random))
                return -EIO;
        for (size_t i = 0; i < sizeof(random); i++)
                line[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
        line[TOKEN_LENGTH_NEW] = '\n';
        if (entry && (fchown(fd, (uid_t) -1, entry->gr_gid) < 0 || fchmod(fd, 0640) < 0))
                return -errno;
        n = write(fd, line, sizeof(line));
        explicit_bzero(line, sizeof(line));
        if (n != (ssize_t) sizeof(line))
                return n < 0 ? -errno : -ENOSPC;
        return fsync(fd) < 0 ? -errno : 0;
}

int token_make(const char *path, const char *group, struct token *ret)
{
        CLEANUP(cleanup_close) int fd = -1;
        int r;

        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = write_new(fd, group);
        if (r == 0)
                r = token_load(path, ret);
        if (r < 0)
                (void) unlink(path);
        return r;
}

bool token_authorizes(const struct token *token, const char *value)
{
        char shown[TOKEN_LENGTH_MAX] = { 0 };
        size_t length;
        unsigned char difference = 0;

        if (!value || strncasecmp(value, scheme, strlen(scheme)) != 0)
                return false;
        value += strlen(scheme);
        while (*value == ' ')
                value++;
        length = strlen(value);
        if (length > sizeof(shown))
                return false;

        memcpy(shown, value, length);
        for (size_t i = 0; i < sizeof(shown); i++)
                difference |= (unsigned char) (shown[i] ^ token->text[i]);
        return difference == 0 && length == token->length;
}
