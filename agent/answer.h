/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the agent says of itself and of the devices, in D-Bus's terms. Never a serial. */

#include <systemd/sd-bus.h>

#include "agent/parts.h"

/* Append {sv} to an a{sv} that is open; the values follow as for sd_bus_message_append(). 0 or -errno. */
int answer_add(sd_bus_message *reply, const char *key, const char *type, ...);

/* Append a{sv}. 0 or -errno. */
int answer_status(struct agent *agent, sd_bus_message *reply);
int answer_device(struct agent *agent, const struct device *device, sd_bus_message *reply);
