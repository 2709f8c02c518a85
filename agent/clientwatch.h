/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The sync, chat and backup clients that lekdicht-watch found: judged, recorded when something changes and at most once a day
 * for each user, client and verdict, and told to the user whose client it is. Whose it is stays in this memory. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/record.h"
#include "agent/today.h"
#include "policy/catalogue.h"
#include "policy/clientjudge.h"

#define CLIENTWATCH_MAX      128U /* that are remembered; of more the oldest that do not run are forgotten */
#define CLIENTWATCH_ROWS_MAX 128U /* in one report */
#define CLIENTWATCH_HOST     127U /* bytes of a server's name */
#define CLIENTWATCH_PIDS     8U   /* processes of a row */
#define CLIENTWATCH_CODE     6U   /* characters of an event's uid by which people name it */

/* One row of a report, or of what is remembered. */
struct client_row {
        uid_t uid;
        char client[POLICY_NAME_MAX + 1];
        char label[CATALOGUE_LABEL_MAX + 1];
        char service[POLICY_NAME_MAX + 1];
        char host[CLIENTWATCH_HOST + 1]; /* the server of it, or "": to judge by, shown to nobody and in no record */
        enum client_category category;
        enum mark_kind evidence;
        bool sure;
        uint32_t pids[CLIENTWATCH_PIDS]; /* shown to who asks now; in no record */
        size_t n_pids;
};

/* Is it only set up? One that runs has a row of its own. */
bool client_row_is_linked(const struct client_row *row);

struct client_seen {
        struct client_row row;
        struct client_verdict verdict;
        bool here;            /* it runs, or is set up, at this moment */
        uint64_t since_usec;  /* CLOCK_REALTIME: when it was found, or that it had gone */
        unsigned day;         /* on which that verdict was last recorded; 0: not yet */
        unsigned stopped_day; /* the same of its having been stopped */
        bool untold;          /* its user is still to be told */
        char code[CLIENTWATCH_CODE + 1];
};

/* How lekdicht-watch notices things. */
enum clientwatch_how { CLIENTWATCH_ABSENT, CLIENTWATCH_SCAN, CLIENTWATCH_EVENTS };
/* "absent", "scan", "events"; and back, or -EINVAL. */
const char *clientwatch_how_name(enum clientwatch_how how);
int clientwatch_how_from_name(const char *name);

/* Tell its user. Returns whether he heard it. */
typedef bool (*clientwatch_tell)(void *userdata, const struct client_seen *seen);

/* Is it to be ended now? What is only set up never is. */
bool client_seen_is_to_stop(const struct client_seen *seen);

struct clientwatch;

/* today is borrowed. 0 or -ENOMEM. */
int clientwatch_new(struct today *today, clientwatch_tell tell, void *userdata, struct clientwatch **ret);
/* Accepts NULL; returns NULL. */
struct clientwatch *clientwatch_free(struct clientwatch *watch);

/* Judge by that from now on (borrowed), also what runs already. */
void clientwatch_set_policy(struct clientwatch *watch, const struct policy *policy);

/* This is all that runs or is set up now. */
void clientwatch_report(struct clientwatch *watch, enum clientwatch_how how, const struct client_row *rows, size_t n);
/* lekdicht-watch is gone: nobody knows what runs. */
void clientwatch_lost(struct clientwatch *watch);
/* That user can be told now. */
void clientwatch_joined(struct clientwatch *watch, uid_t uid);

enum clientwatch_how clientwatch_how(const struct clientwatch *watch);
/* What is remembered, one after the other; NULL: there are no more. */
const struct client_seen *clientwatch_item(const struct clientwatch *watch, size_t i);
