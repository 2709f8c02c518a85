/* SPDX-License-Identifier: GPL-3.0-or-later */

/* logind keeps seats and sessions as files in /run, and the kernel tells when one changes (sd_login_monitor(3)): no
 * question on the bus, no answer to wait for. A seat's file is written before those of its sessions, so both are
 * watched. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>

#include "agent/sessions.h"
#include "common/cleanup.h"

#define SEAT "seat0" /* the one that each machine has */

static const char *const categories[] = { "seat", "session" };

#define N_MONITORS (sizeof(categories) / sizeof(categories[0]))

struct sessions {
        sd_event *loop;
        struct sessions_source source;
        sessions_callback callback;
        void *userdata;
        struct session now;
        sd_login_monitor *monitors[N_MONITORS];
        sd_event_source *changes[N_MONITORS], *retry;
};

/* A greeter is not a user, and a session that is closing has no one before the screen. */
static bool is_users(const char *id)
{
        CLEANUP(cleanup_free) char *class = NULL, *state = NULL;

        return sd_session_get_class(id, &class) >= 0 && strcmp(class, "user") == 0 &&
               sd_session_get_state(id, &state) >= 0 && strcmp(state, "active") == 0 && sd_session_is_remote(id) == 0;
}

static void read_logind(void *userdata, struct session *ret)
{
        CLEANUP(cleanup_free) char *id = NULL;
        uid_t uid;

        (void) userdata;
        *ret = (struct session){ 0 };
        if (sd_seat_get_active(SEAT, &id, NULL) < 0 || !id || strlen(id) >= SESSIONS_ID_MAX || !is_users(id) ||
            sd_session_get_uid(id, &uid) < 0 || uid == 0)
                return;
        snprintf(ret->id, sizeof(ret->id), "%s", id);
        ret->uid = uid;
}

void sessions_look(struct sessions *sessions)
{
        struct session found;

        sessions->source.read(sessions->source.userdata, &found);
        if (strcmp(found.id, sessions->now.id) == 0 && found.uid == sessions->now.uid)
                return;
        sessions->now = found;
        sessions->callback(sessions->userdata, &sessions->now);
}

static int on_change(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct sessions *sessions = userdata;

        (void) source;
        (void) fd;
        (void) revents;
        for (size_t i = 0; i < N_MONITORS; i++)
                (void) sd_login_monitor_flush(sessions->monitors[i]);
        sessions_look(sessions);
        return 0;
}

static void stop(struct sessions *sessions)
{
        for (size_t i = 0; i < N_MONITORS; i++) {
                sessions->changes[i] = sd_event_source_disable_unref(sessions->changes[i]);
                sessions->monitors[i] = sd_login_monitor_unref(sessions->monitors[i]);
        }
}

static int start(struct sessions *sessions)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < N_MONITORS; i++) {
                r = sd_login_monitor_new(categories[i], &sessions->monitors[i]);
                if (r >= 0)
                        r = sd_event_add_io(
                                sessions->loop, &sessions->changes[i], sd_login_monitor_get_fd(sessions->monitors[i]),
                                (uint32_t) sd_login_monitor_get_events(sessions->monitors[i]), on_change, sessions);
        }
        if (r < 0)
                stop(sessions);
        return r;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        sessions_watch(userdata, true);
        return 0;
}

void sessions_watch(struct sessions *sessions, bool watch)
{
        sessions->retry = sd_event_source_disable_unref(sessions->retry);
        if (!watch) {
                stop(sessions);
                sessions->now = (struct session){ 0 };
                return;
        }
        if (sessions->source.read == read_logind && !sessions->changes[0] && start(sessions) < 0)
                (void) sd_event_add_time_relative(sessions->loop, &sessions->retry, CLOCK_MONOTONIC,
                                                  SESSIONS_RETRY_USEC, 0, on_retry, sessions);
        sessions_look(sessions);
}

int sessions_new(sd_event *loop, const struct sessions_source *source, sessions_callback callback, void *userdata,
                 struct sessions **ret)
{
        struct sessions *sessions = calloc(1, sizeof(*sessions));

        if (!sessions)
                return -ENOMEM;
        sessions->loop = sd_event_ref(loop);
        sessions->source = source ? *source : (struct sessions_source){ .read = read_logind };
        sessions->callback = callback;
        sessions->userdata = userdata;
        *ret = sessions;
        return 0;
}

struct sessions *sessions_free(struct sessions *sessions)
{
        if (!sessions)
                return NULL;
        sd_event_source_disable_unref(sessions->retry);
        stop(sessions);
        sd_event_unref(sessions->loop);
        free(sessions);
        return NULL;
}
