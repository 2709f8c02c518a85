/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Devices: what was judged, opened, refused, granted, unplugged, and what the gate could not do. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "agent/drift.h"
#include "agent/entry.h"
#include "agent/gatekeeper.h"
#include "agent/record.h"

#define GATE_FAILED    "lekdicht.gate.failed"
#define GATE_FAILED_ID "8b6d490a53c24593af2e82cc44d69c5a"

static void add_usb_id(struct entry *entry, unsigned vendor, unsigned product)
{
        char id[8];

        snprintf(id, sizeof(id), "%04x", vendor & 0xffff);
        entry_add(entry, "LEKDICHT_VENDOR", "%s", id);
        entry_set_string(entry, EVENT_KEY_VENDOR_ID, id);
        snprintf(id, sizeof(id), "%04x", product & 0xffff);
        entry_add(entry, "LEKDICHT_PRODUCT", "%s", id);
        entry_set_string(entry, EVENT_KEY_PRODUCT_ID, id);
}

/* Of a phone nobody writes down which one it is. */
static void add_kind(struct entry *entry, enum storage_kind kind, bool has_usb_id, unsigned vendor, unsigned product,
                     const char *port)
{
        entry_add(entry, "LEKDICHT_KIND", "%s", storage_kind_name(kind));
        entry_set_string(entry, EVENT_KEY_DEVICE_KIND, storage_kind_name(kind));
        if (has_usb_id)
                add_usb_id(entry, vendor, product);
        entry_add(entry, "LEKDICHT_PORT", "%s", port);
        entry_set_string(entry, EVENT_KEY_PORT, port);
}

void record_subject(const struct device *device, bool open, struct record_subject *ret)
{
        *ret = (struct record_subject){
                .kind = device->kind,
                .private = device->phone.is,
                .has_usb_id = device->has_usb_id && !device->phone.is,
                .vendor = device->phone.is ? 0 : device->vendor,
                .product = device->phone.is ? 0 : device->product,
                .verdict = device->verdict,
                .found = device->found,
                .open = open,
                .usec = device->judged_usec - device->seen_usec,
        };
        snprintf(ret->port, sizeof(ret->port), "%s", device->target.name);
        if (!ret->private)
                snprintf(ret->name, sizeof(ret->name), "%s", device_name(device));
}

#define RECORD_IDS_MAX  16U
#define RECORD_SPAN_MAX 48U

/* " (0951:1666)", or "". Returns buffer. */
static const char *usb_ids(const struct record_subject *subject, char buffer[RECORD_IDS_MAX])
{
        buffer[0] = '\0';
        if (subject->has_usb_id)
                snprintf(buffer, RECORD_IDS_MAX, " (%04x:%04x)", subject->vendor, subject->product);
        return buffer;
}

static void add_subject(struct entry *entry, const struct record_subject *subject, const char *reason)
{
        const struct verdict *verdict = &subject->verdict;

        add_kind(entry, subject->kind, subject->has_usb_id, subject->vendor, subject->product, subject->port);
        entry_set_string(entry, EVENT_KEY_PRODUCT_NAME, subject->name);
        entry_add(entry, "LEKDICHT_RULE", "%s", verdict->rule);
        entry_set_string(entry, EVENT_KEY_RULE, verdict->rule);
        entry_add_reason(entry, reason);
        entry_add(entry, "LEKDICHT_AUDIT", "%s", verdict->audit ? "yes" : "no");
        entry_set_bool(entry, EVENT_KEY_AUDIT, verdict->audit);
}

void record_verdict(const struct record_subject *subject, struct record_receipt *ret)
{
        const struct verdict *verdict = &subject->verdict;
        struct entry entry;
        /* What opened was found to be encrypted; in audit mode nobody looks. */
        bool found = verdict->by_rule == ACCESS_ENCRYPTED && !subject->open;
        bool less = verdict->by_rule != ACCESS_ALLOW && !found;
        enum event_name name = subject->found && !subject->open              ? EVENT_DEVICE_INVENTORY
                               : !less || (subject->open && !verdict->audit) ? EVENT_DEVICE_OPENED
                               : verdict->by_rule == ACCESS_READ_ONLY        ? EVENT_DEVICE_READONLY
                                                                             : EVENT_DEVICE_REFUSED;
        const char *prefix = "";
        char ids[RECORD_IDS_MAX];

        if (name == EVENT_DEVICE_INVENTORY)
                prefix = "still ";
        else if (subject->open && less && !verdict->audit)
                prefix = "the gate is open; else ";
        entry_message(&entry, "%s at %s%s: %s%s", storage_kind_name(subject->kind), subject->port,
                      usb_ids(subject, ids), prefix, verdict->reason);
        entry_begin(&entry, name, name == EVENT_DEVICE_REFUSED ? LOG_NOTICE : LOG_INFO);
        add_subject(&entry, subject, verdict->reason);
        entry_add(&entry, "LEKDICHT_GATE", "%s", subject->open ? "open" : "closed");
        entry_add(&entry, "LEKDICHT_USEC_TO_VERDICT", "%" PRIu64, subject->usec);
        entry_set_int(&entry, EVENT_KEY_VERDICT_USEC, subject->usec);
        entry_finish(&entry, ret);
}

void record_grant(enum event_name name, const struct record_subject *subject, const char *reason,
                  struct record_receipt *ret)
{
        struct entry entry;
        char ids[RECORD_IDS_MAX];

        entry_message(&entry, "grant for %s at %s%s: %s: %s", storage_kind_name(subject->kind), subject->port,
                      usb_ids(subject, ids), strrchr(event_name_string(name), '.') + 1, reason);
        entry_begin(&entry, name, LOG_NOTICE);
        add_subject(&entry, subject, reason);
        entry_finish(&entry, ret);
}

/* "5 s", "12 min", "3 h 7 min", "2 days 3 h". Returns buffer. */
static const char *span(uint64_t seconds, char buffer[RECORD_SPAN_MAX])
{
        uint64_t minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

        if (days > 0)
                snprintf(buffer, RECORD_SPAN_MAX, "%" PRIu64 " day%s %" PRIu64 " h", days, days == 1 ? "" : "s",
                         hours % 24);
        else if (hours > 0)
                snprintf(buffer, RECORD_SPAN_MAX, "%" PRIu64 " h %" PRIu64 " min", hours, minutes % 60);
        else if (minutes > 0)
                snprintf(buffer, RECORD_SPAN_MAX, "%" PRIu64 " min", minutes);
        else
                snprintf(buffer, RECORD_SPAN_MAX, "%" PRIu64 " s", seconds);
        return buffer;
}

void record_removed(const struct record_subject *subject, const uint64_t *seconds)
{
        char ids[RECORD_IDS_MAX], time[RECORD_SPAN_MAX], reason[VERDICT_REASON_MAX + RECORD_SPAN_MAX + 16];
        struct entry entry;

        if (seconds)
                snprintf(reason, sizeof(reason), "was in for %s; %s", span(*seconds, time), subject->verdict.reason);
        else
                snprintf(reason, sizeof(reason), "%s", subject->verdict.reason);
        entry_message(&entry, "%s at %s%s was unplugged: %s", storage_kind_name(subject->kind), subject->port,
                      usb_ids(subject, ids), reason);
        entry_begin(&entry, EVENT_DEVICE_REMOVED, LOG_INFO);
        add_subject(&entry, subject, reason);
        if (seconds) {
                entry_add(&entry, "LEKDICHT_SECONDS", "%" PRIu64, *seconds);
                entry_set_int(&entry, EVENT_KEY_DEVICE_SECONDS, *seconds);
        }
        entry_end(&entry);
}

void record_empty(const struct device *device)
{
        char reason[VERDICT_REASON_MAX];
        struct record_subject subject;
        struct entry entry;
        char ids[RECORD_IDS_MAX];

        record_subject(device, false, &subject);
        snprintf(reason, sizeof(reason), "a card reader without a card; with one in it: %s", subject.verdict.rule);
        entry_message(&entry, "%s at %s%s: %s", storage_kind_name(subject.kind), subject.port, usb_ids(&subject, ids),
                      reason);
        entry_begin(&entry, EVENT_DEVICE_INVENTORY, LOG_INFO);
        add_subject(&entry, &subject, reason);
        entry_end(&entry);
}

/* CDC, its data, and wireless (USB-IF defined class codes). Modems are often of the vendor's own class. */
static bool is_network(const struct usbdesc *desc)
{
        return usbdesc_has_class(desc, 0x02) || usbdesc_has_class(desc, 0x0a) || usbdesc_has_class(desc, 0xe0);
}

void record_switched(const struct device *device, uint16_t vendor, uint16_t product)
{
        char reason[VERDICT_REASON_MAX];
        struct entry entry;

        snprintf(reason, sizeof(reason), "showed a CD with drivers first (%04x:%04x) and is %s now; it is not touched",
                 vendor, product, is_network(&device->desc) ? "a network device" : "something without storage");
        entry_message(&entry, "%s (%04x:%04x): %s", device->target.name, device->vendor, device->product, reason);
        entry_begin(&entry, EVENT_DEVICE_INVENTORY, LOG_INFO);
        add_usb_id(&entry, device->vendor, device->product);
        entry_add(&entry, "LEKDICHT_PORT", "%s", device->target.name);
        entry_set_string(&entry, EVENT_KEY_PORT, device->target.name);
        entry_add_reason(&entry, reason);
        entry_end(&entry);
}

void record_device_drift(const struct device *device, const struct target *target)
{
        bool readonly = target->wish == VERB_READONLY;
        char reason[VERDICT_REASON_MAX];
        struct entry entry;

        snprintf(reason, sizeof(reason), "%s; for %" PRIu64 " s at most",
                 readonly ? "made writable by someone else" : "switched on again by someone else",
                 drift_at_most_sec(target->right_usec));
        entry_message(&entry, "%s was %s; %s", target->name, reason,
                      readonly ? "closed, and opened read-only anew" : "refused again");
        entry_begin(&entry, EVENT_DEVICE_DRIFT, LOG_WARNING);
        add_kind(&entry, device->kind, device->has_usb_id && !device->phone.is, device->vendor, device->product,
                 device->target.name);
        entry_add_reason(&entry, reason);
        entry_end(&entry);
}

void record_gate_trouble(const char *name, enum verb verb, int status, const char *output, bool retry)
{
        struct entry entry;

        entry_message(&entry, "lekdicht-gate %s%s%s: exit %d%s: %s", gatekeeper_verb_name(verb), name[0] ? " " : "",
                      name, status, retry ? ", will be tried again" : "", output);
        if (name[0]) {
                char reason[128];

                /* The gate's own words may name a place on this machine; they stay on it. */
                snprintf(reason, sizeof(reason), "lekdicht-gate %s: exit %d%s", gatekeeper_verb_name(verb), status,
                         retry ? ", will be tried again" : "");
                entry_begin(&entry, EVENT_DEVICE_FAILED, retry ? LOG_WARNING : LOG_ERR);
                entry_add(&entry, "LEKDICHT_PORT", "%s", name);
                entry_set_string(&entry, EVENT_KEY_PORT, name);
                entry_set_string(&entry, EVENT_KEY_REASON, reason);
        } else {
                entry_begin(&entry, ENTRY_JOURNAL_ALONE, retry ? LOG_WARNING : LOG_ERR);
                entry_add(&entry, "MESSAGE_ID", "%s", GATE_FAILED_ID);
                entry_add(&entry, "LEKDICHT_EVENT", "%s", GATE_FAILED);
        }
        entry_end(&entry);
}

void record_gate_slow(const char *name, enum verb verb)
{
        record_note(LOG_WARNING, "lekdicht-gate %s%s%s takes longer than %llu s: a device keeps the kernel waiting",
                    gatekeeper_verb_name(verb), name[0] ? " " : "", name, GATEKEEPER_SLOW_USEC / 1000000ULL);
}
