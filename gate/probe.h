/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whether all of a disk is encrypted: lekdicht-probe looks, in a child that has nothing but the disk. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/device.h"
#include "gate/roots.h"
#include "probe/answer.h"

#define PROBE_SECONDS 20U /* then the child is killed, and it was trouble: a sick stick may never answer */

/* Look at the disk of that kernel name and sequence number below the unit. why[size]: one line about the answer, to be shown
 * as it is. Trouble is also a child that dies, and one that takes too long. */
enum probe_answer probe(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq,
                        char *why, size_t size);

/* A drive without a medium: the disk has no size. */
bool probe_is_empty(const struct device *lun, const char *disk);
