/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The node in /dev of a disk or partition. */

#include <stdint.h>

#include "gate/roots.h"

/* Open the node of the disk or partition of that kernel name for reading only, without waiting for a medium: a descriptor,
 * which the caller closes; -ESTALE: it is another disk's than that sequence number's by now; -errno. */
int node_open(const struct roots *roots, const char *name, uint64_t diskseq);
