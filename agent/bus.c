/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Methods, and a connection that comes and goes. No call here waits for anyone: who asks for the gate is answered when
 * lekdicht-gate has ended. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

#include "agent/answer.h"
#include "agent/bus.h"
#include "agent/parts.h"
#include "agent/polkit.h"
#include "agent/record.h"

#define NAME      "org.lekdicht.Agent1"
#define PATH      "/org/lekdicht/Agent1"
#define INTERFACE "org.lekdicht.Agent1"

#define ERROR_UNKNOWN_DEVICE   "org.lekdicht.Error.UnknownDevice"
#define ERROR_GATE_FAILED      "org.lekdicht.Error.GateFailed"
#define ERROR_INVALID_ARGUMENT "org.lekdicht.Error.InvalidArgument"

#define ACTION_LIST   "org.lekdicht.agent1.list-devices"
#define ACTION_GATE   "org.lekdicht.agent1.set-gate"
#define ACTION_RELOAD "org.lekdicht.agent1.reload-policy"

struct waiting {
        sd_bus_message *message;
        enum verb verb;
};

struct bus {
        struct agent *agent;
        const char *address;
        sd_bus *connection;
        struct polkit *polkit;
        sd_event_source *retry;
        uint64_t retry_usec;
        struct waiting waiting[BUS_WAITING_MAX];
        unsigned n_waiting;
};

/* ---- methods ---- */

static int reply_and_free(sd_bus_message *reply, int r)
{
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int status(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(message, &reply);

        (void) error;
        if (r >= 0)
                r = answer_status(bus->agent, reply);
        return reply_and_free(reply, r);
}

static int list_devices_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (const struct device *device = inventory_first(bus->agent->inventory); r >= 0 && device;
             device = device->next)
                r = answer_device(bus->agent, device, reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return reply_and_free(reply, r);
}

static int list_devices(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_LIST, list_devices_now, bus);
}

static int explain_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        struct agent *agent = bus->agent;
        sd_bus_message *reply = NULL;
        struct device *device;
        const char *id;
        int r = sd_bus_message_read(message, "s", &id);

        if (r < 0)
                return r;
        if (strlen(id) > BUS_ID_MAX)
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "a device's name has at most %u bytes", BUS_ID_MAX);
        device = inventory_find(agent->inventory, id);
        if (!device)
                return sd_bus_reply_method_errorf(message, ERROR_UNKNOWN_DEVICE, "no storage device is called %s", id);
        decide_judge(inventory_decide(agent->inventory), device);
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = answer_device(agent, device, reply);
        return reply_and_free(reply, r);
}

static int explain(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_LIST, explain_now, bus);
}

/* Answer those who wait for verb. failure NULL: it is done. */
static void answer_waiting(struct bus *bus, enum verb verb, const char *failure)
{
        unsigned kept = 0;

        for (unsigned i = 0; i < bus->n_waiting; i++) {
                struct waiting *waiting = &bus->waiting[i];

                if (waiting->verb != verb) {
                        bus->waiting[kept++] = *waiting;
                        continue;
                }
                if (failure)
                        sd_bus_reply_method_errorf(waiting->message, ERROR_GATE_FAILED, "%s", failure);
                else
                        sd_bus_reply_method_return(waiting->message, "");
                sd_bus_message_unref(waiting->message);
        }
        bus->n_waiting = kept;
}

void bus_gate_result(struct bus *bus, const struct gatekeeper_result *result)
{
        switch (result->deed) {
        case DEED_DONE:
                answer_waiting(bus, result->verb, NULL);
                break;
        case DEED_BUSY:
        case DEED_FAILED:
        case DEED_GONE:
                answer_waiting(bus, result->verb,
                               result->output[0] ? result->output : "lekdicht-gate failed and said nothing");
                break;
        }
}

static int set_gate_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        enum verb verb;
        const char *state;
        int r = sd_bus_message_read(message, "s", &state);

        if (r < 0)
                return r;
        if (strcmp(state, "open") == 0)
                verb = VERB_OPEN;
        else if (strcmp(state, "closed") == 0)
                verb = VERB_CLOSE;
        else
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "the gate can be \"open\" or \"closed\"");
        if (verb == VERB_CLOSE && gatewatch_is_audit(bus->agent->gatewatch))
                return sd_bus_reply_method_errorf(
                        message, ERROR_INVALID_ARGUMENT,
                        "the policy says mode = audit, which keeps the gate open; change the policy");
        if (bus->n_waiting == BUS_WAITING_MAX)
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                  "too many wait for the gate already");
        answer_waiting(bus, verb == VERB_OPEN ? VERB_CLOSE : VERB_OPEN, "overtaken by a later command");
        r = gatewatch_command(bus->agent->gatewatch, verb);
        if (r < 0)
                return sd_bus_reply_method_errorf(message, ERROR_GATE_FAILED, "lekdicht-gate cannot be run: %s",
                                                  strerror(-r));
        bus->waiting[bus->n_waiting++] = (struct waiting){ .message = sd_bus_message_ref(message), .verb = verb };
        return 1;
}

static int set_gate(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_GATE, set_gate_now, bus);
}

static int add_messages(const struct policystore *store, sd_bus_message *reply)
{
        const struct policy_errors *errors = store->errors;
        char text[sizeof(store->error)], warning[sizeof(text) + sizeof("warning: ")];
        int r = 0;

        /* When the file cannot even be opened there is an error without a place in it. */
        if (errors->n == 0 && store->error[0])
                r = sd_bus_message_append(reply, "s", store->error);
        for (size_t i = 0; r >= 0 && i < errors->n; i++) {
                policystore_error_text(store, &errors->items[i], text, sizeof(text));
                r = sd_bus_message_append(reply, "s", text);
        }
        for (size_t i = 0; r >= 0 && i < errors->n_warnings; i++) {
                policystore_error_text(store, &errors->warnings[i], text, sizeof(text));
                snprintf(warning, sizeof(warning), "warning: %s", text);
                r = sd_bus_message_append(reply, "s", warning);
        }
        return r;
}

static int reload_policy_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        sd_bus_message *reply = NULL;
        int applied = agent_reload(bus->agent), r;

        if (applied < 0)
                return applied;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "b", applied);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        if (r >= 0)
                r = add_messages(&bus->agent->store, reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return reply_and_free(reply, r);
}

static int reload_policy(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_RELOAD, reload_policy_now, bus);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", status), status,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListDevices", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", devices), list_devices,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", id), SD_BUS_RESULT("a{sv}", device), explain,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetGate", SD_BUS_ARGS("s", state), SD_BUS_NO_RESULT, set_gate,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReloadPolicy", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", applied, "as", messages),
                                reload_policy, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* ---- the connection ---- */

static int join(struct bus *bus);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct bus *bus = userdata;

        (void) source;
        (void) usec;
        (void) join(bus);
        return 0;
}

static void leave(struct bus *bus)
{
        for (unsigned i = 0; i < bus->n_waiting; i++)
                sd_bus_message_unref(bus->waiting[i].message);
        bus->n_waiting = 0;
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
                record_note(LOG_ERR, "the name %s is not ours: %s", NAME, sd_bus_message_get_error(message)->message);
        else if (sd_bus_message_read(message, "u", &answer) >= 0 && answer != 1)
                record_note(LOG_ERR, "the name %s is taken by someone else", NAME);
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
                r = sd_bus_set_description(connection, "system");
        if (r >= 0)
                r = sd_bus_set_address(connection, bus->address);
        if (r >= 0)
                r = sd_bus_set_bus_client(connection, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(connection, true);
        if (r >= 0)
                r = sd_bus_add_object_vtable(connection, NULL, PATH, INTERFACE, vtable, bus);
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
                r = sd_bus_request_name_async(connection, NULL, NAME, 0, on_name, bus);
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

int bus_new(struct agent *agent, const char *address, struct bus **ret)
{
        struct bus *bus = calloc(1, sizeof(*bus));
        int r;

        if (!bus)
                return -ENOMEM;
        bus->agent = agent;
        bus->address = address;
        bus->retry_usec = BUS_RETRY_USEC;
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
        if (bus->connection)
                sd_bus_flush(bus->connection);
        leave(bus);
        free(bus);
        return NULL;
}
