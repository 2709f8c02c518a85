/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The parts of `lekdicht status` that need no bus, for its tests. */

#include <stddef.h>

#include "cli/answer.h"
#include "cli/cli.h"

#define STATUS_PROBLEMS_MAX 8U
#define STATUS_PROBLEM_MAX  384U /* bytes of one sentence */

struct status_problems {
        char items[STATUS_PROBLEMS_MAX][STATUS_PROBLEM_MAX];
        size_t n;
};

/* What is not as somebody decided it to be. None: exit code 0. */
void status_judge(const struct answer_status *status, struct status_problems *ret);

/* Prints the answer as cli->json says and returns the exit code. */
int status_print(const struct cli *cli, const struct answer_status *status);
