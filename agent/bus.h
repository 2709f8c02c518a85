/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* org.lekdicht.Agent1 on the system bus. The bus is a convenience: the agent joins it when it appears, and goes on
 * without it. */

#include "agent/clientwatch.h"
#include "agent/gatekeeper.h"
#include "agent/plugs.h"

#define BUS_ID_MAX         64U        /* bytes of a device's name in a call */
#define BUS_WAITING_MAX    16U        /* SetGate calls that wait for the gate */
#define BUS_RETRY_USEC     1000000ULL /* after a loss of the bus: so long, then twice that, ... */
#define BUS_RETRY_MAX_USEC 64000000ULL
#define BUS_RECORDED_USEC  100000ULL /* the signal Recorded comes no faster than that; one may stand for many events */

struct agent;
struct bus;

/* Start to join the bus at that address (borrowed). 0 also when there is no bus yet; or -errno. */
int bus_new(struct agent *agent, const char *address, struct bus **ret);
struct bus *bus_free(struct bus *bus);

/* What the gatekeeper tells of its device GATEKEEPER_GLOBAL: answers those who wait for it. */
void bus_gate_result(struct bus *bus, const struct gatekeeper_result *result);

/* Something was recorded: whoever waits for that is told. */
void bus_recorded(struct bus *bus);
/* A plug was refused: those who subscribed and sit at this laptop are told. */
void bus_notice(struct bus *bus, const struct plug_notice *notice);
/* The policy is another: what is to be stopped may be, too. */
void bus_reconsider_clients(struct bus *bus);
/* A client runs that is not approved: its user is told. Returns whether he heard it. */
bool bus_client_notice(struct bus *bus, const struct client_seen *seen);
