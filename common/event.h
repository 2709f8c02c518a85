/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What happened, as it is kept, shown and sent: one record, spelled here and nowhere else. It is written as an
 * OpenTelemetry LogRecord (OTLP 1.11, JSON encoding), with names of the Elastic Common Schema where it has them.
 *
 * What is not in the list of keys cannot be recorded: no user, no name or address of the machine, no path, no serial. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/jsonw.h"
#include "common/ulid.h"

#define EVENT_BOOT_LENGTH    32U  /* hexadecimal digits that name one boot */
#define EVENT_CODE_LENGTH    6U   /* last characters of a uid: what a teacher reads out and IT finds the event by */
#define EVENT_ATTRIBUTES_MAX 20U  /* a record has no more */
#define EVENT_STRING_MAX     256U /* bytes of a string value, without the NUL; what is longer is cut */

enum event_name {
        EVENT_DEVICE_REFUSED,
        EVENT_DEVICE_OPENED,
        EVENT_DEVICE_READONLY,
        EVENT_DEVICE_CLOSED,
        EVENT_DEVICE_REMOVED,
        EVENT_DEVICE_INVENTORY,
        EVENT_DEVICE_DRIFT,
        EVENT_DEVICE_FAILED,
        EVENT_GRANT_REQUESTED,
        EVENT_GRANT_GIVEN,
        EVENT_GRANT_USED,
        EVENT_GRANT_ENDING,
        EVENT_GRANT_ENDED,
        EVENT_CLIENT_RUNNING,
        EVENT_CLIENT_LINKED,
        EVENT_CLIENT_INSTALLED,
        EVENT_CLIENT_STOPPED,
        EVENT_GATE_CLOSED,
        EVENT_GATE_OPENED,
        EVENT_GATE_DRIFT,
        EVENT_GATE_EXEMPT,
        EVENT_POLICY_APPLIED,
        EVENT_POLICY_REJECTED,
        EVENT_AGENT_STARTED,
        EVENT_AGENT_STOPPED,
        EVENT_AGENT_HEARTBEAT,
        EVENT_SPOOL_DROPPED,
        EVENT_IDENTITY_CLONED,
        _EVENT_NAME_MAX,
};

/* The numbers are OTLP's SeverityNumber. */
enum event_severity {
        EVENT_TRACE = 1,
        EVENT_DEBUG = 5,
        EVENT_INFO = 9,
        EVENT_WARN = 13,
        EVENT_ERROR = 17,
        EVENT_FATAL = 21,
};

enum event_type {
        EVENT_STRING,
        EVENT_INT,
        EVENT_BOOL,
};

enum event_key {
        EVENT_KEY_DEVICE_KIND,     /* string: as in [storage] */
        EVENT_KEY_VENDOR_ID,       /* string: 4 hexadecimal digits */
        EVENT_KEY_PRODUCT_ID,      /* string: 4 hexadecimal digits */
        EVENT_KEY_VENDOR_NAME,     /* string: what the device says */
        EVENT_KEY_PRODUCT_NAME,    /* string: what the device says */
        EVENT_KEY_PORT,            /* string: kernel name of the port or slot, "1-2" */
        EVENT_KEY_RULE,            /* string: the rule that decided, "[storage] usb-disk" */
        EVENT_KEY_REASON,          /* string: one sentence */
        EVENT_KEY_AUDIT,           /* bool: nothing was done, it would have been */
        EVENT_KEY_SIMULATED,       /* bool: no real device */
        EVENT_KEY_VERDICT_USEC,    /* int: from the device's first event to the verdict */
        EVENT_KEY_DEVICE_SECONDS,  /* int: how long it was plugged in */
        EVENT_KEY_SERVICE,         /* string: a service of the catalogue, "google-drive" */
        EVENT_KEY_CLIENT,          /* string: a client of the catalogue, "rclone" */
        EVENT_KEY_CLIENT_CATEGORY, /* string: sync, chat, backup */
        EVENT_KEY_EVIDENCE,        /* string: how it was found, in words of the catalogue */
        EVENT_KEY_VERDICT,         /* string: flag, allow, unknown */
        EVENT_KEY_POLICY_VERSION,  /* int */
        EVENT_KEY_POLICY_MODE,     /* string: enforce, audit */
        EVENT_KEY_POLICY_SOURCE,   /* string: file, last-good, built-in */
        EVENT_KEY_PRIVACY_USER,    /* string: none, pseudonym, name */
        EVENT_KEY_PRIVACY_SERIAL,  /* string: none, keyed, plain */
        EVENT_KEY_CLEAN,           /* bool: the run before this one ended by itself */
        EVENT_KEY_DROPPED_COUNT,   /* int: records that were given up */
        EVENT_KEY_DROPPED_FIRST,   /* int: seq of the first of them */
        EVENT_KEY_DROPPED_LAST,    /* int: seq of the last of them */
        EVENT_KEY_GATE,            /* string: closed, open, partly, as in Status */
        EVENT_KEY_QUEUE_WAITING,   /* int: records that have not arrived yet */
        EVENT_KEY_QUEUE_DROPPED,   /* int: records that were given up since the agent started */
        EVENT_KEY_QUEUE_ASIDE,     /* int: records that the collector will never have */
        _EVENT_KEY_MAX,
};

struct event_attribute {
        enum event_key key;
        union {
                char string[EVENT_STRING_MAX + 1];
                int64_t integer;
                bool boolean;
        };
};

struct event {
        char uid[ULID_LENGTH + 1];
        uint64_t seq;                     /* from 1, per laptop, never used twice; 0 until the spool has given one */
        uint64_t time_ns;                 /* CLOCK_REALTIME */
        char boot[EVENT_BOOT_LENGTH + 1]; /* random, one for each boot */
        enum event_name name;
        enum event_severity severity;
        struct event_attribute attributes[EVENT_ATTRIBUTES_MAX];
        size_t n;
};

/* "lekdicht.device.refused". Never NULL for a valid name. */
const char *event_name_string(enum event_name name);

/* What it means to a person: "Device refused". Never NULL for a valid name. */
const char *event_name_words(enum event_name name);

/* The name of that string, or -EINVAL. */
int event_name_from_string(const char *string);

/* How severe an event of that name is. */
enum event_severity event_name_severity(enum event_name name);

/* "lekdicht.device.kind", and which type its values have. */
const char *event_key_string(enum event_key key);
enum event_type event_key_type(enum event_key key);

/* A new event with a fresh uid, its name's severity, seq 0 and no attributes. boot: 32 hexadecimal digits in lower
 * case. 0; -EINVAL when boot is not that or time_ns is 0 or later than OTLP's readers can count (INT64_MAX); -errno of
 * ulid_new(). */
int event_init(struct event *event, enum event_name name, uint64_t time_ns, const char *boot);

/* Set an attribute, each key at most once. Strings are made fit by text_clean() and cut at a whole character; one that is
 * empty then, or NULL, is left out. 0; -EINVAL: the key has another type; -EEXIST: set before; -ENOBUFS: too many. */
int event_set_string(struct event *event, enum event_key key, const char *value);
int event_set_int(struct event *event, enum event_key key, int64_t value);
int event_set_bool(struct event *event, enum event_key key, bool value);

/* Write it as one LogRecord object; `key` as in json.h (NULL in an array). Without a body: eventName and attributes say
 * it all. An event without seq is not written: json gets -EINVAL as its error. */
void event_write_otlp(const struct event *event, struct jsonw *json, const char *key);
