/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gate/roots.h"

#define CMDLINE_MAX 8192U /* bytes; the kernel's COMMAND_LINE_SIZE is 4096 at most */

/* Why this boot wants the gate open: "lekdicht=off on the kernel command line", "rescue mode", "audit mode", "opened by
 * command"; NULL when it is to be closed. The string is static. */
const char *boot_left_open(const struct roots *roots);

/* The same for a command line in memory and without the wish (the fuzzer's door). The text is written to. */
const char *boot_words(char *text);
