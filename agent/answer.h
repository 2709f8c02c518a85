/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the agent says of itself and of the devices, in D-Bus's terms. Never a serial. */

#include <systemd/sd-bus.h>

#include "agent/parts.h"

/* Append a{sv}. 0 or -errno. */
int answer_status(struct agent *agent, sd_bus_message *reply);
int answer_device(struct agent *agent, const struct device *device, sd_bus_message *reply);
