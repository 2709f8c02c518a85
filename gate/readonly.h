/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/device.h"
#include "gate/exit.h"
#include "gate/roots.h"
#include "gate/walk.h"

/* Let a unit on a gated bus be read and never written: bound while it is hidden, flagged read-only in the kernel, the flag
 * read back, and only then granted read-only. What is bound already and was or may be writable is flushed, unmounted and
 * unbound first, or GATE_BUSY: a writer from before would go on writing. The USB node of the device is root's from before.
 * Idempotent. GATE_USAGE for what is no such unit; GATE_FAILED while the gate is open, since all is writable then. */
enum gate_exit readonly(const struct roots *roots, const struct uses *uses, const struct device *device);
