/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One deed at a time for one physical device: a stick with its interfaces and units, a card. lekdichtd sees to that for its
 * own, but a deed outlives an agent that is killed, and the next agent must not overtake it. */

#include "gate/device.h"
#include "gate/roots.h"

#define TURN_FILE "turn" /* below roots->run; each device is one byte of it that is locked */

/* Wait until no other lekdicht-gate is at work on that device. The turn ends with this process. 0 or -errno. */
int turn_wait(const struct roots *roots, const struct device *device);
