/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Hands lekdichtd what was found, over the system bus: always the whole list, so that a message that is lost, or an agent that
 * starts anew, is put right by the next one. */

#include <systemd/sd-event.h>

#include "watcher/findings.h"

#define REPORT_RETRY_USEC     1000000ULL /* after a loss of the bus or a refusal: so long, then twice that, ... */
#define REPORT_RETRY_MAX_USEC 64000000ULL

struct report;

/* What the agent wants ended: texts are of the agent's answer, for the length of the call. */
struct report_stop {
        uid_t uid;
        const char *client, *service;
        unsigned kill_after; /* seconds; 0: it is never killed */
};

/* These and no others. */
typedef void (*report_stops)(void *userdata, const struct report_stop *stops, size_t n);

/* address: of the bus, borrowed. 0 also when there is no bus yet; or -errno. */
int report_new(sd_event *loop, const char *address, report_stops stops, void *userdata, struct report **ret);
/* Accepts NULL; returns NULL. */
struct report *report_free(struct report *report);

/* This is how things are (borrowed until the next call); sent if it is something else than what was told. how: "events" or
 * "scan", by which things are noticed. */
void report_tell(struct report *report, const char *how, const struct findings *findings);
