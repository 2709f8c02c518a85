/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The kernel's own read-only flag of a disk and its partitions (BLKROSET and BLKROGET, linux/fs.h). A disk's flag holds for
 * its partitions too, also for those that appear later (bdev_read_only(), since 5.11), and looking at the disk anew does not
 * take it away. It stops write(2), a mount for writing and a remount. It does not stop SCSI commands (SG_IO), what device
 * mapper sends down, or a writer from before: hence readonly.c. */

#include <stdbool.h>
#include <stdint.h>

#include "gate/device.h"
#include "gate/roots.h"

/* Set it on the disk and then on each partition, and read it back. The nodes in /dev are found by name, and each must say
 * that it belongs to the disk of that sequence number. 0; -ESTALE: a node is another disk's by now; -EIO: it did not stay;
 * -errno. */
int roflag_set(const struct roots *roots, const struct device *lun, uint64_t diskseq);

/* Take it off the partitions and the disk. A switch on the card or stick itself stays what it is. */
int roflag_clear(const struct roots *roots, const struct device *lun, uint64_t diskseq);

/* Disk and partitions have it. Whatever cannot be asked counts as writable. */
bool roflag_is_set(const struct roots *roots, const struct device *lun, uint64_t diskseq);
