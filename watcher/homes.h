/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Clients that are set up and may not run: by a few files in the homes of those who are logged in, looked at when they come and
 * once a day. A home of somebody who is not there is never touched: it may be on a server, and would be mounted for it. */

#include <systemd/sd-event.h>

#include "policy/catalogue.h"
#include "watcher/findings.h"
#include "watcher/questions.h"

#define HOMES_MAX      32U            /* users at a time */
#define HOMES_LINKED   32U            /* marks of one of them that fit; more are not told */
#define HOMES_GROUP    65534U         /* nogroup: what is the user's own needs no group */
#define HOMES_DAY_USEC 86400000000ULL /* then it is looked again */

struct homes_config {
        const struct catalogue *catalogue; /* borrowed, as all here */
        struct questions *questions;
        int (*users)(uid_t **ret); /* who is logged in: how many, with a list that is freed; as homes_logged_in() */
        bool (*is_person)(uid_t uid);
        uint64_t day_usec; /* HOMES_DAY_USEC */
        void (*changed)(void *userdata);
        void *userdata;
};

struct homes;

/* Those who have a session, as logind says; in the way of sd_get_uids(3). */
int homes_logged_in(uid_t **ret);

/* 0 also where there is no logind: then nobody is logged in. Or -errno. */
int homes_new(sd_event *loop, const struct homes_config *config, struct homes **ret);
/* Accepts NULL; returns NULL. */
struct homes *homes_free(struct homes *homes);

/* Add what was found and is not in findings as something that runs. */
void homes_add(const struct homes *homes, struct findings *findings);
