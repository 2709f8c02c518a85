/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What happened, for the journal and the spool: one structured entry and one event each. No serial, no user, no name of
 * the machine, and in the spool no path. When stderr is not the journal (in the foreground), the message is shown
 * there too. In three files: entry.c builds and sends, recorddevice.c has devices and grants, record.c the rest. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "agent/device.h"
#include "agent/spool.h"
#include "agent/verb.h"
#include "common/event.h"
#include "common/ulid.h"

#define RECORD_PORT_MAX 64U /* bytes of a kernel name in a record */

struct record_sink {
        /* As sd_journal_sendv(). */
        int (*send)(void *userdata, const struct iovec *fields, int n);
        void *userdata;
};

/* NULL: the journal itself. */
void record_init(const struct record_sink *sink);
/* Events go there, too (borrowed; NULL: not any more). simulated: none of it is real, and each event says so. */
void record_to(struct spool *spool, bool simulated);

void record_started(const char *version);
void record_stopped(void);

/* What is said of a device: a copy, for the device may be gone before it is recorded. */
struct record_subject {
        enum storage_kind kind;
        bool private; /* a phone: neither its name nor its model is recorded or told */
        bool has_usb_id;
        uint16_t vendor, product;
        char port[RECORD_PORT_MAX];
        char name[DEVICE_TEXT_MAX]; /* "": not known */
        struct verdict verdict;
        bool found;    /* no plug, but a restart of ours */
        bool open;     /* nothing was done, for the gate is open */
        uint64_t usec; /* from its first event to the verdict */
};
struct record_receipt {
        char uid[ULID_LENGTH + 1]; /* "": there is no event */
        uint64_t ticket;           /* the spool's; 0: it is not recorded */
};

void record_subject(const struct device *device, bool open, struct record_subject *ret);
/* The verdict on a device. */
void record_verdict(const struct record_subject *subject, struct record_receipt *ret);
/* It was unplugged; seconds: after so long (NULL: not known). The subject is that of its last verdict. */
void record_removed(const struct record_subject *subject, const uint64_t *seconds);
/* Of a grant: name is EVENT_GRANT_...; reason says what happened to it. */
void record_grant(enum event_name name, const struct record_subject *subject, const char *reason,
                  struct record_receipt *ret);
/* A card reader without a card. */
void record_empty(const struct device *device);
/* What showed a CD with drivers as vendor:product has become this device, which has no storage. */
void record_switched(const struct device *device, uint16_t vendor, uint16_t product);
/* Someone switched a refused device on again, or made a read-only one writable. */
void record_device_drift(const struct device *device, const struct target *target);
/* The gate could not do it: for good, or to be tried again. */
void record_gate_trouble(const char *name, enum verb verb, int status, const char *output, bool retry);
void record_gate_slow(const char *name, enum verb verb);

/* A sync, chat or backup client runs, or is set up. */
struct client_row;
struct client_verdict;
void record_client_stopped(const struct client_row *row, const struct client_verdict *verdict);
void record_client(const struct client_row *row, const struct client_verdict *verdict, struct record_receipt *ret);

void record_gate_closed(void);
void record_gate_opened(const char *why);
void record_gate_drift(const char *what);
/* The same event, of what cannot be put right. */
void record_rule_missed(const char *what);
void record_gate_exempt(const char *name, const char *carries);

void record_policy_applied(const char *source, unsigned version, bool audit);
/* line: of the error; 0: the file as a whole. */
void record_policy_rejected(const char *error, unsigned line);

struct record_heartbeat {
        const char *gate;   /* as in Status */
        const char *source; /* of the policy */
        unsigned version;
        bool audit;
        uint64_t waiting, dropped, aside; /* records */
};

/* A sign of life. Returns the spool's ticket, or 0. */
uint64_t record_heartbeat(const struct record_heartbeat *heartbeat);

/* So many events were given up, these seqs included. */
void record_spool_dropped(uint64_t count, uint64_t first, uint64_t last);

/* This disk is a copy of another laptop's; that one's events are set aside, and this is one of its own now. */
void record_identity_cloned(void);

/* Something for the log alone; priority as in syslog. */
void record_note(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
