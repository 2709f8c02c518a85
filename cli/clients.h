/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht clients` that needs no bus, for its tests. */

#include "cli/answer.h"
#include "cli/cli.h"

/* "runs", "set up" or "ended"; of those that are only set up the agent lists what is. */
const char *clients_state(const struct answer_client *client);

/* Prints the answer as cli->json says and returns the exit code. */
int clients_print(const struct cli *cli, const struct answer_clients *clients);
