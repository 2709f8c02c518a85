/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What main() gives to a verb. Every verb is one file and one function of this shape, and answers a number of exit.h. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define CLI_COUNT_MAX  1000U /* of -n; as many as the agent hands out at once */
#define CLI_FILTER_MAX 48U   /* bytes of --filter; longer than any name */

#define CLI_MINUTES_MAX 10000U /* a number of --for; the agent takes less */

struct cli {
        FILE *out, *err;
        bool json;          /* --json: one JSON document on out and nothing else there */
        bool follow;        /* --follow: go on with what comes */
        unsigned count;     /* -n: how many; 0 when it was not given */
        const char *filter; /* --filter: the beginning of a name, NULL when it was not given */
        unsigned minutes;   /* --for: 0 when it was not given */
        bool read_only;     /* --read-only */
        bool keep;          /* --keep */
        const char *reason; /* --reason, NULL when it was not given */
        const char *label;  /* --label and so on: NULL when they were not given */
        const char *ca_file;
        const char *proxy;
        const char *file;
        const char *argument; /* FILE, DEVICE or URL, NULL for verbs without one */
        const char *second;   /* TOKEN, NULL for verbs without one */
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
int cli_allow(const struct cli *cli);
int cli_revoke(const struct cli *cli);
int cli_enroll(const struct cli *cli);
int cli_gate_open(const struct cli *cli);
int cli_gate_close(const struct cli *cli);
int cli_learn(const struct cli *cli);
int cli_audit_report(const struct cli *cli);
int cli_policy_check(const struct cli *cli);
int cli_policy_explain(const struct cli *cli);
int cli_doctor(const struct cli *cli);
