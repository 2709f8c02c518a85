/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/device.h"
#include "gate/roots.h"

/* Make the usbfs node of the USB device that the unit is on root's, if it is on one. 0; -ENOENT: it should be on one, and is
 * not; -errno. */
int usbnode_close(const struct roots *roots, const struct device *lun);
