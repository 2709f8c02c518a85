/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An entry is built on the stack as "FIELD=value" lines and sent whole. Every text in it that came from a device was
 * cleaned when it was read. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "agent/gatekeeper.h"
#include "agent/record.h"

#define FIELDS_MAX 16U
#define FIELD_MAX  1024U

enum event {
        EVENT_AGENT_STARTED,
        EVENT_AGENT_STOPPED,
        EVENT_DEVICE_REFUSED,
        EVENT_DEVICE_OPENED,
        EVENT_DEVICE_INVENTORY,
        EVENT_DEVICE_DRIFT,
        EVENT_DEVICE_FAILED,
        EVENT_GATE_CLOSED,
        EVENT_GATE_OPENED,
        EVENT_GATE_DRIFT,
        EVENT_GATE_EXEMPT,
        EVENT_GATE_FAILED,
        EVENT_POLICY_APPLIED,
        EVENT_POLICY_REJECTED,
        EVENT_NOTE, /* no event of its own */
};

/* MESSAGE_ID is ours for ever: journalctl MESSAGE_ID=... finds them whatever the text. */
static const struct {
        const char *name, *id;
} events[] = {
        [EVENT_AGENT_STARTED] = { "lekdicht.agent.started", "d722957ee43247f0a6eeade430dc421a" },
        [EVENT_AGENT_STOPPED] = { "lekdicht.agent.stopped", "93197025f0d34ab7ab9eed1f1989c6e2" },
        [EVENT_DEVICE_REFUSED] = { "lekdicht.device.refused", "112d2bc9388241a1afb105c2e2806ea2" },
        [EVENT_DEVICE_OPENED] = { "lekdicht.device.opened", "6ae9dfc4b5574e798359d2f29ac32d04" },
        [EVENT_DEVICE_INVENTORY] = { "lekdicht.device.inventory", "e00ae29f49d14b738af3161d75e85511" },
        [EVENT_DEVICE_DRIFT] = { "lekdicht.device.drift", "5d52b7a520cb45efb45940a8dff40a10" },
        [EVENT_DEVICE_FAILED] = { "lekdicht.device.failed", "6cfe5c78ad4a4be7b1183833bb97a60d" },
        [EVENT_GATE_CLOSED] = { "lekdicht.gate.closed", "16180d5de91b450f908786337088cf91" },
        [EVENT_GATE_OPENED] = { "lekdicht.gate.opened", "7722e41659d04624af4f428b748faf6e" },
        [EVENT_GATE_DRIFT] = { "lekdicht.gate.drift", "af460d24f4cc45388fcfa658e88a2fee" },
        [EVENT_GATE_EXEMPT] = { "lekdicht.gate.exempt", "fb8093a5b463420db9b1e7215c3661bc" },
        [EVENT_GATE_FAILED] = { "lekdicht.gate.failed", "8b6d490a53c24593af2e82cc44d69c5a" },
        [EVENT_POLICY_APPLIED] = { "lekdicht.policy.applied", "f5a3560a7d5f4cf88d2b0079a5f0ebe0" },
        [EVENT_POLICY_REJECTED] = { "lekdicht.policy.rejected", "dbc76e7cc0fa41d2a566a3c98ef303e6" },
        [EVENT_NOTE] = { NULL, NULL },
};

struct entry {
        char text[FIELDS_MAX][FIELD_MAX];
        struct iovec fields[FIELDS_MAX];
        unsigned n;
};

static struct {
        struct record_sink sink;
        bool on_stderr;
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
        record.sink = sink ? *sink : (struct record_sink){ .send = send_to_journal };
        record.on_stderr = !stderr_is_journal();
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

/* The message is the first field, always. */
static void begin(struct entry *entry, enum event event, int priority)
{
        add(entry, "PRIORITY", "%d", priority);
        add(entry, "SYSLOG_IDENTIFIER", "lekdichtd");
        if (!events[event].name)
                return;
        add(entry, "MESSAGE_ID", "%s", events[event].id);
        add(entry, "LEKDICHT_EVENT", "%s", events[event].name);
}

static void end(struct entry *entry)
{
        const char *message = entry->text[0] + strlen("MESSAGE=");

        (void) record.sink.send(record.sink.userdata, entry->fields, (int) entry->n);
        if (record.on_stderr)
                fprintf(stderr, "lekdichtd: %s\n", message);
}

void record_started(const char *version)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "lekdichtd %s started", version);
        begin(&entry, EVENT_AGENT_STARTED, LOG_INFO);
        add(&entry, "LEKDICHT_VERSION", "%s", version);
        end(&entry);
}

void record_stopped(void)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "lekdichtd stops; the gate stays as it is");
        begin(&entry, EVENT_AGENT_STOPPED, LOG_INFO);
        end(&entry);
}

static void add_device(struct entry *entry, const struct device *device)
{
        add(entry, "LEKDICHT_KIND", "%s", storage_kind_name(device->kind));
        if (device->has_usb_id) {
                add(entry, "LEKDICHT_VENDOR", "%04x", device->vendor);
                add(entry, "LEKDICHT_PRODUCT", "%04x", device->product);
        }
        add(entry, "LEKDICHT_PORT", "%s", device->target.name);
}

void record_verdict(const struct device *device, bool open, uint64_t usec)
{
        const struct verdict *verdict = &device->verdict;
        struct entry entry = { .n = 0 };
        bool refused = verdict->by_rule == ACCESS_BLOCK;
        enum event event = device->found && !open                 ? EVENT_DEVICE_INVENTORY
                           : refused && (!open || verdict->audit) ? EVENT_DEVICE_REFUSED
                                                                  : EVENT_DEVICE_OPENED;
        const char *prefix = "";
        char ids[16] = "";

        if (event == EVENT_DEVICE_INVENTORY)
                prefix = "still ";
        else if (open && refused && !verdict->audit)
                prefix = "the gate is open; else ";
        if (device->has_usb_id)
                snprintf(ids, sizeof(ids), " (%04x:%04x)", device->vendor, device->product);
        add(&entry, "MESSAGE", "%s at %s%s: %s%s", storage_kind_name(device->kind), device->target.name, ids, prefix,
            verdict->reason);
        begin(&entry, event, event == EVENT_DEVICE_REFUSED ? LOG_NOTICE : LOG_INFO);
        add_device(&entry, device);
        add(&entry, "LEKDICHT_RULE", "%s", verdict->rule);
        add(&entry, "LEKDICHT_REASON", "%s", verdict->reason);
        add(&entry, "LEKDICHT_AUDIT", "%s", verdict->audit ? "yes" : "no");
        add(&entry, "LEKDICHT_GATE", "%s", open ? "open" : "closed");
        add(&entry, "LEKDICHT_USEC_TO_VERDICT", "%" PRIu64, usec);
        end(&entry);
}

void record_device_drift(const struct device *device, const char *target)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "%s was switched on again by someone else; refused again", target);
        begin(&entry, EVENT_DEVICE_DRIFT, LOG_WARNING);
        add_device(&entry, device);
        end(&entry);
}

void record_gate_trouble(const char *name, enum verb verb, int status, const char *output, bool retry)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "lekdicht-gate %s%s%s: exit %d%s: %s", gatekeeper_verb_name(verb), name[0] ? " " : "",
            name, status, retry ? ", will be tried again" : "", output);
        begin(&entry, name[0] ? EVENT_DEVICE_FAILED : EVENT_GATE_FAILED, retry ? LOG_WARNING : LOG_ERR);
        if (name[0])
                add(&entry, "LEKDICHT_PORT", "%s", name);
        end(&entry);
}

void record_gate_slow(const char *name, enum verb verb)
{
        record_note(LOG_WARNING, "lekdicht-gate %s%s%s takes longer than %llu s: a device keeps the kernel waiting",
                    gatekeeper_verb_name(verb), name[0] ? " " : "", name, GATEKEEPER_SLOW_USEC / 1000000ULL);
}

void record_gate_closed(void)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "the gate is closed");
        begin(&entry, EVENT_GATE_CLOSED, LOG_NOTICE);
        end(&entry);
}

void record_gate_opened(const char *why)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "the gate is open: %s", why);
        begin(&entry, EVENT_GATE_OPENED, LOG_WARNING);
        add(&entry, "LEKDICHT_REASON", "%s", why);
        end(&entry);
}

void record_gate_drift(const char *what)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "the gate was not as it should be (%s) and is put right", what);
        begin(&entry, EVENT_GATE_DRIFT, LOG_WARNING);
        add(&entry, "LEKDICHT_REASON", "%s", what);
        end(&entry);
}

void record_gate_exempt(const char *name, const char *carries)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "%s is exempt: it carries %s", name, carries);
        begin(&entry, EVENT_GATE_EXEMPT, LOG_NOTICE);
        add(&entry, "LEKDICHT_PORT", "%s", name);
        add(&entry, "LEKDICHT_REASON", "carries %s", carries);
        end(&entry);
}

void record_policy_applied(const char *source, unsigned version, bool audit)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "policy version %u (%s), mode %s", version, source, audit ? "audit" : "enforce");
        begin(&entry, EVENT_POLICY_APPLIED, LOG_NOTICE);
        add(&entry, "LEKDICHT_POLICY_VERSION", "%u", version);
        add(&entry, "LEKDICHT_AUDIT", "%s", audit ? "yes" : "no");
        end(&entry);
}

void record_policy_rejected(const char *error)
{
        struct entry entry = { .n = 0 };

        add(&entry, "MESSAGE", "policy rejected: %s", error);
        begin(&entry, EVENT_POLICY_REJECTED, LOG_ERR);
        add(&entry, "LEKDICHT_REASON", "%s", error);
        end(&entry);
}

void record_note(int priority, const char *format, ...)
{
        struct entry entry = { .n = 0 };
        char text[FIELD_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        add(&entry, "MESSAGE", "%s", text);
        begin(&entry, EVENT_NOTE, priority);
        end(&entry);
}
