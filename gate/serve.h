/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/exit.h"

/* Listen at the socket PATH (made anew, for its owner alone) and run PROGRAM for each deed that is asked for as common/helper.h
 * says. Does not return unless it cannot go on. */
enum gate_exit serve(const char *program, const char *path);
