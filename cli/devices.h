/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht devices` that needs no bus, for its tests. */

#include "cli/answer.h"
#include "cli/cli.h"

/* Prints the answer as cli->json says and returns the exit code. */
int devices_print(const struct cli *cli, const struct answer_devices *devices);

/* Not for its tests: the names that would have been understood, on cli->err, when DEVICE was none. */
struct bus;
void devices_print_present(const struct cli *cli, struct bus *bus);
