/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A person of a scene: with a home, who starts real programs and reads the notices that are sent to him. */

#include <stdbool.h>
#include <sys/types.h>

#include "tests/bed/bed.h"

struct user {
        uid_t uid;
        char home[BED_PATH]; /* in the bed; removed with it */
        char name[16];       /* of the home and of the file with the notices */
        pid_t listener;      /* 0: none */
};

/* A home below the root of the scene. name is kept out of every record: choose one that is found nowhere else. */
void user_come(struct user *user, const char *name, uid_t uid);
/* A file of his, path below his home. */
void user_has(const struct user *user, const char *path, const char *text);
/* Subscribe at the agent. What comes stands in the file notices-NAME of the bed, a line each:
 * "client-running sync Syncthing PLACES CODE". */
void user_listen(struct user *user);
bool user_is_listening(const struct user *user);
void user_leave(struct user *user);

/* Start argv (NULL at the end) as that user, in his home, with nothing in the environment but HOME, PATH, XDG_CONFIG_HOME and
 * variables ("NAME=value", NULL at the end; NULL: none). Its output is in the file output-NAME of the bed. */
pid_t user_start(const struct user *user, const char *const *argv, const char *const *variables);
/* Kill it and what it started, and wait for that. */
void user_stop(pid_t pid);
