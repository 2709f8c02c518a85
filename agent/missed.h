/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Notices about devices that nobody could be told: before a login, while the notifier was away, at the login screen. Whoever
 * comes first gets them, once: the only one whole when it is fresh, else one that says how many there were. Kept in
 * memory alone. */

#include "agent/plugs.h"
#include "agent/sessions.h"

#define MISSED_FRESH_USEC 60000000ULL /* so long a notice still helps who has just plugged something in */
#define MISSED_MAX        9999U

struct missed;

/* Tell the user. Returns how many of his notifiers were told, or -errno. */
typedef int (*missed_tell)(void *userdata, uid_t uid, const struct plug_notice *notice);

/* source: as sessions_new(). 0 or -errno. */
int missed_new(sd_event *loop, const struct sessions_source *source, missed_tell tell, void *userdata,
               struct missed **ret);
/* Accepts NULL; returns NULL. */
struct missed *missed_free(struct missed *missed);

/* Nobody was told of it. What closes soon or has closed is of no use later, and is not kept. */
void missed_add(struct missed *missed, const struct plug_notice *notice);
/* The user may be told from now on. */
void missed_joined(struct missed *missed, uid_t uid);
