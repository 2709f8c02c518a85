/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Grants for a while, on the bus. What is asked for is looked at again after polkit has answered: by then the device may be
 * another one. */

#include <errno.h>
#include <string.h>

#include "agent/busparts.h"
#include "agent/gatewatch.h"
#include "common/text.h"

#define ACTION_GRANT "org.lekdicht.agent1.grant"

struct request {
        const char *id, *access, *reason;
        uint32_t minutes;
        int keep;
};

static int invalid(sd_bus_message *message, const char *why)
{
        return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT, "%s", why);
}

static int cannot(sd_bus_message *message, const char *why)
{
        return sd_bus_reply_method_errorf(message, ERROR_GRANT_FAILED, "%s", why);
}

static int read_request(sd_bus_message *message, struct request *ret)
{
        return sd_bus_message_read(message, "ssusb", &ret->id, &ret->access, &ret->minutes, &ret->reason, &ret->keep);
}

/* "allow" and "read-only", as in the policy; ACCESS_BLOCK: neither. */
static enum access access_of(const char *name)
{
        if (strcmp(name, "allow") == 0)
                return ACCESS_ALLOW;
        return strcmp(name, "read-only") == 0 ? ACCESS_READ_ONLY : ACCESS_BLOCK;
}

/* It ends up on one line, in events and in notices of errors. */
static bool is_fit(const char *reason)
{
        char clean[LEASE_REASON_MAX + 1];
        size_t length = strlen(reason);

        return length > 0 && length <= LEASE_REASON_MAX && text_clean(reason, length, clean, sizeof(clean)) == length &&
               strcmp(clean, reason) == 0;
}

/* What is wrong with the words of the request, or NULL. */
static const char *wrong_with(const struct request *request)
{
        if (strlen(request->id) > BUS_ID_MAX)
                return "a device's name has at most 64 bytes";
        if (access_of(request->access) == ACCESS_BLOCK)
                return "a grant is \"allow\" or \"read-only\"";
        if (request->minutes < LEASE_MINUTES_MIN || request->minutes > LEASE_MINUTES_MAX)
                return "a grant is for 3 to 1440 minutes; what is needed longer belongs in the policy, with an until";
        if (!is_fit(request->reason))
                return "a grant needs a reason, one line of plain text of at most 120 bytes";
        return NULL;
}

_Static_assert(BUS_ID_MAX == 64 && LEASE_MINUTES_MIN == 3 && LEASE_MINUTES_MAX == 1440 && LEASE_REASON_MAX == 120,
               "the bounds in the texts above");

/* Why this device gets none, or NULL. */
static const char *wrong_with_device(const struct agent *agent, const struct device *device, enum access access)
{
        if (gatewatch_is_audit(agent->gatewatch))
                return "the policy says mode = audit: nothing is held, and so there is nothing to grant";
        if (device->exempt)
                return "it carries the system and is never shut";
        if (device->bus == DEVICE_PCI)
                return "an NVMe disk at an external port cannot be let in alone; lekdicht gate open shows it";
        if (!device->strings_known)
                return "it has not said yet what it is; try again in a moment";
        if (access == ACCESS_READ_ONLY && storage_kind_is_phone(device->kind))
                return "no phone can be opened for reading only";
        return NULL;
}

static int grant_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        struct agent *agent = bus->agent;
        struct request request;
        struct device *device;
        const char *wrong;
        uint64_t until;
        int r = read_request(message, &request);

        if (r < 0)
                return r;
        wrong = wrong_with(&request);
        if (wrong)
                return invalid(message, wrong);
        device = inventory_find(agent->inventory, request.id);
        if (!device)
                return sd_bus_reply_method_errorf(message, ERROR_UNKNOWN_DEVICE, "no storage device is called %s",
                                                  request.id);
        wrong = wrong_with_device(agent, device, access_of(request.access));
        if (wrong)
                return cannot(message, wrong);
        r = leases_give(agent->leases, device, access_of(request.access), request.minutes, request.reason, request.keep,
                        &until);
        if (r == -ENOSPC)
                return cannot(message, "there are 16 grants already; take one back first");
        if (r < 0)
                return cannot(message, strerror(-r));
        return sd_bus_reply_method_return(message, "t", until);
}

_Static_assert(LEASES_MAX == 16, "the bound in the text above");

int lease_calls_grant(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;
        struct request request;
        const struct device *device;
        int r = read_request(message, &request);

        (void) error;
        if (r >= 0)
                r = sd_bus_message_rewind(message, true);
        if (r < 0)
                return r;
        device = wrong_with(&request) ? NULL : inventory_find(bus->agent->inventory, request.id);
        if (device)
                leases_asked(bus->agent->leases, device);
        return polkit_check(bus->polkit, message, ACTION_GRANT, grant_now, bus);
}

static int revoke_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        const char *id;
        int r = sd_bus_message_read(message, "s", &id);

        if (r < 0)
                return r;
        if (leases_revoke(bus->agent->leases, id) < 0)
                return sd_bus_reply_method_errorf(message, ERROR_UNKNOWN_DEVICE,
                                                  "no grant is held by a device called %s", id);
        return sd_bus_reply_method_return(message, "");
}

int lease_calls_revoke(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_GRANT, revoke_now, bus);
}
