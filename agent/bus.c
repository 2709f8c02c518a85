/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A connection that comes and goes, and the signals. The methods are in methods.c and records.c. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "agent/busparts.h"
#include "agent/notice.h"
#include "agent/record.h"
#include "common/clock.h"

int bus_reply(sd_bus_message *reply, int r)
{
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int join(struct bus *bus);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus *bus = userdata;

        (void) source;
        (void) usec;
        (void) join(bus);
        return 0;
}

static void on_joined(void *userdata, uid_t uid)
{
        struct bus *bus = userdata;

        clientwatch_joined(bus->agent->clientwatch, uid);
        missed_joined(bus->missed, uid);
}

static void leave(struct bus *bus)
{
        for (unsigned i = 0; i < bus->n_waiting; i++)
                sd_bus_message_unref(bus->waiting[i].message);
        bus->n_waiting = 0;
        if (bus->watcher)
                clientwatch_lost(bus->agent->clientwatch);
        bus->watcher = sd_bus_track_unref(bus->watcher);
        bus->subscribers = subscribers_free(bus->subscribers);
        bus->polkit = polkit_free(bus->polkit);
        bus->connection = sd_bus_close_unref(bus->connection);
}

static void retry_later(struct bus *bus)
{
        bus->retry = sd_event_source_disable_unref(bus->retry);
        if (sd_event_add_time_relative(bus->agent->loop, &bus->retry, CLOCK_MONOTONIC, bus->retry_usec, 0, on_retry,
                                       bus) < 0)
                record_note(LOG_ERR, "the bus will not be joined again: out of memory");
        if (bus->retry_usec < BUS_RETRY_MAX_USEC)
                bus->retry_usec *= 2;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) message;
        (void) error;
        record_note(LOG_NOTICE, "the system bus went away; going on without it");
        retry_later(bus); /* not here: this is still its own callback */
        return 0;
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        uint32_t answer;

        (void) error;
        if (sd_bus_message_is_method_error(message, NULL))
                record_note(LOG_ERR, "the name %s is not ours: %s", BUS_NAME,
                            sd_bus_message_get_error(message)->message);
        else if (sd_bus_message_read(message, "u", &answer) >= 0 && answer != 1)
                record_note(LOG_ERR, "the name %s is taken by someone else", BUS_NAME);
        else
                bus->retry_usec = BUS_RETRY_USEC;
        return 0;
}

static int on_sleep(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        int begins;

        (void) error;
        if (sd_bus_message_read(message, "b", &begins) >= 0 && !begins)
                agent_reconcile(bus->agent);
        return 0;
}

static int connect(struct bus *bus)
{
        sd_bus *connection;
        int r = sd_bus_new(&bus->connection);

        if (r < 0)
                return r;
        connection = bus->connection;
        r = polkit_new(&bus->polkit);
        if (r >= 0)
                r = subscribers_new(connection, bus->polkit, bus->agent->config->notices_without_session,
                                    &bus->subscribers);
        if (r >= 0)
                subscribers_on_join(bus->subscribers, on_joined, bus);
        if (r >= 0)
                r = sd_bus_set_description(connection, "system");
        if (r >= 0)
                r = sd_bus_set_address(connection, bus->address);
        if (r >= 0)
                r = sd_bus_set_bus_client(connection, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(connection, true);
        if (r >= 0)
                r = sd_bus_add_object_vtable(connection, NULL, BUS_PATH, BUS_INTERFACE, methods_vtable, bus);
        if (r >= 0)
                r = sd_bus_attach_event(connection, bus->agent->loop, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_start(connection);
        if (r >= 0)
                r = sd_bus_match_signal_async(connection, NULL, "org.freedesktop.DBus.Local",
                                              "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                              "Disconnected", on_disconnected, NULL, bus);
        if (r >= 0)
                r = sd_bus_match_signal_async(connection, NULL, "org.freedesktop.login1", "/org/freedesktop/login1",
                                              "org.freedesktop.login1.Manager", "PrepareForSleep", on_sleep, NULL, bus);
        if (r >= 0)
                r = sd_bus_request_name_async(connection, NULL, BUS_NAME, 0, on_name, bus);
        return r;
}

static int join(struct bus *bus)
{
        int r;

        bus->retry = sd_event_source_disable_unref(bus->retry);
        leave(bus);
        r = connect(bus);
        if (r < 0) {
                record_note(LOG_WARNING, "the system bus cannot be joined: %s", strerror(-r));
                leave(bus);
                retry_later(bus);
        }
        return 0;
}

static void send_recorded(struct bus *bus)
{
        bus->recorded_usec = clock_usec(CLOCK_MONOTONIC);
        /* Nobody hears it where there is no bus. */
        if (bus->connection)
                (void) sd_bus_emit_signal(bus->connection, BUS_PATH, BUS_INTERFACE, "Recorded", "");
}

static int on_recorded(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus *bus = userdata;

        (void) source;
        (void) usec;
        bus->recorded = sd_event_source_disable_unref(bus->recorded);
        send_recorded(bus);
        return 0;
}

void bus_recorded(struct bus *bus)
{
        uint64_t next = bus->recorded_usec + BUS_RECORDED_USEC;

        if (bus->recorded)
                return;
        if (next <= clock_usec(CLOCK_MONOTONIC) ||
            sd_event_add_time(bus->agent->loop, &bus->recorded, CLOCK_MONOTONIC, next, 1000, on_recorded, bus) < 0)
                send_recorded(bus);
}

void bus_notice(struct bus *bus, const struct plug_notice *notice)
{
        if (!bus->connection || notice_send(bus->agent, bus->subscribers, bus->connection, NULL, notice) <= 0)
                missed_add(bus->missed, notice);
}

static int tell_missed(void *userdata, uid_t uid, const struct plug_notice *notice)
{
        struct bus *bus = userdata;

        return bus->connection ? notice_send(bus->agent, bus->subscribers, bus->connection, &uid, notice) : 0;
}

int bus_new(struct agent *agent, const char *address, struct bus **ret)
{
        struct bus *bus = calloc(1, sizeof(*bus));
        int r;

        if (!bus)
                return -ENOMEM;
        bus->agent = agent;
        bus->address = address;
        bus->retry_usec = BUS_RETRY_USEC;
        r = missed_new(agent->loop, agent->config->sessions, tell_missed, bus, &bus->missed);
        if (r >= 0)
                r = join(bus);
        if (r < 0) {
                bus_free(bus);
                return r;
        }
        *ret = bus;
        return 0;
}

struct bus *bus_free(struct bus *bus)
{
        if (!bus)
                return NULL;
        sd_event_source_disable_unref(bus->retry);
        sd_event_source_disable_unref(bus->recorded);
        if (bus->connection)
                sd_bus_flush(bus->connection);
        leave(bus);
        missed_free(bus->missed);
        free(bus);
        return NULL;
}
