/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Before a disk is taken away: write back, unmount, and see that nobody holds it. No written byte is to be lost. */

#include "gate/device.h"
#include "gate/roots.h"
#include "gate/walk.h"

/* For all disks at or below a device. 0: not in use (any more); -EBUSY: somebody still has a file open there or has it
 * assembled, and it stays as it was but for what could be unmounted; -EPERM: it carries the system. What is found is said. */
int settle(const struct roots *roots, const struct uses *uses, const struct device *device);
