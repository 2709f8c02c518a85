/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/device.h"
#include "gate/exit.h"
#include "gate/walk.h"

/* Shut one device: a USB device is deauthorised, a USB interface too (and the device's usbfs node becomes root's, since
 * SETCONFIGURATION would bring the interface back), a unit on a gated bus loses its driver. Never what carries the system,
 * never a whole device that has a keyboard or is a hub. In use: flushed and unmounted first, or GATE_BUSY. */
enum gate_exit refuse(const struct roots *roots, const struct uses *uses, const struct device *device);
/* The same without a look at who uses it, nor at what must not be shut: for those who have looked, and seen to that (cut.h). */
enum gate_exit refuse_in_use(const struct roots *roots, const struct device *device);
