/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which disks are in use, and for what: from every mounted file system and every swap area through partitions, device
 * mapper, LVM, md, LUKS, bcache, loop, btrfs and overlay down to the disks at the bottom. What is in use is a fact of the
 * kernel's; an UUID, a label or a line in fstab is only what a stick says of itself, and counts for nothing here. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "gate/roots.h"

#define WALK_DEPTH_MAX 16 /* layers between a file system and its disk */
#define WALK_WHY_MAX   128U

struct use {
        char *disk;   /* devpath of the whole disk: "/devices/.../block/sda" */
        char *point;  /* mount point, or NULL for a swap area */
        bool passing; /* mounted for a person (/media ...): can be unmounted; does not carry the system */
};

struct uses {
        struct use *items;
        size_t n;
};

/* All uses of all disks. 0; -errno when mountinfo or swaps can't be read. What one layer hides (a file system without
 * device, a vanished backing file) is passed over. walk_free() releases the result. */
int walk(const struct roots *roots, struct uses *ret);

void walk_free(struct uses *uses);

/* A use that carries the system of a disk at or below devpath: NULL, or the first one found. */
const struct use *walk_carries(const struct uses *uses, const char *devpath);

/* "/" or "swap", as told to people. */
const char *use_name(const struct use *use);
