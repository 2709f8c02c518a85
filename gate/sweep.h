/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/roots.h"

/* Remove what is written down of devices that have left. A record about a device that is there is never touched. */
void sweep(const struct roots *roots);
