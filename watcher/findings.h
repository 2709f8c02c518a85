/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What was found, as it is told: one row for each user, client and service, however many programs stand behind it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/catalogue.h"
#include "watcher/server.h"

#define FINDINGS_MAX  128U /* rows; more are not told */
#define FINDINGS_PIDS 8U   /* processes of a row that are named; more are not */

struct finding {
        uid_t uid;
        const struct client *client; /* borrowed */
        const char *service;         /* borrowed */
        char host[SERVER_NAME_MAX];  /* the server of it, or "" */
        enum mark_kind evidence;
        bool sure;                    /* by more than hearsay */
        uint32_t pids[FINDINGS_PIDS]; /* that stand behind it */
        size_t n_pids;                /* 0: none runs */
};

struct findings {
        struct finding items[FINDINGS_MAX];
        size_t n;
};

/* Add one, or make the row that there is surer. pid: by which it was found, or 0. */
void findings_add(struct findings *findings, uid_t uid, const struct client *client, const char *service,
                  const char *host, const struct mark *mark, pid_t pid);
/* Does that client run for that user, whatever the service? */
bool findings_have(const struct findings *findings, uid_t uid, const struct client *client);
/* The same rows, in whatever order? */
bool findings_equal(const struct findings *a, const struct findings *b);
