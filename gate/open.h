/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/exit.h"
#include "gate/roots.h"

/* Open all gated buses and give everything back that was held or refused, so that nothing stays dead. */
enum gate_exit open_gate(const struct roots *roots);
