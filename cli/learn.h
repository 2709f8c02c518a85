/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The part of `lekdicht learn` that needs no bus, for its tests. */

#include "cli/answer.h"
#include "cli/cli.h"

/* The directory in /sys of the USB device or card with that kernel name, pinned (common/sysfs.h): a descriptor that the
 * caller closes, or -errno. */
int learn_open(const struct cli *cli, const char *id);

/* Prints the section for the device on cli->out, or says on cli->err why there is none, and returns the exit code.
 * dirfd: of learn_open(), opened before the agent was asked; negative: there is none. */
int learn_print(const struct cli *cli, const struct answer_device *device, int dirfd);
