/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht policy explain` that is about clients. */

#include <stdbool.h>

#include "cli/answer.h"
#include "cli/bus.h"
#include "cli/cli.h"

/* Digits alone: no device and no client is called like that. */
bool client_explain_is_pid(const char *word);

/* Look for cli->argument, a PID or the name of a client, and print what is known of it. false: nothing was said, for no
 * client is called like that or the caller may not know; of a PID something always is. *ret_code: the exit code. */
bool client_explain(const struct cli *cli, struct bus *bus, int *ret_code);

/* Of these clients those that word names are moved to the front. How many. */
size_t client_explain_pick(struct answer_clients *clients, const char *word);
/* Prints them as cli->json says and returns the exit code. */
int client_explain_print(const struct cli *cli, const struct answer_clients *clients);
