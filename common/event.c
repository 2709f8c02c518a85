/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Names, keys and severities are tables, so that what can be recorded at all can be read in one place, and by people
 * who do not read C: the staff council is to see this list. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/event.h"
#include "common/text.h"

static const struct {
        const char *string, *words;
        enum event_severity severity;
} names[_EVENT_NAME_MAX] = {
        [EVENT_DEVICE_REFUSED] = { "lekdicht.device.refused", "Device refused", EVENT_WARN },
        [EVENT_DEVICE_OPENED] = { "lekdicht.device.opened", "Device opened", EVENT_INFO },
        [EVENT_DEVICE_READONLY] = { "lekdicht.device.readonly", "Device opened read-only", EVENT_INFO },
        [EVENT_DEVICE_CLOSED] = { "lekdicht.device.closed", "Device closed", EVENT_INFO },
        [EVENT_DEVICE_REMOVED] = { "lekdicht.device.removed", "Device removed", EVENT_DEBUG },
        [EVENT_DEVICE_INVENTORY] = { "lekdicht.device.inventory", "Device was there", EVENT_DEBUG },
        [EVENT_DEVICE_DRIFT] = { "lekdicht.device.drift", "Refused device switched on by something else", EVENT_FATAL },
        [EVENT_DEVICE_FAILED] = { "lekdicht.device.failed", "Device could not be handled", EVENT_ERROR },
        [EVENT_GRANT_REQUESTED] = { "lekdicht.grant.requested", "Exception asked for", EVENT_INFO },
        [EVENT_GRANT_GIVEN] = { "lekdicht.grant.given", "Exception given", EVENT_INFO },
        [EVENT_GRANT_USED] = { "lekdicht.grant.used", "Exception used", EVENT_INFO },
        [EVENT_GRANT_ENDING] = { "lekdicht.grant.ending", "Exception is ending", EVENT_INFO },
        [EVENT_GRANT_ENDED] = { "lekdicht.grant.ended", "Exception ended", EVENT_INFO },
        [EVENT_CLIENT_RUNNING] = { "lekdicht.client.running", "Sync client running", EVENT_WARN },
        [EVENT_CLIENT_LINKED] = { "lekdicht.client.linked", "Sync client set up", EVENT_WARN },
        [EVENT_CLIENT_INSTALLED] = { "lekdicht.client.installed", "Sync client installed", EVENT_INFO },
        [EVENT_CLIENT_STOPPED] = { "lekdicht.client.stopped", "Sync client stopped", EVENT_WARN },
        [EVENT_GATE_CLOSED] = { "lekdicht.gate.closed", "Gate closed", EVENT_INFO },
        [EVENT_GATE_OPENED] = { "lekdicht.gate.opened", "Gate opened", EVENT_WARN },
        [EVENT_GATE_DRIFT] = { "lekdicht.gate.drift", "Gate changed by something else", EVENT_FATAL },
        [EVENT_GATE_EXEMPT] = { "lekdicht.gate.exempt", "Left alone: carries the system", EVENT_INFO },
        [EVENT_POLICY_APPLIED] = { "lekdicht.policy.applied", "Policy applied", EVENT_INFO },
        [EVENT_POLICY_REJECTED] = { "lekdicht.policy.rejected", "Policy rejected", EVENT_ERROR },
        [EVENT_AGENT_STARTED] = { "lekdicht.agent.started", "Agent started", EVENT_INFO },
        [EVENT_AGENT_STOPPED] = { "lekdicht.agent.stopped", "Agent stopped", EVENT_INFO },
        [EVENT_AGENT_HEARTBEAT] = { "lekdicht.agent.heartbeat", "Sign of life", EVENT_TRACE },
        [EVENT_SPOOL_DROPPED] = { "lekdicht.spool.dropped", "Events were dropped", EVENT_ERROR },
        [EVENT_IDENTITY_CLONED] = { "lekdicht.identity.cloned", "Identity is a copy", EVENT_ERROR },
};

static const struct {
        const char *string;
        enum event_type type;
} keys[_EVENT_KEY_MAX] = {
        [EVENT_KEY_DEVICE_KIND] = { "lekdicht.device.kind", EVENT_STRING },
        [EVENT_KEY_VENDOR_ID] = { "device.vendor.id", EVENT_STRING },
        [EVENT_KEY_PRODUCT_ID] = { "device.product.id", EVENT_STRING },
        [EVENT_KEY_VENDOR_NAME] = { "device.vendor.name", EVENT_STRING },
        [EVENT_KEY_PRODUCT_NAME] = { "device.product.name", EVENT_STRING },
        [EVENT_KEY_PORT] = { "lekdicht.port", EVENT_STRING },
        [EVENT_KEY_RULE] = { "lekdicht.rule", EVENT_STRING },
        [EVENT_KEY_REASON] = { "lekdicht.reason", EVENT_STRING },
        [EVENT_KEY_AUDIT] = { "lekdicht.audit", EVENT_BOOL },
        [EVENT_KEY_SIMULATED] = { "lekdicht.simulated", EVENT_BOOL },
        [EVENT_KEY_VERDICT_USEC] = { "lekdicht.verdict.usec", EVENT_INT },
        [EVENT_KEY_DEVICE_SECONDS] = { "lekdicht.device.seconds", EVENT_INT },
        [EVENT_KEY_SERVICE] = { "lekdicht.service", EVENT_STRING },
        [EVENT_KEY_CLIENT] = { "lekdicht.client", EVENT_STRING },
        [EVENT_KEY_CLIENT_CATEGORY] = { "lekdicht.client.category", EVENT_STRING },
        [EVENT_KEY_EVIDENCE] = { "lekdicht.evidence", EVENT_STRING },
        [EVENT_KEY_VERDICT] = { "lekdicht.verdict", EVENT_STRING },
        [EVENT_KEY_POLICY_VERSION] = { "lekdicht.policy.version", EVENT_INT },
        [EVENT_KEY_POLICY_MODE] = { "lekdicht.policy.mode", EVENT_STRING },
        [EVENT_KEY_POLICY_SOURCE] = { "lekdicht.policy.source", EVENT_STRING },
        [EVENT_KEY_PRIVACY_USER] = { "lekdicht.privacy.user", EVENT_STRING },
        [EVENT_KEY_PRIVACY_SERIAL] = { "lekdicht.privacy.serial", EVENT_STRING },
        [EVENT_KEY_CLEAN] = { "lekdicht.agent.clean", EVENT_BOOL },
        [EVENT_KEY_DROPPED_COUNT] = { "lekdicht.dropped.count", EVENT_INT },
        [EVENT_KEY_DROPPED_FIRST] = { "lekdicht.dropped.first", EVENT_INT },
        [EVENT_KEY_DROPPED_LAST] = { "lekdicht.dropped.last", EVENT_INT },
        [EVENT_KEY_GATE] = { "lekdicht.gate", EVENT_STRING },
        [EVENT_KEY_QUEUE_WAITING] = { "lekdicht.queue.waiting", EVENT_INT },
        [EVENT_KEY_QUEUE_DROPPED] = { "lekdicht.queue.dropped", EVENT_INT },
        [EVENT_KEY_QUEUE_ASIDE] = { "lekdicht.queue.aside", EVENT_INT },
};

const char *event_name_string(enum event_name name)
{
        return names[name].string;
}

const char *event_name_words(enum event_name name)
{
        return names[name].words;
}

int event_name_from_string(const char *string)
{
        for (int i = 0; i < _EVENT_NAME_MAX; i++)
                if (strcmp(names[i].string, string) == 0)
                        return i;
        return -EINVAL;
}

enum event_severity event_name_severity(enum event_name name)
{
        return names[name].severity;
}

const char *event_key_string(enum event_key key)
{
        return keys[key].string;
}

enum event_type event_key_type(enum event_key key)
{
        return keys[key].type;
}

int event_init(struct event *event, enum event_name name, uint64_t time_ns, const char *boot)
{
        if (time_ns == 0 || time_ns > INT64_MAX)
                return -EINVAL;
        if (strspn(boot, "0123456789abcdef") != EVENT_BOOT_LENGTH || boot[EVENT_BOOT_LENGTH] != '\0')
                return -EINVAL;

        event->seq = 0;
        event->time_ns = time_ns;
        event->name = name;
        event->severity = names[name].severity;
        event->n = 0;
        memcpy(event->boot, boot, sizeof(event->boot));
        return ulid_new(time_ns, event->uid);
}

static int add(struct event *event, enum event_key key, enum event_type type, struct event_attribute **ret)
{
        if (keys[key].type != type)
                return -EINVAL;
        for (size_t i = 0; i < event->n; i++)
                if (event->attributes[i].key == key)
                        return -EEXIST;
        if (event->n == EVENT_ATTRIBUTES_MAX)
                return -ENOBUFS;

        *ret = &event->attributes[event->n];
        (*ret)->key = key;
        return 0;
}

int event_set_string(struct event *event, enum event_key key, const char *value)
{
        struct event_attribute *attribute;
        int r;

        r = add(event, key, EVENT_STRING, &attribute);
        if (r < 0)
                return r;
        if (value && text_clean(value, strlen(value), attribute->string, sizeof(attribute->string)) > 0)
                event->n++;
        return 0;
}

int event_set_int(struct event *event, enum event_key key, int64_t value)
{
        struct event_attribute *attribute;
        int r;

        r = add(event, key, EVENT_INT, &attribute);
        if (r < 0)
                return r;
        attribute->integer = value;
        event->n++;
        return 0;
}

int event_set_bool(struct event *event, enum event_key key, bool value)
{
        struct event_attribute *attribute;
        int r;

        r = add(event, key, EVENT_BOOL, &attribute);
        if (r < 0)
                return r;
        attribute->boolean = value;
        event->n++;
        return 0;
}

/* OTLP writes 64-bit integers as decimal strings, since many readers of JSON only have doubles. */
static void write_decimal(struct jsonw *json, const char *key, int64_t value)
{
        char decimal[sizeof("-9223372036854775808")];

        snprintf(decimal, sizeof(decimal), "%" PRId64, value);
        jsonw_string(json, key, decimal);
}

static void begin_attribute(struct jsonw *json, const char *key)
{
        jsonw_begin_object(json, NULL);
        jsonw_string(json, "key", key);
        jsonw_begin_object(json, "value");
}

static void end_attribute(struct jsonw *json)
{
        jsonw_end_object(json);
        jsonw_end_object(json);
}

static void write_attribute(struct jsonw *json, const struct event_attribute *attribute)
{
        begin_attribute(json, keys[attribute->key].string);
        switch (keys[attribute->key].type) {
        case EVENT_STRING:
                jsonw_string(json, "stringValue", attribute->string);
                break;
        case EVENT_INT:
                write_decimal(json, "intValue", attribute->integer);
                break;
        case EVENT_BOOL:
                jsonw_bool(json, "boolValue", attribute->boolean);
                break;
        }
        end_attribute(json);
}

void event_write_otlp(const struct event *event, struct jsonw *json, const char *key)
{
        if (event->seq == 0 || event->seq > INT64_MAX) {
                if (!json->error)
                        json->error = -EINVAL;
                return;
        }

        jsonw_begin_object(json, key);
        write_decimal(json, "timeUnixNano", (int64_t) event->time_ns);
        write_decimal(json, "observedTimeUnixNano", (int64_t) event->time_ns);
        jsonw_uint(json, "severityNumber", event->severity);
        jsonw_string(json, "eventName", names[event->name].string);
        jsonw_begin_array(json, "attributes");
        begin_attribute(json, "log.record.uid");
        jsonw_string(json, "stringValue", event->uid);
        end_attribute(json);
        begin_attribute(json, "event.sequence");
        write_decimal(json, "intValue", (int64_t) event->seq);
        end_attribute(json);
        begin_attribute(json, "lekdicht.boot.id");
        jsonw_string(json, "stringValue", event->boot);
        end_attribute(json);
        for (size_t i = 0; i < event->n; i++)
                write_attribute(json, &event->attributes[i]);
        jsonw_end_array(json);
        jsonw_end_object(json);
}
