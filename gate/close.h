/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/exit.h"
#include "gate/roots.h"

/* Close all gated buses, then take the driver from what is removable, bound, not granted and not carrying the system.
 * What carries it is exempt: written down and granted. GATE_BUSY: closed, but something in use was left open. */
enum gate_exit close_gate(const struct roots *roots);
