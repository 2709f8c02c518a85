/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where an rclone copies to: from its arguments, its environment and its configuration, in the order in which rclone itself
 * looks. Pure. All of it was written by the user, and some of it is a secret: nothing leaves but names of services. */

#include <stdbool.h>
#include <stddef.h>

#define RCLONE_SERVICES_MAX 4U   /* more are not told */
#define RCLONE_TEXT_MAX     512U /* bytes of a remote or a value, with the NUL: longer ones are not understood */
#define RCLONE_DEPTH_MAX    8U   /* wrappers about wrappers */
#define RCLONE_CONFIGS      5U   /* places where a configuration may be */

/* What the process was given; all borrowed, each text with its NUL. */
struct rclone_process {
        const char *program;
        const char *arguments; /* from argv[1] on */
        size_t arguments_size;
        const char *home; /* of its user, where the environment has no HOME */
        const char *environment;
        size_t environment_size;
};

struct rclone_services {
        const char *names[RCLONE_SERVICES_MAX]; /* of backend.h */
        size_t n;
        bool unknown; /* there is one, too, of which it is not known */
};

/* The user's home, as rclone finds it. */
const char *rclone_home(const struct rclone_process *process);

/* Does it copy, or has it only been asked something? */
bool rclone_copies(const struct rclone_process *process);

/* The n-th file (from 0) that may be its configuration; the first that is there is it. false: it has no n-th. */
bool rclone_config_path(const struct rclone_process *process, unsigned n, char out[static RCLONE_TEXT_MAX]);

/* config: the text of the configuration; NULL when there is none, or none that can be read. */
void rclone_find(const struct rclone_process *process, const char *config, size_t config_size,
                 struct rclone_services *ret);
