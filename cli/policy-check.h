/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht policy check` that prints, for its tests. */

#include "cli/cli.h"
#include "policy/policy.h"

/* policy NULL: the file is bad. Prints as cli->json says and returns the exit code. */
int policy_check_print(const struct cli *cli, const struct policy *policy, const struct policy_errors *errors);
