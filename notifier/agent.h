/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* lekdichtd on the system bus, as far as notices go. */

#include <glib.h>

struct agent;

/* parameters: of the signal Notice, of any type. */
typedef void (*agent_notice)(GVariant *parameters, void *userdata);

/* Keeps subscribed to the agent's notices, now and whenever it or the bus comes back. DBUS_SYSTEM_BUS_ADDRESS is
 * honoured. */
struct agent *agent_new(agent_notice notice, void *userdata);

/* Accepts NULL; returns NULL. */
struct agent *agent_free(struct agent *agent);
