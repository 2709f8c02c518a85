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

#include "agent/entry.h"

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
        [EVENT_CLIENT_STOPPED] = "b1c0e5a94d3f4f1e8f0a6c2d7e9b5a31",
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

void entry_add(struct entry *entry, const char *field, const char *format, ...)
{
        char *text;
        size_t length;
        va_list arguments;

        if (entry->n == ENTRY_FIELDS_MAX)
                return;
        text = entry->text[entry->n];
        length = (size_t) snprintf(text, ENTRY_FIELD_MAX, "%s=", field);
        va_start(arguments, format);
        vsnprintf(text + length, ENTRY_FIELD_MAX - length, format, arguments);
        va_end(arguments);
        entry->fields[entry->n] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
        entry->n++;
}

void entry_message(struct entry *entry, const char *format, ...)
{
        char text[ENTRY_FIELD_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        entry->n = 0;
        entry->spooled = false;
        entry_add(entry, "MESSAGE", "%s", text);
}

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t) now.tv_sec * 1000000000ULL + (uint64_t) now.tv_nsec;
}

void entry_begin(struct entry *entry, enum event_name name, int priority)
{
        entry_add(entry, "PRIORITY", "%d", priority);
        entry_add(entry, "SYSLOG_IDENTIFIER", "lekdichtd");
        if (name == ENTRY_JOURNAL_ALONE)
                return;
        entry_add(entry, "MESSAGE_ID", "%s", message_ids[name]);
        entry_add(entry, "LEKDICHT_EVENT", "%s", event_name_string(name));
        entry->spooled = event_init(&entry->event, name, now_ns(), record.boot) >= 0;
        if (entry->spooled && record.simulated)
                (void) event_set_bool(&entry->event, EVENT_KEY_SIMULATED, true);
}

void entry_set_string(struct entry *entry, enum event_key key, const char *value)
{
        if (entry->spooled)
                (void) event_set_string(&entry->event, key, value);
}

void entry_set_int(struct entry *entry, enum event_key key, uint64_t value)
{
        if (entry->spooled)
                (void) event_set_int(&entry->event, key, value > INT64_MAX ? INT64_MAX : (int64_t) value);
}

void entry_set_bool(struct entry *entry, enum event_key key, bool value)
{
        if (entry->spooled)
                (void) event_set_bool(&entry->event, key, value);
}

uint64_t entry_end(struct entry *entry)
{
        const char *message = entry->text[0] + strlen("MESSAGE=");
        uint64_t ticket = 0;

        if (entry->spooled) {
                if (record.spool)
                        ticket = spool_add(record.spool, &entry->event);
                entry_add(entry, "LEKDICHT_UID", "%s", entry->event.uid);
                if (entry->event.seq > 0)
                        entry_add(entry, "LEKDICHT_SEQ", "%" PRIu64, entry->event.seq);
        }
        (void) record.sink.send(record.sink.userdata, entry->fields, (int) entry->n);
        if (record.on_stderr)
                fprintf(stderr, "lekdichtd: %s\n", message);
        return ticket;
}

void entry_add_reason(struct entry *entry, const char *reason)
{
        entry_add(entry, "LEKDICHT_REASON", "%s", reason);
        entry_set_string(entry, EVENT_KEY_REASON, reason);
}

void entry_finish(struct entry *entry, struct record_receipt *ret)
{
        ret->ticket = entry_end(entry);
        memcpy(ret->uid, entry->spooled ? entry->event.uid : "", entry->spooled ? sizeof(ret->uid) : 1);
}
