/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht devices` that needs no bus, for its tests. */

#include "cli/answer.h"
#include "cli/bus.h"
#include "cli/cli.h"

/* Prints the answer as cli->json says and returns the exit code. */
int devices_print(const struct cli *cli, const struct answer_devices *devices);

/* Not for its tests: ask the agent about DEVICE, for the verbs that take one. EXIT_WELL, and the caller clears *ret; or the
 * exit code, when what is wrong was said, with the names that would have been understood. */
int devices_ask(const struct cli *cli, struct answer_device *ret);
/* The same, when the agent's answer was not BUS_OK: says why, and returns the exit code. bus may be NULL. */
int devices_trouble(const struct cli *cli, struct bus *bus, int answer);
/* The names that would have been understood, when DEVICE was none; nothing with --json. */
void devices_print_present(const struct cli *cli, struct bus *bus);
