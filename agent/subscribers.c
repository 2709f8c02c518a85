/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A subscriber is a unique name on the bus and the user behind it. The bus is asked to tell when the name goes before it
 * is asked who that is: a name that is gone in between is not answered for, and none is kept for ever. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>

#include "agent/subscribers.h"

#define NAME_BYTES  256U /* of a name on the bus, NUL included (D-Bus specification) */
#define MATCH_BYTES (NAME_BYTES + 160U)

struct subscriber {
        struct subscribers *subscribers;
        char name[NAME_BYTES];
        uid_t uid;
        bool known; /* who it is */
        sd_bus_slot *gone;
        struct subscriber *next;
};

struct subscribers {
        sd_bus *connection;
        struct polkit *polkit;
        bool without_session;
        void (*joined)(void *userdata, uid_t uid); /* NULL: nobody asked */
        void *userdata;
        struct subscriber *first;
        unsigned n;
};

int subscribers_new(sd_bus *connection, struct polkit *polkit, bool without_session, struct subscribers **ret)
{
        struct subscribers *subscribers = calloc(1, sizeof(*subscribers));

        if (!subscribers)
                return -ENOMEM;
        subscribers->connection = connection;
        subscribers->polkit = polkit;
        subscribers->without_session = without_session;
        *ret = subscribers;
        return 0;
}

static void drop(struct subscriber *subscriber)
{
        struct subscribers *subscribers = subscriber->subscribers;
        struct subscriber **at = &subscribers->first;

        while (*at != subscriber)
                at = &(*at)->next;
        *at = subscriber->next;
        subscribers->n--;
        sd_bus_slot_unref(subscriber->gone);
        free(subscriber);
}

struct subscribers *subscribers_free(struct subscribers *subscribers)
{
        if (!subscribers)
                return NULL;
        while (subscribers->first)
                drop(subscribers->first);
        free(subscribers);
        return NULL;
}

static struct subscriber *find(struct subscribers *subscribers, const char *name)
{
        for (struct subscriber *subscriber = subscribers->first; subscriber; subscriber = subscriber->next)
                if (strcmp(subscriber->name, name) == 0)
                        return subscriber;
        return NULL;
}

static unsigned count_of(const struct subscribers *subscribers, uid_t uid)
{
        unsigned n = 0;

        for (const struct subscriber *subscriber = subscribers->first; subscriber; subscriber = subscriber->next)
                n += subscriber->known && subscriber->uid == uid;
        return n;
}

static int on_gone(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *name, *from, *to;

        (void) error;
        if (sd_bus_message_read(message, "sss", &name, &from, &to) >= 0 && to[0] == '\0')
                drop(userdata);
        return 0;
}

static int on_user(void *userdata, sd_bus_message *message, uid_t uid)
{
        struct subscribers *subscribers = userdata;
        struct subscriber *subscriber = find(subscribers, sd_bus_message_get_sender(message));
        int r;

        if (!subscriber)
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_FAILED, "unsubscribed meanwhile");
        if (!subscriber->known && count_of(subscribers, uid) >= SUBSCRIBERS_USER_MAX) {
                drop(subscriber);
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                  "you have subscribed too often already");
        }
        subscriber->uid = uid;
        subscriber->known = true;
        r = sd_bus_reply_method_return(message, "");
        if (r >= 0 && subscribers->joined)
                subscribers->joined(subscribers->userdata, uid);
        return r;
}

int subscribers_add(struct subscribers *subscribers, sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);
        struct subscriber *subscriber;
        char match[MATCH_BYTES];
        int r;

        if (!sender || strlen(sender) >= NAME_BYTES)
                return -EPERM;
        if (find(subscribers, sender))
                return polkit_user(subscribers->polkit, message, on_user, subscribers);
        if (subscribers->n >= SUBSCRIBERS_MAX)
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many have subscribed");
        subscriber = calloc(1, sizeof(*subscriber));
        if (!subscriber)
                return -ENOMEM;
        subscriber->subscribers = subscribers;
        strcpy(subscriber->name, sender);
        subscriber->next = subscribers->first;
        subscribers->first = subscriber;
        subscribers->n++;
        snprintf(match, sizeof(match),
                 "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                 "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
                 sender);
        r = sd_bus_add_match_async(subscribers->connection, &subscriber->gone, match, on_gone, NULL, subscriber);
        if (r >= 0)
                r = polkit_user(subscribers->polkit, message, on_user, subscribers);
        if (r < 0)
                drop(subscriber);
        return r;
}

int subscribers_remove(struct subscribers *subscribers, sd_bus_message *message)
{
        const char *sender = sd_bus_message_get_sender(message);
        struct subscriber *subscriber = sender ? find(subscribers, sender) : NULL;

        if (subscriber)
                drop(subscriber);
        return sd_bus_reply_method_return(message, "");
}

/* Has the user an active session at this machine's own screen? Read from files of logind in /run. */
static bool is_here(uid_t uid)
{
        char **sessions = NULL;
        bool here = false;
        int n = sd_uid_get_sessions(uid, 1, &sessions);

        for (int i = 0; i < n; i++) {
                here = here || sd_session_is_remote(sessions[i]) == 0;
                free(sessions[i]);
        }
        free(sessions);
        return here;
}

void subscribers_on_join(struct subscribers *subscribers, void (*callback)(void *userdata, uid_t uid), void *userdata)
{
        subscribers->joined = callback;
        subscribers->userdata = userdata;
}

/* uid: NULL for everybody. */
static int each(struct subscribers *subscribers, const uid_t *uid, int (*callback)(void *userdata, const char *name),
                void *userdata)
{
        int n = 0, r = 0;

        for (const struct subscriber *subscriber = subscribers->first; r >= 0 && subscriber;
             subscriber = subscriber->next) {
                if (!subscriber->known || (uid && subscriber->uid != *uid) ||
                    (!subscribers->without_session && !is_here(subscriber->uid)))
                        continue;
                r = callback(userdata, subscriber->name);
                n++;
        }
        return r < 0 ? r : n;
}

int subscribers_each(struct subscribers *subscribers, int (*callback)(void *userdata, const char *name), void *userdata)
{
        return each(subscribers, NULL, callback, userdata);
}

int subscribers_each_of(struct subscribers *subscribers, uid_t uid, int (*callback)(void *userdata, const char *name),
                        void *userdata)
{
        return each(subscribers, &uid, callback, userdata);
}
