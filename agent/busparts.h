/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the files that speak on the bus share; for nobody else. */

#include <systemd/sd-bus.h>

#include "agent/bus.h"
#include "agent/missed.h"
#include "agent/parts.h"
#include "agent/polkit.h"
#include "agent/subscribers.h"

#define BUS_NAME      "org.lekdicht.Agent1"
#define BUS_PATH      "/org/lekdicht/Agent1"
#define BUS_INTERFACE "org.lekdicht.Agent1"

#define ERROR_UNKNOWN_DEVICE   "org.lekdicht.Error.UnknownDevice"
#define ERROR_GATE_FAILED      "org.lekdicht.Error.GateFailed"
#define ERROR_GRANT_FAILED     "org.lekdicht.Error.GrantFailed"
#define ERROR_INVALID_ARGUMENT "org.lekdicht.Error.InvalidArgument"
#define ERROR_SPOOL_FAILED     "org.lekdicht.Error.SpoolFailed"

struct waiting {
        sd_bus_message *message;
        enum verb verb;
};

struct bus {
        struct agent *agent;
        const char *address;
        sd_bus *connection;
        struct polkit *polkit;
        struct subscribers *subscribers;
        struct missed *missed;
        sd_bus_track *watcher; /* who reported clients; NULL: nobody yet */
        sd_event_source *retry, *recorded;
        uint64_t retry_usec;
        uint64_t recorded_usec; /* CLOCK_MONOTONIC: when Recorded was sent last */
        struct waiting waiting[BUS_WAITING_MAX];
        unsigned n_waiting;
};

/* Send the reply, unless r says that it could not be made, and let go of it. */
int bus_reply(sd_bus_message *reply, int r);

/* Methods; userdata is the bus. */
extern const sd_bus_vtable methods_vtable[];
int records_recent(sd_bus_message *message, void *userdata, sd_bus_error *error);
int records_events(sd_bus_message *message, void *userdata, sd_bus_error *error);
int records_acknowledge(sd_bus_message *message, void *userdata, sd_bus_error *error);
int records_set_aside(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_calls_grant(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_calls_revoke(sd_bus_message *message, void *userdata, sd_bus_error *error);
int clientcalls_report(sd_bus_message *message, void *userdata, sd_bus_error *error);
int clientcalls_list(sd_bus_message *message, void *userdata, sd_bus_error *error);
