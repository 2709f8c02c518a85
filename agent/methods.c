/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What can be asked of the agent, and its answers about devices, gate and policy. No call here waits for anyone: who asks
 * for the gate is answered when lekdicht-gate has ended. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/answer.h"
#include "agent/busparts.h"
#include "agent/judgement.h"

#define ACTION_LIST   "org.lekdicht.agent1.list-devices"
#define ACTION_GATE   "org.lekdicht.agent1.set-gate"
#define ACTION_RELOAD "org.lekdicht.agent1.reload-policy"

static int status(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(message, &reply);

        (void) error;
        if (r >= 0)
                r = answer_status(bus->agent, reply);
        return bus_reply(reply, r);
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
        return bus_reply(reply, r);
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
        judgement_make(inventory_decide(agent->inventory), device);
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = answer_device(agent, device, reply);
        return bus_reply(reply, r);
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
        case DEED_PLAIN:
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
        return bus_reply(reply, r);
}

static int reload_policy(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_RELOAD, reload_policy_now, bus);
}

static int subscribe(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return subscribers_add(bus->subscribers, message);
}

static int unsubscribe(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return subscribers_remove(bus->subscribers, message);
}

const sd_bus_vtable methods_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", status), status,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListDevices", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", devices), list_devices,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_ARGS("s", id), SD_BUS_RESULT("a{sv}", device), explain,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetGate", SD_BUS_ARGS("s", state), SD_BUS_NO_RESULT, set_gate,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Grant", SD_BUS_ARGS("s", device, "s", access, "u", minutes, "s", reason, "b", keep),
                                SD_BUS_RESULT("t", until), lease_calls_grant, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Revoke", SD_BUS_ARGS("s", device), SD_BUS_NO_RESULT, lease_calls_revoke,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReloadPolicy", SD_BUS_NO_ARGS, SD_BUS_RESULT("b", applied, "as", messages),
                                reload_policy, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Recent", SD_BUS_ARGS("u", n, "s", filter), SD_BUS_RESULT("a(ts)", records),
                                records_recent, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Events", SD_BUS_ARGS("t", after, "u", max),
                                SD_BUS_RESULT("s", resource, "a(ts)", records), records_events,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Acknowledge", SD_BUS_ARGS("t", seq), SD_BUS_NO_RESULT, records_acknowledge,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetAside", SD_BUS_ARGS("t", seq, "s", reason), SD_BUS_NO_RESULT, records_set_aside,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListClients", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", clients), clientcalls_list,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Report", SD_BUS_ARGS("s", how, "a(ussssssbau)", clients),
                                SD_BUS_RESULT("a(ussu)", stop), clientcalls_report, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, unsubscribe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Recorded", "", 0),
        SD_BUS_SIGNAL("Reconsider", "", 0),
        SD_BUS_SIGNAL_WITH_ARGS("Notice", SD_BUS_ARGS("a{sv}", notice), 0),
        SD_BUS_VTABLE_END,
};
