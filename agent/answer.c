/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The keys and their meaning are part of the D-Bus interface: others rely on them. */

#include <errno.h>
#include <stdio.h>

#include "agent/answer.h"
#include "agent/facts.h"
#include "agent/gateview.h"
#include "common/sysfs.h"

int answer_add(sd_bus_message *reply, const char *key, const char *type, ...)
{
        va_list arguments;
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', type);
        if (r < 0)
                return r;
        va_start(arguments, type);
        r = sd_bus_message_appendv(reply, type, arguments);
        va_end(arguments);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r;
}

static unsigned count_devices(const struct agent *agent)
{
        unsigned n = 0;

        for (const struct device *device = inventory_first(agent->inventory); device; device = device->next)
                n++;
        return n;
}

/* The interface says 'u' where the spool counts further. */
static uint32_t at_most_u32(uint64_t value)
{
        return value > UINT32_MAX ? UINT32_MAX : (uint32_t) value;
}

int answer_status(struct agent *agent, sd_bus_message *reply)
{
        const struct policystore *store = &agent->store;
        struct spool_status spool;
        struct gateview view;
        int r;

        spool_status(agent->spool, &spool);
        gatewatch_view(agent->gatewatch, &view);
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = answer_add(reply, "Version", "s", LEKDICHT_VERSION);
        if (r >= 0)
                r = answer_add(reply, "Mode", "s", store->policy->mode == POLICY_AUDIT ? "audit" : "enforce");
        if (r >= 0)
                r = answer_add(reply, "Gate", "s", gateview_gate(view.gate));
        if (r >= 0)
                r = answer_add(reply, "Wish", "s", gateview_wish(view.wish));
        if (r >= 0)
                r = answer_add(reply, "Buses", "a{ss}", 3, gateview_bus(0), gateview_bus_state(view.buses[0]),
                               gateview_bus(1), gateview_bus_state(view.buses[1]), gateview_bus(2),
                               gateview_bus_state(view.buses[2]));
        if (r >= 0)
                r = answer_add(reply, "PolicySource", "s", policy_source_name(store->source));
        if (r >= 0)
                r = answer_add(reply, "PolicyVersion", "u", (uint32_t) store->policy->version);
        if (r >= 0)
                r = answer_add(reply, "PolicyError", "s", store->error);
        if (r >= 0)
                r = answer_add(reply, "Since", "t", agent->since_usec);
        if (r >= 0)
                r = answer_add(reply, "Devices", "u", (uint32_t) count_devices(agent));
        if (r >= 0)
                r = answer_add(reply, "Refused", "u", (uint32_t) agent->n_refused);
        if (r >= 0)
                r = answer_add(reply, "Spool", "s", spool_health_name(spool.health));
        if (r >= 0)
                r = answer_add(reply, "SpoolQueue", "u", at_most_u32(spool.waiting));
        if (r >= 0)
                r = answer_add(reply, "SpoolDropped", "t", spool.dropped);
        if (r >= 0)
                r = answer_add(reply, "SetAside", "u", at_most_u32(spool.aside));
        if (r >= 0)
                r = answer_add(reply, "Clients", "s", clientwatch_how_name(clientwatch_how(agent->clientwatch)));
        if (r >= 0)
                r = answer_add(reply, "Busy", "u", (uint32_t) gatekeeper_running(agent->gatekeeper));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int add_nodes(const struct device *device, sd_bus_message *reply)
{
        char node[SYSFS_NAME_MAX];
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "Nodes");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < device->n_luns; i++)
                if (sysfs_first_entry(device->luns[i].target.dirfd, "block", node, sizeof(node)) >= 0)
                        r = sd_bus_message_append(reply, "s", node);
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

/* Why it is as it is, in one sentence. */
static void reason_of(const struct device *device, char *text, size_t size)
{
        const char *reason = device->verdict.reason;
        bool authorized;

        switch (device->state) {
        case DEVICE_PENDING:
        case DEVICE_REFUSED:
        case DEVICE_ALLOWED:
        case DEVICE_READ_ONLY:
                snprintf(text, size, "%s", reason);
                break;
        case DEVICE_EXEMPT:
                snprintf(text, size, "exempt: it carries %s", device->carries);
                break;
        case DEVICE_HELD:
                snprintf(text, size, "%s",
                         device->n_luns > 0 ? "held: nothing on it is a disk or disc"
                         : facts_authorized(device->target.dirfd, &authorized) == 0 && authorized
                                 ? "its storage is not in use"
                                 : "switched off by another program");
                break;
        case DEVICE_BUSY:
        case DEVICE_FAILED:
                snprintf(text, size, "%s, but: %s", reason, device->trouble);
                break;
        case DEVICE_GATE_OPEN:
                if (device->verdict.audit || device->verdict.by_rule == ACCESS_ALLOW)
                        snprintf(text, size, "%s", reason);
                else
                        snprintf(text, size, "the gate is open; else %s", reason);
                break;
        }
}

int answer_device(struct agent *agent, const struct device *device, sd_bus_message *reply)
{
        char reason[VERDICT_REASON_MAX + sizeof(", but: ") + DEVICE_TROUBLE_MAX], vendor[5] = "", product[5] = "";
        int r;

        if (device->has_usb_id) {
                snprintf(vendor, sizeof(vendor), "%04x", device->vendor);
                snprintf(product, sizeof(product), "%04x", device->product);
        }
        reason_of(device, reason, sizeof(reason));
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = answer_add(reply, "Id", "s", device->target.name);
        if (r >= 0)
                r = answer_add(reply, "Kind", "s", storage_kind_name(device->kind));
        if (r >= 0)
                r = answer_add(reply, "Vendor", "s", vendor);
        if (r >= 0)
                r = answer_add(reply, "Product", "s", product);
        if (r >= 0)
                r = answer_add(reply, "Name", "s", device_name(device));
        if (r >= 0)
                r = answer_add(reply, "State", "s", device_state_name(device->state));
        if (r >= 0)
                r = answer_add(reply, "Rule", "s", device->exempt ? "exempt" : device->verdict.rule);
        if (r >= 0)
                r = answer_add(reply, "Reason", "s", reason);
        if (r >= 0)
                r = answer_add(reply, "Since", "t", device->since_usec);
        if (r >= 0)
                r = answer_add(reply, "Until", "t", leases_until(agent->leases, device));
        if (r >= 0)
                r = answer_add(reply, "Audit", "b", (int) device->verdict.audit);
        if (r >= 0)
                r = add_nodes(device, reply);
        if (r >= 0)
                r = answer_add(reply, "Serial", "b", (int) (device->serial[0] && serial_identifies(device->serial)));
        if (r >= 0)
                r = answer_add(reply, "Users", "b", (int) device->by_users);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r;
}
