/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/exit.h"
#include "gate/roots.h"

/* Print how things stand as `key: value` lines. GATE_DONE: closed; GATE_IS_OPEN; GATE_IS_PARTLY. */
enum gate_exit status(const struct roots *roots);
