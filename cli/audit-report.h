/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht audit-report` that needs no bus, for its tests. */

#include "cli/answer.h"
#include "cli/cli.h"

/* Everything that the agent was asked. */
struct audit_report_input {
        const struct answer_status *status;
        const struct answer_events *events;   /* the last BUS_RECENT_MAX of devices */
        const struct answer_devices *devices; /* present now; NULL: not known */
};

/* Prints the report as cli->json says and returns the exit code. */
int audit_report_print(const struct cli *cli, const struct audit_report_input *input);
