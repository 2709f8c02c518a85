/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "agent/decide.h"

/* Ask the gate for what /sys does not show yet, by the device's answers (judgement.h). again: what failed before is tried
 * once more. */
void enforce_device(const struct decide *decide, struct device *device, bool again);
/* Nothing is wanted of it: the gate is open, or it carries the system. What has begun goes on. */
void enforce_nothing(const struct decide *decide, struct device *device);
/* What the gate left as it was because it is in use is closed all the same. */
void enforce_cut(const struct decide *decide, struct device *device);
