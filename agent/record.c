/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An entry is built on the stack as "FIELD=value" lines and sent whole, and beside it the event for the spool, which has
 * less: what is in the journal stays on the machine. Every text that came from a device was cleaned when it was read. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "agent/clientwatch.h"
#include "agent/gatekeeper.h"
#include "agent/record.h"
#include "common/event.h"

#define FIELDS_MAX 24U
#define FIELD_MAX  1024U

#define NOT_SPOOLED _EVENT_NAME_MAX /* for the journal alone */

/* MESSAGE_ID is ours for ever: journalctl MESSAGE_ID=... finds them whatever the text. */
static const char *const message_ids[_EVENT_NAME_MAX] = {
        [EVENT_AGENT_STARTED] = "d722957ee43247f0a6eeade430dc421a",
        [EVENT_AGENT_STOPPED] = "93197025f0d34ab7ab9eed1f1989c6e2",
        [EVENT_DEVICE_REFUSED] = "112d2bc9388241a1afb105c2e2806ea2",
        [EVENT_DEVICE_OPENED] = "6ae9dfc4b5574e798359d2f29ac32d04",
        [EVENT_DEVICE_READONLY] = "d4a568b2928b47b0921ed05d54d1dafe",
        [EVENT_DEVICE_REMOVED] = "a54c6a419ca54b4c85d27a6153e485ad",
        [EVENT_DEVICE_INVENTORY] = "e00ae29f49d14b738af3161d75e85511",
        [EVENT_DEVICE_DRIFT] = "5d52b7a520cb45efb45940a8dff40a10",
        [EVENT_DEVICE_FAILED] = "6cfe5c78ad4a4be7b1183833bb97a60d",
        [EVENT_GRANT_REQUESTED] = "2e47048f1b51404d9f9dc8b5561ef1ac",
        [EVENT_GRANT_GIVEN] = "3259e081be0d432bab744014b61ac352",
        [EVENT_GRANT_USED] = "e1eb36a0b4a148c9b17f8dd7500f2ad3",
        [EVENT_GRANT_ENDING] = "698619f43225485cb331c8dd1ad7d1b1",
        [EVENT_GRANT_ENDED] = "f9bf2f5a61854e0f9e9a179f664b87f0",
        [EVENT_CLIENT_LINKED] = "5d397c21ec634120b832dcb90690fb23",
        [EVENT_CLIENT_RUNNING] = "08610f8a4e6a46099d9ce2e4d8bf02b2",
        [EVENT_GATE_CLOSED] = "16180d5de91b450f908786337088cf91",
        [EVENT_GATE_OPENED] = "7722e41659d04624af4f428b748faf6e",
        [EVENT_GATE_DRIFT] = "af460d24f4cc45388fcfa658e88a2fee",
        [EVENT_GATE_EXEMPT] = "fb8093a5b463420db9b1e7215c3661bc",
        [EVENT_POLICY_APPLIED] = "f5a3560a7d5f4cf88d2b0079a5f0ebe0",
        [EVENT_POLICY_REJECTED] = "dbc76e7cc0fa41d2a566a3c98ef303e6",
        [EVENT_AGENT_HEARTBEAT] = "2f3bd0c6f0a94d8e8b5c3d1f7a6e9b04",
        [EVENT_IDENTITY_CLONED] = "8c1a6a0f5b0c4d0e9d35a0c4a1de7b92",
        [EVENT_SPOOL_DROPPED] = "1660ccc4a2fa42739ebdecd3a6263a29",
};
#define GATE_FAILED    "lekdicht.gate.failed"
#define GATE_FAILED_ID "8b6d490a53c24593af2e82cc44d69c5a"

struct entry {
        char text[FIELDS_MAX][FIELD_MAX];
        struct iovec fields[FIELDS_MAX];
        unsigned n;
        bool spooled;
        struct event event;
};

static struct {
        struct record_sink sink;
        bool on_stderr;
        struct spool *spool;
        bool simulated;
        char boot[EVENT_BOOT_LENGTH + 1];
} record;

static int send_to_journal(void *userdata, const struct iovec *fields, int n)
{
        (void) userdata;
        return sd_journal_sendv(fields, n);
}

/* Is stderr the journal already ($JOURNAL_STREAM, systemd.exec(5))? */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        uintmax_t device, inode;
        struct stat st;

        return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
               st.st_dev == device && st.st_ino == inode;
}

void record_init(const struct record_sink *sink)
{
        sd_id128_t boot;

        memset(&record, 0, sizeof(record));
        record.sink = sink ? *sink : (struct record_sink){ .send = send_to_journal };
        record.on_stderr = !stderr_is_journal();
        /* The kernel's, random and new with each boot. */
        if (sd_id128_get_boot(&boot) < 0 && sd_id128_randomize(&boot) < 0)
                boot = SD_ID128_NULL;
        sd_id128_to_string(boot, record.boot);
}

void record_to(struct spool *spool, bool simulated)
{
        record.spool = spool;
        record.simulated = simulated;
}

static void __attribute__((format(printf, 3, 4))) add(struct entry *entry, const char *field, const char *format, ...)
{
        char *text;
        size_t length;
        va_list arguments;

        if (entry->n == FIELDS_MAX)
                return;
        text = entry->text[entry->n];
        length = (size_t) snprintf(text, FIELD_MAX, "%s=", field);
        va_start(arguments, format);
        vsnprintf(text + length, FIELD_MAX - length, format, arguments);
        va_end(arguments);
        entry->fields[entry->n] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
        entry->n++;
}

/* Begins an entry: the struct is too large to be cleared. */
static void __attribute__((format(printf, 2, 3))) message(struct entry *entry, const char *format, ...)
{
        char text[FIELD_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        entry->n = 0;
        entry->spooled = false;
        add(entry, "MESSAGE", "%s", text);
}

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t) now.tv_sec * 1000000000ULL + (uint64_t) now.tv_nsec;
}

/* The message is the first field, always. */
static void begin(struct entry *entry, enum event_name name, int priority)
{
        add(entry, "PRIORITY", "%d", priority);
        add(entry, "SYSLOG_IDENTIFIER", "lekdichtd");
        if (name == NOT_SPOOLED)
                return;
        add(entry, "MESSAGE_ID", "%s", message_ids[name]);
        add(entry, "LEKDICHT_EVENT", "%s", event_name_string(name));
        entry->spooled = event_init(&entry->event, name, now_ns(), record.boot) >= 0;
        if (entry->spooled && record.simulated)
                (void) event_set_bool(&entry->event, EVENT_KEY_SIMULATED, true);
}

static void set_string(struct entry *entry, enum event_key key, const char *value)
{
        if (entry->spooled)
                (void) event_set_string(&entry->event, key, value);
}

static void set_int(struct entry *entry, enum event_key key, uint64_t value)
{
        if (entry->spooled)
                (void) event_set_int(&entry->event, key, value > INT64_MAX ? INT64_MAX : (int64_t) value);
}

static void set_bool(struct entry *entry, enum event_key key, bool value)
{
        if (entry->spooled)
                (void) event_set_bool(&entry->event, key, value);
}

/* Into the spool's queue and the journal. Returns the ticket, or 0. */
static uint64_t end(struct entry *entry)
{
        const char *message = entry->text[0] + strlen("MESSAGE=");
        uint64_t ticket = 0;

        if (entry->spooled) {
                if (record.spool)
                        ticket = spool_add(record.spool, &entry->event);
                add(entry, "LEKDICHT_UID", "%s", entry->event.uid);
                if (entry->event.seq > 0)
                        add(entry, "LEKDICHT_SEQ", "%" PRIu64, entry->event.seq);
        }
        (void) record.sink.send(record.sink.userdata, entry->fields, (int) entry->n);
        if (record.on_stderr)
                fprintf(stderr, "lekdichtd: %s\n", message);
        return ticket;
}

void record_started(const char *version)
{
        struct entry entry;

        message(&entry, "lekdichtd %s started", version);
        begin(&entry, EVENT_AGENT_STARTED, LOG_INFO);
        add(&entry, "LEKDICHT_VERSION", "%s", version);
        end(&entry);
}

void record_stopped(void)
{
        struct entry entry;

        message(&entry, "lekdichtd stops; the gate stays as it is");
        begin(&entry, EVENT_AGENT_STOPPED, LOG_INFO);
        end(&entry);
}

static void add_reason(struct entry *entry, const char *reason)
{
        add(entry, "LEKDICHT_REASON", "%s", reason);
        set_string(entry, EVENT_KEY_REASON, reason);
}

static void add_usb_id(struct entry *entry, unsigned vendor, unsigned product)
{
        char id[8];

        snprintf(id, sizeof(id), "%04x", vendor & 0xffff);
        add(entry, "LEKDICHT_VENDOR", "%s", id);
        set_string(entry, EVENT_KEY_VENDOR_ID, id);
        snprintf(id, sizeof(id), "%04x", product & 0xffff);
        add(entry, "LEKDICHT_PRODUCT", "%s", id);
        set_string(entry, EVENT_KEY_PRODUCT_ID, id);
}

/* Of a phone nobody writes down which one it is. */
static void add_kind(struct entry *entry, enum storage_kind kind, bool has_usb_id, unsigned vendor, unsigned product,
                     const char *port)
{
        add(entry, "LEKDICHT_KIND", "%s", storage_kind_name(kind));
        set_string(entry, EVENT_KEY_DEVICE_KIND, storage_kind_name(kind));
        if (has_usb_id)
                add_usb_id(entry, vendor, product);
        add(entry, "LEKDICHT_PORT", "%s", port);
        set_string(entry, EVENT_KEY_PORT, port);
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
        set_string(entry, EVENT_KEY_PRODUCT_NAME, subject->name);
        add(entry, "LEKDICHT_RULE", "%s", verdict->rule);
        set_string(entry, EVENT_KEY_RULE, verdict->rule);
        add_reason(entry, reason);
        add(entry, "LEKDICHT_AUDIT", "%s", verdict->audit ? "yes" : "no");
        set_bool(entry, EVENT_KEY_AUDIT, verdict->audit);
}

/* As end(), for who wants to know what became of it. */
static void finish(struct entry *entry, struct record_receipt *ret)
{
        ret->ticket = end(entry);
        memcpy(ret->uid, entry->spooled ? entry->event.uid : "", entry->spooled ? sizeof(ret->uid) : 1);
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
        message(&entry, "%s at %s%s: %s%s", storage_kind_name(subject->kind), subject->port, usb_ids(subject, ids),
                prefix, verdict->reason);
        begin(&entry, name, name == EVENT_DEVICE_REFUSED ? LOG_NOTICE : LOG_INFO);
        add_subject(&entry, subject, verdict->reason);
        add(&entry, "LEKDICHT_GATE", "%s", subject->open ? "open" : "closed");
        add(&entry, "LEKDICHT_USEC_TO_VERDICT", "%" PRIu64, subject->usec);
        set_int(&entry, EVENT_KEY_VERDICT_USEC, subject->usec);
        finish(&entry, ret);
}

void record_grant(enum event_name name, const struct record_subject *subject, const char *reason,
                  struct record_receipt *ret)
{
        struct entry entry;
        char ids[RECORD_IDS_MAX];

        message(&entry, "grant for %s at %s%s: %s: %s", storage_kind_name(subject->kind), subject->port,
                usb_ids(subject, ids), strrchr(event_name_string(name), '.') + 1, reason);
        begin(&entry, name, LOG_NOTICE);
        add_subject(&entry, subject, reason);
        finish(&entry, ret);
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
        message(&entry, "%s at %s%s was unplugged: %s", storage_kind_name(subject->kind), subject->port,
                usb_ids(subject, ids), reason);
        begin(&entry, EVENT_DEVICE_REMOVED, LOG_INFO);
        add_subject(&entry, subject, reason);
        if (seconds) {
                add(&entry, "LEKDICHT_SECONDS", "%" PRIu64, *seconds);
                set_int(&entry, EVENT_KEY_DEVICE_SECONDS, *seconds);
        }
        end(&entry);
}

void record_empty(const struct device *device)
{
        char reason[VERDICT_REASON_MAX];
        struct record_subject subject;
        struct entry entry;
        char ids[RECORD_IDS_MAX];

        record_subject(device, false, &subject);
        snprintf(reason, sizeof(reason), "a card reader without a card; with one in it: %s", subject.verdict.rule);
        message(&entry, "%s at %s%s: %s", storage_kind_name(subject.kind), subject.port, usb_ids(&subject, ids),
                reason);
        begin(&entry, EVENT_DEVICE_INVENTORY, LOG_INFO);
        add_subject(&entry, &subject, reason);
        end(&entry);
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
        message(&entry, "%s (%04x:%04x): %s", device->target.name, device->vendor, device->product, reason);
        begin(&entry, EVENT_DEVICE_INVENTORY, LOG_INFO);
        add_usb_id(&entry, device->vendor, device->product);
        add(&entry, "LEKDICHT_PORT", "%s", device->target.name);
        set_string(&entry, EVENT_KEY_PORT, device->target.name);
        add_reason(&entry, reason);
        end(&entry);
}

void record_device_drift(const struct device *device, const struct target *target)
{
        struct entry entry;

        message(&entry,
                target->wish == VERB_READONLY
                        ? "%s was made writable by someone else; closed, and opened read-only anew"
                        : "%s was switched on again by someone else; refused again",
                target->name);
        begin(&entry, EVENT_DEVICE_DRIFT, LOG_WARNING);
        add_kind(&entry, device->kind, device->has_usb_id && !device->phone.is, device->vendor, device->product,
                 device->target.name);
        end(&entry);
}

void record_gate_trouble(const char *name, enum verb verb, int status, const char *output, bool retry)
{
        struct entry entry;

        message(&entry, "lekdicht-gate %s%s%s: exit %d%s: %s", gatekeeper_verb_name(verb), name[0] ? " " : "", name,
                status, retry ? ", will be tried again" : "", output);
        if (name[0]) {
                char reason[128];

                /* The gate's own words may name a place on this machine; they stay on it. */
                snprintf(reason, sizeof(reason), "lekdicht-gate %s: exit %d%s", gatekeeper_verb_name(verb), status,
                         retry ? ", will be tried again" : "");
                begin(&entry, EVENT_DEVICE_FAILED, retry ? LOG_WARNING : LOG_ERR);
                add(&entry, "LEKDICHT_PORT", "%s", name);
                set_string(&entry, EVENT_KEY_PORT, name);
                set_string(&entry, EVENT_KEY_REASON, reason);
        } else {
                begin(&entry, NOT_SPOOLED, retry ? LOG_WARNING : LOG_ERR);
                add(&entry, "MESSAGE_ID", "%s", GATE_FAILED_ID);
                add(&entry, "LEKDICHT_EVENT", "%s", GATE_FAILED);
        }
        end(&entry);
}

void record_gate_slow(const char *name, enum verb verb)
{
        record_note(LOG_WARNING, "lekdicht-gate %s%s%s takes longer than %llu s: a device keeps the kernel waiting",
                    gatekeeper_verb_name(verb), name[0] ? " " : "", name, GATEKEEPER_SLOW_USEC / 1000000ULL);
}

void record_client(const struct client_row *row, const struct client_verdict *verdict, struct record_receipt *ret)
{
        bool flagged = verdict->kind == CLIENT_FLAGGED, linked = client_row_is_linked(row);
        struct entry entry;

        message(&entry, "%s %s (%s): %s", row->label, linked ? "is set up" : "runs", row->service, verdict->reason);
        begin(&entry, linked ? EVENT_CLIENT_LINKED : EVENT_CLIENT_RUNNING, flagged ? LOG_WARNING : LOG_INFO);
        if (entry.spooled && !flagged)
                entry.event.severity = EVENT_INFO;
        add(&entry, "LEKDICHT_CLIENT", "%s", row->client);
        set_string(&entry, EVENT_KEY_CLIENT, row->client);
        set_string(&entry, EVENT_KEY_SERVICE, row->service);
        set_string(&entry, EVENT_KEY_CLIENT_CATEGORY, client_category_name(row->category));
        set_string(&entry, EVENT_KEY_EVIDENCE, mark_kind_name(row->evidence));
        set_string(&entry, EVENT_KEY_VERDICT, client_verdict_name(verdict->kind));
        add(&entry, "LEKDICHT_RULE", "%s", verdict->rule);
        set_string(&entry, EVENT_KEY_RULE, verdict->rule);
        add_reason(&entry, verdict->reason);
        set_bool(&entry, EVENT_KEY_AUDIT, verdict->audit);
        ret->ticket = end(&entry);
        memcpy(ret->uid, entry.spooled ? entry.event.uid : "", entry.spooled ? sizeof(ret->uid) : 1);
}

void record_gate_closed(void)
{
        struct entry entry;

        message(&entry, "the gate is closed");
        begin(&entry, EVENT_GATE_CLOSED, LOG_NOTICE);
        end(&entry);
}

void record_gate_opened(const char *why)
{
        struct entry entry;

        message(&entry, "the gate is open: %s", why);
        begin(&entry, EVENT_GATE_OPENED, LOG_WARNING);
        add_reason(&entry, why);
        end(&entry);
}

void record_gate_drift(const char *what)
{
        struct entry entry;

        message(&entry, "the gate was not as it should be (%s) and is put right", what);
        begin(&entry, EVENT_GATE_DRIFT, LOG_WARNING);
        add_reason(&entry, what);
        end(&entry);
}

void record_rule_missed(const char *what)
{
        struct entry entry;

        message(&entry, "%s; lekdicht has to be installed again", what);
        begin(&entry, EVENT_GATE_DRIFT, LOG_ERR);
        add_reason(&entry, what);
        end(&entry);
}

void record_gate_exempt(const char *name, const char *carries)
{
        struct entry entry;

        message(&entry, "%s is exempt: it carries %s", name, carries);
        begin(&entry, EVENT_GATE_EXEMPT, LOG_NOTICE);
        add(&entry, "LEKDICHT_PORT", "%s", name);
        add(&entry, "LEKDICHT_REASON", "carries %s", carries);
        set_string(&entry, EVENT_KEY_PORT, name);
        /* Where it is mounted is nobody's business elsewhere. */
        set_string(&entry, EVENT_KEY_REASON, strcmp(carries, "swap") == 0 ? "carries swap" : "carries the system");
        end(&entry);
}

void record_policy_applied(const char *source, unsigned version, bool audit)
{
        struct entry entry;

        message(&entry, "policy version %u (%s), mode %s", version, source, audit ? "audit" : "enforce");
        begin(&entry, EVENT_POLICY_APPLIED, LOG_NOTICE);
        add(&entry, "LEKDICHT_POLICY_VERSION", "%u", version);
        add(&entry, "LEKDICHT_AUDIT", "%s", audit ? "yes" : "no");
        set_int(&entry, EVENT_KEY_POLICY_VERSION, version);
        set_string(&entry, EVENT_KEY_POLICY_MODE, audit ? "audit" : "enforce");
        set_string(&entry, EVENT_KEY_POLICY_SOURCE, source);
        /* This version knows nothing else. */
        set_string(&entry, EVENT_KEY_PRIVACY_USER, "none");
        set_string(&entry, EVENT_KEY_PRIVACY_SERIAL, "none");
        end(&entry);
}

void record_policy_rejected(const char *error, unsigned line)
{
        struct entry entry;
        char reason[64];

        message(&entry, "policy rejected: %s", error);
        begin(&entry, EVENT_POLICY_REJECTED, LOG_ERR);
        add(&entry, "LEKDICHT_REASON", "%s", error);
        /* The error names a path, and may quote what somebody wrote. */
        snprintf(reason, sizeof(reason), line > 0 ? "line %u is wrong" : "the file cannot be used", line);
        set_string(&entry, EVENT_KEY_REASON, reason);
        end(&entry);
}

uint64_t record_heartbeat(const struct record_heartbeat *heartbeat)
{
        struct entry entry;

        message(&entry, "gate %s, policy version %u (%s), %" PRIu64 " events wait", heartbeat->gate, heartbeat->version,
                heartbeat->source, heartbeat->waiting);
        begin(&entry, EVENT_AGENT_HEARTBEAT, LOG_DEBUG);
        set_string(&entry, EVENT_KEY_GATE, heartbeat->gate);
        set_int(&entry, EVENT_KEY_POLICY_VERSION, heartbeat->version);
        set_string(&entry, EVENT_KEY_POLICY_MODE, heartbeat->audit ? "audit" : "enforce");
        set_string(&entry, EVENT_KEY_POLICY_SOURCE, heartbeat->source);
        set_int(&entry, EVENT_KEY_QUEUE_WAITING, heartbeat->waiting);
        set_int(&entry, EVENT_KEY_QUEUE_DROPPED, heartbeat->dropped);
        set_int(&entry, EVENT_KEY_QUEUE_ASIDE, heartbeat->aside);
        return end(&entry);
}

void record_spool_dropped(uint64_t count, uint64_t first, uint64_t last)
{
        struct entry entry;

        message(&entry, "%" PRIu64 " events were given up (seq %" PRIu64 " to %" PRIu64 ")", count, first, last);
        begin(&entry, EVENT_SPOOL_DROPPED, LOG_ERR);
        set_int(&entry, EVENT_KEY_DROPPED_COUNT, count);
        set_int(&entry, EVENT_KEY_DROPPED_FIRST, first);
        set_int(&entry, EVENT_KEY_DROPPED_LAST, last);
        end(&entry);
}

void record_identity_cloned(void)
{
        struct entry entry;

        message(&entry, "this disk is a copy of another laptop's; what that one recorded is set aside, and this laptop "
                        "begins with an identity of its own");
        begin(&entry, EVENT_IDENTITY_CLONED, LOG_WARNING);
        end(&entry);
}

void record_note(int priority, const char *format, ...)
{
        struct entry entry;
        char text[FIELD_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        message(&entry, "%s", text);
        begin(&entry, NOT_SPOOLED, priority);
        end(&entry);
}
