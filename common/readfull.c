/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "common/readfull.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_full(int fd, void *buffer, size_t size)
{
        char *to = buffer;
        size_t have = 0;

        while (have < size) {
                ssize_t n = read(fd, to + have, size - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                have += (size_t) n;
        }
        return (ssize_t) have;
}
