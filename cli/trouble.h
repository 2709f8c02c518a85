/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is said when the agent could not answer, in one place, so that every verb says it alike. */

#include "cli/bus.h"
#include "cli/cli.h"

/* Asked for by cli_devices and policy explain: `words` completes "Only an administrator may ...". */
struct trouble_verb {
        const char *may;     /* "open or shut the gate" */
        const char *without; /* what root can do when there is no agent, or NULL */
};

/* answer: what a bus_ function returned, not BUS_OK. message: bus_message(), or "". Says what is wrong, what holds
 * meanwhile and what to do, on cli->err; with --json as one document on cli->out:
 *
 *      { "error": "agent-not-running" | "no-system-bus" | "agent-silent" | "not-allowed" | "unknown-device" | "failed"
 *                 | "not-understood" | "out-of-memory" | "internal",
 *        "message": text, "kernel": { "gate": "closed" | "open" | "partly" | "no-bus", "buses": { "scsi": "closed", ... } } }
 *
 * Returns the exit code. */
int trouble_say(const struct cli *cli, int answer, const char *message, const struct trouble_verb *verb);
