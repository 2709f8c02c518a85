/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Subscribed means: the agent has our unique name, and we listen to its unique name. A signal that is sent to one
 * connection is delivered whatever that has asked the bus for, and anyone may send one; so it is the sender that is
 * looked at, and not the well-known name, which belongs to nobody while the agent restarts. */

#include "notifier/agent.h"

#include <gio/gio.h>

#define NAME              "org.lekdicht.Agent1"
#define OBJECT            "/org/lekdicht/Agent1"
#define ANSWER_MSEC       10000
#define RETRY_SECONDS     1U
#define RETRY_SECONDS_MAX 60U

struct agent {
        agent_notice notice;
        void *userdata;
        GCancellable *over;
        GDBusConnection *bus; /* NULL while there is none */
        guint watch;
        char *owner; /* of the name; NULL while there is none */
        guint signal;
        guint timer;
        unsigned pause;
};

static void connect_bus(struct agent *agent);
static void subscribe(struct agent *agent);

static gboolean on_timer(void *pointer)
{
        struct agent *agent = pointer;

        agent->timer = 0;
        if (agent->owner)
                subscribe(agent);
        else if (!agent->bus)
                connect_bus(agent);

        return G_SOURCE_REMOVE;
}

static void retry_later(struct agent *agent)
{
        if (agent->timer)
                return;
        agent->pause = MIN(agent->pause ? agent->pause * 2 : RETRY_SECONDS, RETRY_SECONDS_MAX);
        agent->timer = g_timeout_add_seconds(agent->pause, on_timer, agent);
}

static void on_notice(GDBusConnection *bus, const char *sender, const char *object, const char *interface,
                      const char *signal, GVariant *parameters, void *pointer)
{
        struct agent *agent = pointer;

        (void) bus;
        (void) object;
        (void) interface;
        (void) signal;
        if (g_strcmp0(sender, agent->owner) == 0)
                agent->notice(parameters, agent->userdata);
}

static void on_subscribed(GObject *bus, GAsyncResult *result, void *pointer)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &error);
        struct agent *agent = pointer;

        /* Then agent may be gone. */
        if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                return;
        if (answer) {
                agent->pause = 0;
                return;
        }
        g_message("no notices for now: %s", error->message);
        if (agent->owner)
                retry_later(agent);
}

static void subscribe(struct agent *agent)
{
        g_dbus_connection_call(agent->bus, agent->owner, OBJECT, NAME, "Subscribe", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, ANSWER_MSEC, agent->over, on_subscribed, agent);
}

static void leave_owner(struct agent *agent)
{
        g_clear_handle_id(&agent->timer, g_source_remove);
        agent->pause = 0;
        if (agent->signal)
                g_dbus_connection_signal_unsubscribe(agent->bus, agent->signal);
        agent->signal = 0;
        g_clear_pointer(&agent->owner, g_free);
}

static void on_appeared(GDBusConnection *bus, const char *name, const char *owner, void *pointer)
{
        struct agent *agent = pointer;

        (void) name;
        leave_owner(agent);
        agent->owner = g_strdup(owner);
        agent->signal = g_dbus_connection_signal_subscribe(bus, owner, NAME, "Notice", OBJECT, NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE, on_notice, agent, NULL);
        subscribe(agent);
}

static void on_vanished(GDBusConnection *bus, const char *name, void *pointer)
{
        (void) bus;
        (void) name;
        leave_owner(pointer);
}

static void leave_bus(struct agent *agent)
{
        leave_owner(agent);
        g_clear_handle_id(&agent->watch, g_bus_unwatch_name);
        if (agent->bus)
                g_signal_handlers_disconnect_by_data(agent->bus, agent);
        g_clear_object(&agent->bus);
}

static void on_closed(GDBusConnection *bus, gboolean vanished, GError *error, void *pointer)
{
        (void) bus;
        (void) vanished;
        (void) error;
        leave_bus(pointer);
        retry_later(pointer);
}

static void on_connected(GObject *source, GAsyncResult *result, void *pointer)
{
        g_autoptr(GError) error = NULL;
        GDBusConnection *bus = g_dbus_connection_new_for_address_finish(result, &error);
        struct agent *agent = pointer;

        (void) source;
        if (!bus) {
                if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                        retry_later(agent);
                return;
        }
        agent->bus = bus;
        agent->pause = 0;
        g_signal_connect(bus, "closed", G_CALLBACK(on_closed), agent);
        agent->watch = g_bus_watch_name_on_connection(bus, NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared,
                                                      on_vanished, agent, NULL);
}

/* A connection of our own: the shared one of g_bus_get() ends the program when the bus goes. */
static void connect_bus(struct agent *agent)
{
        g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

        if (!address) {
                retry_later(agent);
                return;
        }
        g_dbus_connection_new_for_address(
                address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, agent->over, on_connected, agent);
}

struct agent *agent_new(agent_notice notice, void *userdata)
{
        struct agent *agent = g_new0(struct agent, 1);

        agent->notice = notice;
        agent->userdata = userdata;
        agent->over = g_cancellable_new();
        connect_bus(agent);

        return agent;
}

struct agent *agent_free(struct agent *agent)
{
        if (!agent)
                return NULL;
        g_cancellable_cancel(agent->over);
        leave_bus(agent);
        g_object_unref(agent->over);
        g_free(agent);

        return NULL;
}
