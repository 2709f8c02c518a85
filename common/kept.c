/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Nothing but what kept_write() writes is taken for a number: a blank, a sign or a second line is a file that somebody else
 * wrote, and half a number is another number. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "common/kept.h"

#define KEPT_MODE 0600

int kept_read(const char *path, uint64_t max, uint64_t *ret)
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        char text[KEPT_TEXT_MAX], *rest;
        uint64_t number;
        ssize_t n;

        n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        if (text[0] < '1' || text[0] > '9')
                return -EBADMSG;
        errno = 0;
        number = strtoull(text, &rest, 10);
        if (errno != 0 || strcmp(rest, "\n") != 0 || number > max)
                return -EBADMSG;
        *ret = number;
        return 0;
}

size_t kept_print(uint64_t number, char text[KEPT_TEXT_MAX])
{
        return (size_t) snprintf(text, KEPT_TEXT_MAX, "%" PRIu64 "\n", number);
}

int kept_write(const char *path, uint64_t number)
{
        char text[KEPT_TEXT_MAX];
        size_t length = kept_print(number, text);

        return durable_replace(path, NULL, KEPT_MODE, text, length);
}
