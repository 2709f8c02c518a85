/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is compared is always the whole buffer, so that the time says nothing about how much of a guess was right. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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
