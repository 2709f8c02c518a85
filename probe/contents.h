/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Is all of a disk LUKS or BitLocker? Only the bytes of the disk are asked, by libblkid. */

#include <stddef.h>
#include <stdint.h>

#include "probe/answer.h"

/* One partition as the kernel has it, in units of 512 bytes. */
struct contents_part {
        uint64_t start, sectors;
};

/* Look at the disk that is open for reading as fd (a file in the tests). parts: all that the kernel made of its partition
 * table. Encrypted is a disk without any table that is one container; or one with a table of which the kernel made
 * exactly what libblkid reads in it, where each partition is a container (but for the extended one, which only holds
 * others). A container is what shows one signature and no other, and that one is LUKS or BitLocker. why[size]: one line. */
enum probe_answer contents_look(int fd, const struct contents_part *parts, size_t n, char *why, size_t size);
