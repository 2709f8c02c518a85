/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The agent's parts, for those files that answer for it on the bus. */

#include <stdint.h>

#include "agent/agent.h"
#include "agent/bus.h"
#include "agent/clientwatch.h"
#include "agent/gatekeeper.h"
#include "agent/gatewatch.h"
#include "agent/heartbeat.h"
#include "agent/inventory.h"
#include "agent/leases.h"
#include "agent/medium.h"
#include "agent/plugs.h"
#include "agent/policystore.h"
#include "agent/ready.h"
#include "agent/rulewatch.h"
#include "agent/spool.h"
#include "agent/strings.h"
#include "agent/today.h"
#include "agent/users.h"
#include "agent/watch.h"

struct agent {
        const struct agent_config *config;
        sd_event *loop;
        int lock;
        struct policystore store;
        struct gatekeeper *gatekeeper;
        struct strings *strings;
        struct media *media;
        struct inventory *inventory;
        struct leases *leases;
        struct gatewatch *gatewatch;
        struct rulewatch *rulewatch; /* NULL: nobody looks */
        struct watch *watch;
        struct bus *bus;
        struct spool *spool;
        struct plugs *plugs;
        struct today *today;
        struct users *users;
        struct clientwatch *clientwatch;
        struct ready *ready;
        struct heartbeat *heartbeat;
        sd_event_source *signals[3];
        sd_event_source *settle, *reconcile;
        struct decide_ops decide_ops;
        uint64_t reconciled_usec; /* CLOCK_MONOTONIC: the last time */
        uint64_t since_usec;      /* CLOCK_REALTIME: when it started */
        unsigned n_refused;       /* since then */
        unsigned phone_told;      /* the day on which somebody was last told of a phone; 0: none yet */
};

/* Enumerate /sys and look at the gate, now or as soon as the last time is long enough ago. */
void agent_reconcile(struct agent *agent);
/* Read the policy file again. As policystore_reload(). */
int agent_reload(struct agent *agent);
