/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What main() gives to a verb. Every verb is one file and one function of this shape, and answers a number of exit.h. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CLI_COUNT_MAX  1000U /* of -n; as many as the agent hands out at once */
#define CLI_FILTER_MAX 48U   /* bytes of --filter; longer than any name */

struct cli {
        FILE *out, *err;
        bool json;            /* --json: one JSON document on out and nothing else there */
        bool follow;          /* --follow: go on with what comes */
        unsigned count;       /* -n: how many; 0 when it was not given */
        const char *filter;   /* --filter: the beginning of a name, NULL when it was not given */
        const char *argument; /* FILE or DEVICE, NULL for verbs without one */
        const char *sys_root; /* "/sys" */
        const char *run_root; /* "/run/lekdicht" */
        const char *policy;   /* "/etc/lekdicht/policy.ini" */
        uid_t uid;            /* who asks */
        uint64_t now;         /* microseconds, CLOCK_REALTIME */
};

int cli_status(const struct cli *cli);
int cli_devices(const struct cli *cli);
int cli_clients(const struct cli *cli);
int cli_clients_check(const struct cli *cli);
int cli_events(const struct cli *cli);
int cli_gate_open(const struct cli *cli);
int cli_gate_close(const struct cli *cli);
int cli_learn(const struct cli *cli);
int cli_audit_report(const struct cli *cli);
int cli_policy_check(const struct cli *cli);
int cli_policy_explain(const struct cli *cli);
