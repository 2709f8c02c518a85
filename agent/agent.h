/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* lekdichtd without its main(): the parts, owned and wired. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "agent/medium.h"
#include "agent/record.h"
#include "agent/sessions.h"
#include "agent/today.h"

/* Where the kernel and our own files are. main() has the constants; tests stand up a machine of their own. */
struct agent_paths {
        const char *sys;         /* "/sys" */
        const char *run;         /* "/run/lekdicht" */
        const char *etc;         /* "/etc/lekdicht" */
        const char *policy;      /* "/etc/lekdicht/policy.ini" */
        const char *last_good;   /* "/var/lib/lekdicht/policy.last-good.ini" */
        const char *gate;        /* "/usr/sbin/lekdicht-gate" */
        const char *helper;      /* "/run/lekdicht-helper/socket": who runs that; NULL: the agent itself */
        const char *members;     /* lekdichtd, "/proc/self/exe": says who is in which group; NULL: nobody does */
        const char *lock;        /* "/var/lib/lekdicht/lock" */
        const char *bus;         /* D-Bus address of the system bus */
        const char *clock;       /* "/var/lib/lekdicht/clock"; NULL: the latest time is not kept over a restart */
        const char *leases;      /* "/run/lekdichtd/leases" */
        const char *kept_leases; /* "/var/lib/lekdicht/leases"; NULL: no grant outlives a reboot */
        const char *machine;     /* "/etc/machine-id"; NULL: a copied disk is not found out */
        const char *spool;       /* "/var/lib/lekdicht/spool.db"; NULL: nothing is recorded but in the journal */
        const char *rules;       /* "/usr/lib/udev/rules.d"; NULL: nobody looks whether our rules are there */
        const char *own_rules;   /* "/etc/udev/rules.d", where IT may have its own instead; with `rules` */
};

struct agent_config {
        struct agent_paths paths;
        unsigned policy_flags;                  /* of policy_load() */
        size_t receive_buffer;                  /* bytes; WATCH_RECEIVE_BUFFER */
        const struct record_sink *sink;         /* NULL: the journal */
        const struct today_clock *clock;        /* NULL: the kernel's */
        const struct sessions_source *sessions; /* NULL: logind's */
        uid_t reporter_uid;           /* of lekdicht-report, who may fetch events; (uid_t) -1: nobody but root */
        uid_t watcher_uid;            /* of lekdicht-watch, who reports clients; (uid_t) -1: nobody but root */
        unsigned spool_pages;         /* bound of the spool without [spool] size; 0: SPOOLSTORE_PAGES_MAX */
        uint64_t heartbeat_usec;      /* 0: HEARTBEAT_USEC */
        bool simulated;               /* the demo: no device is real, and each event and notice says so */
        media_test medium;            /* NULL: ask card readers by SG_IO; tests have none */
        bool notices_without_session; /* tests and the demo: a notice goes to all who subscribed */
};

struct agent;

/* Build all parts; nothing is judged or done yet. SIGCHLD, SIGTERM, SIGINT and SIGHUP must be blocked. config is
 * borrowed. 0; -EALREADY when another agent runs; or -errno. */
int agent_new(sd_event *loop, const struct agent_config *config, struct agent **ret);
/* Tear down in reverse. The gate stays as it is. */
struct agent *agent_free(struct agent *agent);

/* Look at everything for the first time, and tell systemd that we are ready. 0 or -errno. */
int agent_start(struct agent *agent);
