/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A sign of life for the collector: how the gate, the policy and the spool stand, every quarter of an hour. Nothing else
 * wakes an idle agent. A collector that is away is not told a thousand times: while the last one has not arrived, there is
 * no next. */

#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/gatewatch.h"
#include "agent/policystore.h"
#include "agent/spool.h"

#define HEARTBEAT_USEC       (15 * 60 * UINT64_C(1000000)) /* of time that passes, suspension included */
#define HEARTBEAT_SLACK_USEC (60 * UINT64_C(1000000)) /* later by so much, together with what wakes the laptop anyway */

struct heartbeat;

/* All are borrowed. usec: between two; 0: HEARTBEAT_USEC. 0 or -errno. */
int heartbeat_new(sd_event *loop, uint64_t usec, struct spool *spool, struct gatewatch *gatewatch,
                  const struct policystore *store, struct heartbeat **ret);
/* Takes NULL, returns NULL. */
struct heartbeat *heartbeat_free(struct heartbeat *heartbeat);
