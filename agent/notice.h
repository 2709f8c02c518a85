/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The signal Notice: what a teacher needs to know of a device that was plugged in. Facts and the school's own words; the sentence is made
 * where the teacher's language is known. */

#include <systemd/sd-bus.h>

#include "agent/parts.h"
#include "agent/plugs.h"
#include "agent/subscribers.h"

/* What every notice has of the school: its name, whom to ask, and its places. 0 or -errno. */
int notice_add_school(const struct agent *agent, sd_bus_message *message);

/* Send it to each subscriber who sits at this laptop; uid: NULL, or only to those of this user. Returns how many, or -errno,
 * which is only worth the line in the journal that it has got. */
int notice_send(struct agent *agent, struct subscribers *subscribers, sd_bus *connection, const uid_t *uid,
                const struct plug_notice *notice);
