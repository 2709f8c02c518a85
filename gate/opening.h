/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The steps by which a disk is opened, wholly (release.h), for reading (readonly.h) or for being encrypted (encrypted.h): its
 * unit is bound while the hide rules keep it from everybody, and the grant by sequence number comes last. */

#include <stdbool.h>
#include <stdint.h>

#include "common/sysfs.h"
#include "gate/device.h"
#include "gate/exit.h"
#include "gate/roots.h"

/* Say what went wrong. GATE_GONE: the device has left; else GATE_FAILED. */
enum gate_exit opening_failed(const struct device *device, const char *deed, int r);

/* Is it a unit on a gated bus, and the gate not open? Then its USB node is made root's, or whoever may write there needs no
 * disk. deed and kept: what is wanted, for the message ("can be read-only", "can be kept read-only"). */
enum gate_exit opening_prepare(const struct roots *roots, const struct device *device, const char *deed,
                               const char *kept);

/* Have its driver bound, if it has none, and find its disk and the disk's sequence number. GATE_DONE with disk "": it is
 * bound and has no disk, and that has been said. */
enum gate_exit opening_find(const struct roots *roots, const struct device *lun, char disk[SYSFS_NAME_MAX],
                            uint64_t *diskseq);

/* One of the grants of state.h, with the text that says what it is for. 0 or -errno. */
int opening_grant(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq,
                  int (*grant)(const struct roots *roots, uint64_t diskseq, const char *text));

/* Was the grant given to what is there? A medium that was changed meanwhile has a new number, and a gate that was opened has let
 * all go. */
bool opening_still_holds(const struct roots *roots, const struct device *lun, uint64_t diskseq);
