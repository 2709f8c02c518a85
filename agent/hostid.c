/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See hostid.h. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>

#include "agent/hostid.h"

int hostid_new(char ret[static HOSTID_SIZE])
{
        unsigned char b[16];
        size_t at = 0;

        if (getrandom(b, sizeof(b), 0) != (ssize_t) sizeof(b))
                return -errno;
        b[6] = (unsigned char) ((b[6] & 0x0f) | 0x40); /* version 4 */
        b[8] = (unsigned char) ((b[8] & 0x3f) | 0x80); /* variant 1 */
        for (unsigned i = 0; i < sizeof(b); i++)
                at += (size_t) snprintf(ret + at, HOSTID_SIZE - at, "%s%02x",
                                        i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
        return 0;
}
