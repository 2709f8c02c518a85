/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* lekdicht-watch without its main(): notices what is started and mounted, holds it against the catalogue, and hands what it
 * finds to lekdichtd, which judges. It judges nothing; what the answer says is to end, it ends. */

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "policy/catalogue.h"

#define WATCHER_DWELL_USEC 2000000ULL   /* what has gone by then was a question to a client, and no client */
#define WATCHER_SCAN_USEC  300000000ULL /* everything is looked at so often, although nothing is missed */
#define WATCHER_POLL_USEC  10000000ULL  /* the same where the kernel does not tell of starts */
#define WATCHER_AGAIN_USEC 1000000ULL   /* after a loss: it comes with others */

struct watcher_config {
        const char *proc;                  /* "/proc" */
        const char *bus;                   /* D-Bus address of the system bus */
        const struct catalogue *catalogue; /* borrowed */
        uint64_t dwell_usec;
        uint64_t day_usec;         /* how often homes are looked into; HOMES_DAY_USEC */
        int (*users)(uid_t **ret); /* who is logged in; homes_logged_in() */
        bool by_scan;              /* tests: as on a kernel without proc connector */
};

struct watcher;

/* config is borrowed. Looks at everything at once. 0 or -errno. */
int watcher_new(sd_event *loop, const struct watcher_config *config, struct watcher **ret);
/* Accepts NULL; returns NULL. */
struct watcher *watcher_free(struct watcher *watcher);
