/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Words for what the agent answers in keywords. A keyword that is not known here is shown as it came, so a newer agent
 * does not make an older command silent. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/device.h"
#include "cli/when.h"

struct words {
        const char *keyword, *words;
};

static const struct words kinds[] = {
        { "usb-disk", "USB stick or disk" },
        { "sd-card", "memory card" },
        { "optical", "CD or DVD drive" },
        { "external-disk", "external disk" },
        { "phone-mtp", "phone (files by MTP)" },
        { "phone-ptp", "phone or camera (pictures by PTP)" },
        { "phone-apple", "iPhone or iPad" },
        { "phone-adb", "phone (debugging by ADB)" },
        { NULL, NULL },
};

static const struct words states[] = {
        { "refused", "it does not open" },
        { "allowed", "it opens as usual" },
        { "read-only", "it opens for reading: nothing can be written to it" },
        { "exempt", "it carries this system and is never touched" },
        { "held", "it stays shut: there is nothing on it that is ever opened, or somebody else switched it off" },
        { "pending", "it stays shut until it is judged" },
        { "busy", "it is to be shut or made read-only, but is in use" },
        { "failed", "what the rule says could not be done; see journalctl -u lekdichtd" },
        { "gate-open", "it opens because the gate is open, whatever the policy says" },
        { NULL, NULL },
};

static const char *find(const struct words *words, const char *keyword)
{
        for (; words->keyword; words++)
                if (strcmp(words->keyword, keyword) == 0)
                        return words->words;
        return NULL;
}

const char *device_kind_words(const char *kind)
{
        return find(kinds, kind);
}

const char *device_state_words(const char *state)
{
        return find(states, state);
}

void device_usb_id(const struct answer_device *device, char *ret, size_t size)
{
        if (*device->vendor)
                snprintf(ret, size, "%s:%s", device->vendor, device->product);
        else
                snprintf(ret, size, "%s", "");
}

char *device_nodes(const struct answer_device *device)
{
        size_t size = 1;
        char *nodes, *out;

        for (size_t i = 0; i < device->n_nodes; i++)
                size += strlen(device->nodes[i]) + strlen(", ");
        nodes = out = malloc(size);
        if (!nodes)
                return NULL;
        *out = '\0';
        for (size_t i = 0; i < device->n_nodes; i++)
                out = stpcpy(stpcpy(out, i ? ", " : ""), device->nodes[i]);
        return nodes;
}

void device_json(struct jsonw *json, const struct answer_device *device)
{
        char since[WHEN_MAX], until[WHEN_MAX];

        when_utc(device->since, since);
        when_utc(device->until, until);
        jsonw_begin_object(json, NULL);
        jsonw_string(json, "id", device->id);
        jsonw_string(json, "kind", device->kind);
        jsonw_string(json, "vendor", device->vendor);
        jsonw_string(json, "product", device->product);
        jsonw_string(json, "name", device->name);
        jsonw_string(json, "state", device->state);
        jsonw_string(json, "rule", device->rule);
        jsonw_string(json, "reason", device->reason);
        jsonw_string(json, "since", since);
        jsonw_string(json, "until", until);
        jsonw_bool(json, "audit", device->audit);
        jsonw_bool(json, "serial", device->serial);
        jsonw_bool(json, "users", device->users);
        jsonw_begin_array(json, "nodes");
        for (size_t i = 0; i < device->n_nodes; i++)
                jsonw_string(json, NULL, device->nodes[i]);
        jsonw_end_array(json);
        jsonw_end_object(json);
}
