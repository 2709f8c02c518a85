/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls and answers. An answer is a dictionary; tables below say which key goes where. Keys that are not in the table are
 * skipped, so that a newer agent may say more; a known key of another type means that one side is broken, and then
 * nothing of the answer is used. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "cli/bus.h"
#include "common/cleanup.h"

#define AGENT_NAME   "org.lekdicht.Agent1"
#define AGENT_PATH   "/org/lekdicht/Agent1"
#define USEC_PER_SEC UINT64_C(1000000)

struct bus {
        sd_bus *connection;
        bool recorded, vanished; /* since bus_wait() came back last */
        char message[BUS_MESSAGE_MAX];
};

DEFINE_CLEANUP(cleanup_message, sd_bus_message *, sd_bus_message_unref)

static int read_string(sd_bus_message *message, void *ret)
{
        char **string = ret;
        const char *text;
        char *copy;
        int r;

        r = sd_bus_message_read_basic(message, 's', &text);
        if (r < 0)
                return r;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*string); /* a key sent twice */
        *string = copy;
        return 0;
}

static int read_bool(sd_bus_message *message, void *ret)
{
        int value, r;

        r = sd_bus_message_read_basic(message, 'b', &value);
        if (r < 0)
                return r;
        *(bool *) ret = value;
        return 0;
}

static int read_u32(sd_bus_message *message, void *ret)
{
        return sd_bus_message_read_basic(message, 'u', ret);
}

static int read_u64(sd_bus_message *message, void *ret)
{
        return sd_bus_message_read_basic(message, 't', ret);
}

/* More room for an array of n items, if this n is one at which it grows. */
static int grow(void **items, size_t n, size_t size)
{
        void *grown;

        if (n == ANSWER_LIST_MAX)
                return -E2BIG;
        if (n & (n - 1)) /* room for 1, 2, 4, 8 ... */
                return 0;
        grown = reallocarray(*items, n ? 2 * n : 1, size);
        if (!grown)
                return -ENOMEM;
        *items = grown;
        return 0;
}

static int read_nodes(sd_bus_message *message, void *ret)
{
        struct answer_device *device = ret;
        int r;

        if (device->n_nodes > 0)
                return -EBADMSG; /* a key sent twice */
        r = sd_bus_message_enter_container(message, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                r = grow((void **) &device->nodes, device->n_nodes, sizeof(*device->nodes));
                if (r < 0)
                        return r;
                device->nodes[device->n_nodes] = NULL;
                r = read_string(message, &device->nodes[device->n_nodes]);
                if (r < 0)
                        return r;
                device->n_nodes++;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_pids(sd_bus_message *message, void *ret)
{
        struct answer_client *client = ret;
        const void *pids;
        size_t size;
        int r = sd_bus_message_read_array(message, 'u', &pids, &size);

        if (r < 0 || size == 0)
                return r;
        if (client->pids)
                return -EBADMSG; /* a key sent twice */
        client->pids = malloc(size);
        if (!client->pids)
                return -ENOMEM;
        memcpy(client->pids, pids, size);
        client->n_pids = size / sizeof(client->pids[0]);
        return 0;
}

static int read_buses(sd_bus_message *message, void *ret)
{
        struct answer_status *status = ret;
        int r;

        if (status->n_buses > 0)
                return -EBADMSG; /* a key sent twice */
        r = sd_bus_message_enter_container(message, 'a', "{ss}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "ss")) > 0) {
                struct answer_bus *bus;

                r = grow((void **) &status->buses, status->n_buses, sizeof(*status->buses));
                if (r < 0)
                        return r;
                bus = &status->buses[status->n_buses++];
                *bus = (struct answer_bus){ NULL, NULL };
                r = read_string(message, &bus->name);
                if (r < 0)
                        return r;
                r = read_string(message, &bus->state);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

struct field {
        const char *key, *type;
        int (*read)(sd_bus_message *message, void *ret);
        size_t offset; /* of what read() fills in, in the struct of the answer */
};

#define STATUS(member) offsetof(struct answer_status, member)
#define DEVICE(member) offsetof(struct answer_device, member)
#define CLIENT(member) offsetof(struct answer_client, member)

static const struct field status_fields[] = {
        { "Version", "s", read_string, STATUS(version) },
        { "Mode", "s", read_string, STATUS(mode) },
        { "Gate", "s", read_string, STATUS(gate) },
        { "Wish", "s", read_string, STATUS(wish) },
        { "Buses", "a{ss}", read_buses, 0 },
        { "PolicySource", "s", read_string, STATUS(policy_source) },
        { "PolicyVersion", "u", read_u32, STATUS(policy_version) },
        { "PolicyError", "s", read_string, STATUS(policy_error) },
        { "Since", "t", read_u64, STATUS(since) },
        { "Devices", "u", read_u32, STATUS(devices) },
        { "Refused", "u", read_u32, STATUS(refused) },
        { "Busy", "u", read_u32, STATUS(busy) },
        { "Clients", "s", read_string, STATUS(clients) },
        { "Spool", "s", read_string, STATUS(spool) },
        { "SpoolQueue", "u", read_u32, STATUS(queue) },
        { "SpoolDropped", "t", read_u64, STATUS(dropped) },
        { "SetAside", "u", read_u32, STATUS(aside) },
        { NULL, NULL, NULL, 0 },
};

static const struct field device_fields[] = {
        { "Id", "s", read_string, DEVICE(id) },
        { "Kind", "s", read_string, DEVICE(kind) },
        { "Vendor", "s", read_string, DEVICE(vendor) },
        { "Product", "s", read_string, DEVICE(product) },
        { "Name", "s", read_string, DEVICE(name) },
        { "State", "s", read_string, DEVICE(state) },
        { "Rule", "s", read_string, DEVICE(rule) },
        { "Reason", "s", read_string, DEVICE(reason) },
        { "Since", "t", read_u64, DEVICE(since) },
        { "Until", "t", read_u64, DEVICE(until) },
        { "Audit", "b", read_bool, DEVICE(audit) },
        { "Nodes", "as", read_nodes, 0 },
        { "Serial", "b", read_bool, DEVICE(serial) },
        { "Users", "b", read_bool, DEVICE(users) },
        { NULL, NULL, NULL, 0 },
};

static const struct field client_fields[] = {
        { "Client", "s", read_string, CLIENT(client) },
        { "Label", "s", read_string, CLIENT(label) },
        { "Service", "s", read_string, CLIENT(service) },
        { "Category", "s", read_string, CLIENT(category) },
        { "Evidence", "s", read_string, CLIENT(evidence) },
        { "Verdict", "s", read_string, CLIENT(verdict) },
        { "Rule", "s", read_string, CLIENT(rule) },
        { "Reason", "s", read_string, CLIENT(reason) },
        { "Running", "b", read_bool, CLIENT(running) },
        { "Since", "t", read_u64, CLIENT(since) },
        { "Pids", "au", read_pids, 0 },
        { NULL, NULL, NULL, 0 },
};

/* The value of one entry, already inside the variant's dictionary entry. */
static int read_field(struct bus *bus, sd_bus_message *message, const struct field *fields, const char *key, void *ret)
{
        const char *type;
        int r;

        for (; fields->key; fields++)
                if (strcmp(fields->key, key) == 0)
                        break;
        if (!fields->key)
                return sd_bus_message_skip(message, "v");
        r = sd_bus_message_peek_type(message, NULL, &type);
        if (r < 0)
                return r;
        if (strcmp(type, fields->type) != 0) {
                snprintf(bus->message, sizeof(bus->message), "%s has type %s instead of %s", key, type, fields->type);
                return -EBADMSG;
        }
        r = sd_bus_message_enter_container(message, 'v', fields->type);
        if (r < 0)
                return r;
        r = fields->read(message, (char *) ret + fields->offset);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}

/* Strings that were not sent become "", so that nobody after this has to think of NULL. */
static int fill_up(const struct field *fields, void *ret)
{
        for (; fields->key; fields++) {
                char **string;

                if (fields->read != read_string)
                        continue;
                string = (char **) ((char *) ret + fields->offset);
                if (!*string)
                        *string = strdup("");
                if (!*string)
                        return -ENOMEM;
        }
        return 0;
}

static int read_dictionary(struct bus *bus, sd_bus_message *message, const struct field *fields, void *ret)
{
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const char *key;

                r = sd_bus_message_read_basic(message, 's', &key);
                if (r < 0)
                        return r;
                r = read_field(bus, message, fields, key, ret);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        return fill_up(fields, ret);
}

/* What an error of the bus or of the agent means for us. */
static int understand(struct bus *bus, const sd_bus_error *error, int r)
{
        static const struct {
                const char *name;
                enum bus_answer answer;
        } names[] = {
                { SD_BUS_ERROR_SERVICE_UNKNOWN, BUS_ABSENT },
                { SD_BUS_ERROR_NAME_HAS_NO_OWNER, BUS_ABSENT },
                { SD_BUS_ERROR_ACCESS_DENIED, BUS_DENIED },
                { SD_BUS_ERROR_AUTH_FAILED, BUS_DENIED },
                { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, BUS_DENIED },
                { SD_BUS_ERROR_NO_REPLY, BUS_SILENT },
                { SD_BUS_ERROR_TIMEOUT, BUS_SILENT },
                { "org.lekdicht.Error.UnknownDevice", BUS_UNKNOWN_DEVICE },
        };

        snprintf(bus->message, sizeof(bus->message), "%s", error->message ? error->message : "");
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (sd_bus_error_has_name(error, names[i].name))
                        return names[i].answer;
        if (r == -ETIMEDOUT)
                return BUS_SILENT;
        if (bus->message[0] == '\0')
                snprintf(bus->message, sizeof(bus->message), "%s", error->name ? error->name : strerror(-r));
        return BUS_FAILED;
}

static int call_on(struct bus *bus, const char *interface, const char *method, unsigned seconds, sd_bus_message **ret,
                   const char *types, va_list arguments)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        CLEANUP(cleanup_message) sd_bus_message *request = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus->connection, &request, AGENT_NAME, AGENT_PATH, interface, method);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(request, false);
        if (r < 0)
                return r;
        r = sd_bus_message_set_allow_interactive_authorization(request, true);
        if (r < 0)
                return r;
        if (types) {
                r = sd_bus_message_appendv(request, types, arguments);
                if (r < 0)
                        return r;
        }
        r = sd_bus_call(bus->connection, request, seconds * USEC_PER_SEC, &error, ret);
        if (r < 0)
                r = understand(bus, &error, r);
        else
                r = BUS_OK;
        sd_bus_error_free(&error);
        return r;
}

/* A person may take minutes for a password, a hung agent must not: so before a long wait it has to show that it lives.
 * types, if not NULL, and what follows are as for sd_bus_message_append(3). */
static int call(struct bus *bus, const char *method, unsigned seconds, sd_bus_message **ret, const char *types, ...)
{
        va_list arguments;
        int r = BUS_OK;

        if (!bus->connection)
                return BUS_NONE;
        bus->message[0] = '\0';
        va_start(arguments, types);
        if (seconds > BUS_WAIT_SECONDS) {
                CLEANUP(cleanup_message) sd_bus_message *pong = NULL;

                r = call_on(bus, "org.freedesktop.DBus.Peer", "Ping", BUS_WAIT_SECONDS, &pong, NULL, arguments);
        }
        if (r == BUS_OK)
                r = call_on(bus, AGENT_NAME, method, seconds, ret, types, arguments);
        va_end(arguments);
        return r;
}

/* An answer that could not be read: out of memory is ours, all else is theirs. */
static int garbled(struct bus *bus, int r)
{
        if (r == -ENOMEM)
                return r;
        if (bus->message[0] == '\0')
                snprintf(bus->message, sizeof(bus->message), "%s", strerror(-r));
        return BUS_GARBLED;
}

int bus_new(struct bus **ret)
{
        struct bus *bus;
        int r;

        bus = calloc(1, sizeof(*bus));
        if (!bus)
                return -ENOMEM;
        r = sd_bus_open_system(&bus->connection);
        if (r < 0) {
                bus->connection = NULL;
                snprintf(bus->message, sizeof(bus->message), "%s", strerror(-r));
        }
        *ret = bus;
        return r < 0 ? BUS_NONE : BUS_OK;
}

int bus_status(struct bus *bus, struct answer_status *ret)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;
        struct answer_status status = { 0 };
        int r;

        r = call(bus, "Status", BUS_WAIT_SECONDS, &reply, NULL);
        if (r != BUS_OK)
                return r;
        r = read_dictionary(bus, reply, status_fields, &status);
        if (r < 0) {
                answer_status_clear(&status);
                return garbled(bus, r);
        }
        *ret = status;
        return BUS_OK;
}

int bus_devices(struct bus *bus, struct answer_devices *ret)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;
        struct answer_devices devices = { 0 };
        int r;

        r = call(bus, "ListDevices", BUS_WAIT_PERSON_SECONDS, &reply, NULL);
        if (r != BUS_OK)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(reply, false)) == 0) {
                r = grow((void **) &devices.items, devices.n, sizeof(*devices.items));
                if (r < 0)
                        break;
                devices.items[devices.n] = (struct answer_device){ 0 };
                r = read_dictionary(bus, reply, device_fields, &devices.items[devices.n++]);
        }
        if (r < 0) {
                answer_devices_clear(&devices);
                return garbled(bus, r);
        }
        *ret = devices;
        return BUS_OK;
}

int bus_clients(struct bus *bus, struct answer_clients *ret)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;
        struct answer_clients clients = { 0 };
        int r;

        r = call(bus, "ListClients", BUS_WAIT_PERSON_SECONDS, &reply, NULL);
        if (r != BUS_OK)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(reply, false)) == 0) {
                r = grow((void **) &clients.items, clients.n, sizeof(*clients.items));
                if (r < 0)
                        break;
                clients.items[clients.n] = (struct answer_client){ 0 };
                r = read_dictionary(bus, reply, client_fields, &clients.items[clients.n++]);
        }
        if (r < 0) {
                answer_clients_clear(&clients);
                return garbled(bus, r);
        }
        *ret = clients;
        return BUS_OK;
}

int bus_explain(struct bus *bus, const char *id, struct answer_device *ret)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;
        struct answer_device device = { 0 };
        int r;

        r = call(bus, "Explain", BUS_WAIT_PERSON_SECONDS, &reply, "s", id);
        if (r != BUS_OK)
                return r;
        r = read_dictionary(bus, reply, device_fields, &device);
        if (r < 0) {
                answer_device_clear(&device);
                return garbled(bus, r);
        }
        *ret = device;
        return BUS_OK;
}

int bus_recent(struct bus *bus, unsigned n, const char *filter, struct answer_events *ret)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;
        struct answer_events events = { 0 };
        int r;

        r = call(bus, "Recent", BUS_WAIT_PERSON_SECONDS, &reply, "us", n, filter);
        if (r != BUS_OK)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(ts)");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'r', "ts")) > 0) {
                struct answer_event *event;

                r = grow((void **) &events.items, events.n, sizeof(*events.items));
                if (r < 0)
                        break;
                event = &events.items[events.n++];
                *event = (struct answer_event){ 0 };
                r = read_u64(reply, &event->seq);
                if (r >= 0)
                        r = read_string(reply, &event->record);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r < 0) {
                answer_events_clear(&events);
                return garbled(bus, r);
        }
        *ret = events;
        return BUS_OK;
}

static int on_recorded(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) message;
        (void) error;
        bus->recorded = true;
        return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        const char *name, *from, *to;

        (void) error;
        if (sd_bus_message_read(message, "sss", &name, &from, &to) < 0)
                return 0;
        bus->recorded = to[0] != '\0'; /* a new agent may know of more */
        bus->vanished = to[0] == '\0';
        return 0;
}

int bus_follow(struct bus *bus)
{
        int r;

        if (!bus->connection)
                return BUS_NONE;
        r = sd_bus_match_signal(bus->connection, NULL, AGENT_NAME, AGENT_PATH, AGENT_NAME, "Recorded", on_recorded,
                                bus);
        if (r >= 0)
                r = sd_bus_add_match(bus->connection, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" AGENT_NAME "'",
                                     on_owner_changed, bus);
        return r < 0 ? r : BUS_OK;
}

int bus_wait(struct bus *bus)
{
        for (;;) {
                int r = sd_bus_process(bus->connection, NULL);

                if (r == 0 && bus->vanished) {
                        bus->vanished = false;
                        return BUS_ABSENT;
                }
                if (r == 0 && bus->recorded) {
                        bus->recorded = false;
                        return BUS_OK;
                }
                if (r == 0)
                        r = sd_bus_wait(bus->connection, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return BUS_NONE;
        }
}

int bus_set_gate(struct bus *bus, bool open)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;

        return call(bus, "SetGate", BUS_WAIT_PERSON_SECONDS, &reply, "s", open ? "open" : "closed");
}

int bus_grant(struct bus *bus, const char *id, bool read_only, unsigned minutes, const char *reason, bool keep,
              uint64_t *ret_until)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;
        int r;

        r = call(bus, "Grant", BUS_WAIT_PERSON_SECONDS, &reply, "ssusb", id, read_only ? "read-only" : "allow",
                 (uint32_t) minutes, reason, (int) keep);
        if (r != BUS_OK)
                return r;
        r = sd_bus_message_read(reply, "t", ret_until);
        return r < 0 ? garbled(bus, r) : BUS_OK;
}

int bus_revoke(struct bus *bus, const char *id)
{
        CLEANUP(cleanup_message) sd_bus_message *reply = NULL;

        return call(bus, "Revoke", BUS_WAIT_PERSON_SECONDS, &reply, "s", id);
}

const char *bus_message(const struct bus *bus)
{
        return bus->message;
}

struct bus *bus_free(struct bus *bus)
{
        if (!bus)
                return NULL;
        sd_bus_flush_close_unref(bus->connection);
        free(bus);
        return NULL;
}
