/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A child of the agent that runs a program of ours: with an environment of two variables, default signals and a process
 * group of its own, since Ctrl-C on a terminal must not hit it between two writes. */

#include <sys/types.h>

#define SPAWN_DIRECTORY "/proc/self/fd/3" /* what the child calls the descriptor that it was given */

/* Start it. output: its standard output; error: its standard error, or -1 for /dev/null; directory: what it has as descriptor
 * 3, or -1. The descriptors stay the caller's. 0 and *ret, or -errno. */
int spawn(const char *program, char *const arguments[], int output, int error, int directory, pid_t *ret);
