/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/device.h"
#include "gate/exit.h"
#include "gate/roots.h"

/* Give one device back. A USB device or interface is authorised again. A unit on a gated bus gets its driver, and its disk a
 * grant by sequence number, only when it is still the same instance after the kernel has read it; until then the hide rules
 * keep it from everybody. Idempotent: a unit that has its driver gets (only) its grant. What was read-only becomes writable. */
enum gate_exit release(const struct roots *roots, const struct device *device);
