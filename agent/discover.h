/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* From an event to the storage device that it is about, as /sys has it now. */

#include "agent/inventory.h"

/* The device, new in the inventory or known to it, with its interfaces and LUNs brought up to date; NULL when it is
 * none of ours, gone, or more than the inventory holds. Not for WATCH_REMOVE, but of disks. */
struct device *discover(struct inventory *inventory, const struct watch_event *event);
