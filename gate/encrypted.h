/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/device.h"
#include "gate/exit.h"
#include "gate/roots.h"
#include "gate/walk.h"

/* Let a unit on a gated bus be used while all of its disk is LUKS or BitLocker: bound while it is hidden, looked at
 * (gate/probe.h), and only then granted. One that is granted so already is looked at again, and nobody is told when nothing
 * changed. Else GATE_PLAIN: the grant is taken back, it is flushed, unmounted and unbound; or GATE_BUSY, and hidden, while
 * somebody uses it. A drive without a medium is bound and stays hidden. GATE_USAGE for what is no such unit; GATE_FAILED
 * when it could not be looked at (closed all the same), or the gate is open. */
enum gate_exit encrypted(const struct roots *roots, const struct uses *uses, const struct device *device);
