/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht policy explain` that needs no bus, for its tests. */

#include "cli/answer.h"
#include "cli/cli.h"

/* Prints the answer as cli->json says and returns the exit code. */
int policy_explain_print(const struct cli *cli, const struct answer_device *device);
