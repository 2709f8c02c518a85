/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "agent/decide.h"

/* What the rules let it be, as far as they are clear. */
enum access standing_access(const struct device *device);
/* Is something decided, and begun? *ret is set in any case. */
bool standing_is_decided(const struct decide *decide, const struct device *device, enum access *ret);
enum device_state standing_state(const struct decide *decide, const struct device *device);
