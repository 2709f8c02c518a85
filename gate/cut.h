/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The end of somebody's time with a device: as refuse(), and when it is in use, all the same. Only after a warning, and
 * time to close what is open: that is for the caller to see to. */

#include "gate/device.h"
#include "gate/exit.h"
#include "gate/roots.h"
#include "gate/walk.h"

/* The careful way first. What is still in use is detached from its place, written back and taken away; whoever goes on
 * writing gets an error. What carries the system, and keyboards and hubs, are spared as by refuse(). */
enum gate_exit cut(const struct roots *roots, const struct uses *uses, const struct device *device);
