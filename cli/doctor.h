/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* lekdicht doctor: is all that lekdicht needs on this laptop as it should be? The checks look and change nothing. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/finding.h"

#define DOCTOR_CHECKS_MAX 24U

/* What the checks look at. Tests stand up a laptop below a root of their own. */
struct doctor {
        const struct cli *cli;
        const char *root;                   /* "" */
        const char *release;                /* uname -r */
        int answer;                         /* enum bus_answer of the question for the status */
        const struct answer_status *status; /* NULL: not answered */
        uint64_t disk_min;                  /* bytes that have to be free where records are kept */
};

/* Fills in all but the id. */
typedef void (*doctor_check)(const struct doctor *doctor, struct finding *finding);

/* Each is named for its id. Is storage shut, by what, and will it be at the next boot? (doctor-gate.c) */
void doctor_kernel(const struct doctor *doctor, struct finding *finding);
void doctor_gate(const struct doctor *doctor, struct finding *finding);
void doctor_buses(const struct doctor *doctor, struct finding *finding);
void doctor_modules(const struct doctor *doctor, struct finding *finding);
void doctor_boot(const struct doctor *doctor, struct finding *finding);
/* The laptop around it. (doctor-laptop.c) */
void doctor_files(const struct doctor *doctor, struct finding *finding);
void doctor_disk(const struct doctor *doctor, struct finding *finding);
void doctor_sandboxes(const struct doctor *doctor, struct finding *finding);
/* (doctor-system.c) */
void doctor_system(const struct doctor *doctor, struct finding *finding);
/* Who decides. (doctor-agent.c) */
void doctor_agent(const struct doctor *doctor, struct finding *finding);
void doctor_helper(const struct doctor *doctor, struct finding *finding);
void doctor_watcher(const struct doctor *doctor, struct finding *finding);
void doctor_policy(const struct doctor *doctor, struct finding *finding);
void doctor_clock(const struct doctor *doctor, struct finding *finding);
void doctor_spool(const struct doctor *doctor, struct finding *finding);
/* What is told to whom. (doctor-report.c) */
void doctor_notifier(const struct doctor *doctor, struct finding *finding);
void doctor_enrolment(const struct doctor *doctor, struct finding *finding);
void doctor_reporter(const struct doctor *doctor, struct finding *finding);
void doctor_certificate(const struct doctor *doctor, struct finding *finding);

/* Make all checks. ret has DOCTOR_CHECKS_MAX places; how many are filled. */
size_t doctor_examine(const struct doctor *doctor, struct finding *ret);
/* Print them as cli says; the exit code. */
int doctor_print(const struct cli *cli, const struct finding *findings, size_t n);
