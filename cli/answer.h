/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the agent answers, as plain data: bus.c fills it in, the verbs print it. Strings are never NULL in an answer that
 * was received; a key that the agent did not send is "". They are the agent's words: clean them before a terminal. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWER_LIST_MAX 4096U /* devices in one answer, nodes of one device, buses */

struct answer_bus {
        char *name, *state; /* "scsi" "closed" */
};

struct answer_status {
        char *version;       /* of the agent */
        char *mode;          /* "enforce", "audit" */
        char *gate;          /* "closed", "open", "partly" */
        char *wish;          /* "closed", "open" (by command), "audit" */
        char *policy_source; /* "file", "last-good", "built-in" */
        char *policy_error;  /* "" or "FILE:LINE: text" */
        uint32_t policy_version;
        uint32_t devices; /* storage present now */
        uint32_t refused; /* since the agent started */
        uint32_t busy;    /* gate children under way */
        char *clients;    /* how clients are noticed: "events", "scan", "absent"; "" when the agent does not say */
        char *spool;      /* "ok", "opening", "failing", "absent"; "" when the agent has none */
        uint32_t queue;   /* recorded, and not yet at the collector */
        uint32_t aside;   /* records that the collector would never take */
        uint64_t dropped; /* events that could not be recorded */
        uint64_t since;   /* microseconds, CLOCK_REALTIME; 0: not told */
        struct answer_bus *buses;
        size_t n_buses;
};

struct answer_device {
        char *id;               /* kernel name, "1-2" */
        char *kind;             /* "usb-disk" ... */
        char *vendor, *product; /* "0951", "1666", or "" */
        char *name;
        char *state; /* refused, allowed, exempt, held, pending, busy, failed, gate-open */
        char *rule, *reason;
        uint64_t since;
        uint64_t until; /* a grant for a while opens it until then; 0: none does */
        bool audit;
        bool serial;  /* it has one that tells it from others */
        bool users;   /* it depends on who is logged in */
        char **nodes; /* "sda" ... */
        size_t n_nodes;
};

struct answer_devices {
        struct answer_device *items;
        size_t n;
};

struct answer_client {
        char *client;   /* "rclone" */
        char *label;    /* what people call it */
        char *service;  /* "google-drive", "unknown" */
        char *category; /* "sync", "chat", "backup" */
        char *evidence; /* by which kind of mark it was found */
        char *verdict;  /* "flag", "allow", "unknown" */
        char *rule, *reason;
        bool running;
        uint64_t since; /* that it runs, or no longer does */
        uint32_t *pids; /* of its processes, some of them */
        size_t n_pids;
};

struct answer_clients {
        struct answer_client *items;
        size_t n;
};

struct answer_event {
        uint64_t seq;
        char *record; /* one LogRecord in JSON, not looked at yet */
};

struct answer_events {
        struct answer_event *items; /* oldest first */
        size_t n;
};

/* Free what is in the struct, not the struct. Half-filled ones (all zero at first) are fine. */
void answer_status_clear(struct answer_status *status);
void answer_device_clear(struct answer_device *device);
void answer_devices_clear(struct answer_devices *devices);
void answer_clients_clear(struct answer_clients *clients);
void answer_events_clear(struct answer_events *events);
