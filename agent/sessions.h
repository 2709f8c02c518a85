/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who sits at this laptop: the user whose session is in front on its own screen, as logind says. There is one such
 * session or none: at the login screen, after "switch user" and for root it is nobody. A locked screen is still its
 * user's. */

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define SESSIONS_ID_MAX     64U /* bytes of what logind calls a session, NUL included; a longer one is nobody's */
#define SESSIONS_RETRY_USEC 60000000ULL /* without logind's directories it is tried again after that */

struct session {
        char id[SESSIONS_ID_MAX]; /* "": nobody is here */
        uid_t uid;
};

/* Where that is read. Fills in *ret. */
struct sessions_source {
        void (*read)(void *userdata, struct session *ret);
        void *userdata;
};

/* Someone else is here now, or nobody is any more. */
typedef void (*sessions_callback)(void *userdata, const struct session *session);

struct sessions;

/* source: borrowed; NULL: logind's. Nothing is read before sessions_watch(). 0 or -errno. */
int sessions_new(sd_event *loop, const struct sessions_source *source, sessions_callback callback, void *userdata,
                 struct sessions **ret);
/* Accepts NULL; returns NULL. */
struct sessions *sessions_free(struct sessions *sessions);

/* Does it matter who is here? Then look at once, and whenever logind changes something. */
void sessions_watch(struct sessions *sessions, bool watch);
/* Look again, and call back if it is another. */
void sessions_look(struct sessions *sessions);
