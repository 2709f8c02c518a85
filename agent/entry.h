/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One entry under construction: "FIELD=value" lines for the journal and, where there is one, the event for the spool. In this
 * order: entry_message(), entry_begin(), what there is to add and set, entry_end(). What does not fit is left out or cut. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "agent/record.h"
#include "common/event.h"

#define ENTRY_FIELDS_MAX    24U
#define ENTRY_FIELD_MAX     1024U           /* bytes, NUL included */
#define ENTRY_JOURNAL_ALONE _EVENT_NAME_MAX /* no event: it stays on this laptop */

struct entry {
        char text[ENTRY_FIELDS_MAX][ENTRY_FIELD_MAX];
        struct iovec fields[ENTRY_FIELDS_MAX];
        unsigned n;
        bool spooled;
        struct event event; /* when spooled */
};

/* Clears the entry, which is too large for an initializer. The message is the first field, always. */
void entry_message(struct entry *entry, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* priority: as in syslog. */
void entry_begin(struct entry *entry, enum event_name name, int priority);

/* For the journal. */
void entry_add(struct entry *entry, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* For the event. Numbers above INT64_MAX are that. */
void entry_set_string(struct entry *entry, enum event_key key, const char *value);
void entry_set_int(struct entry *entry, enum event_key key, uint64_t value);
void entry_set_bool(struct entry *entry, enum event_key key, bool value);

/* For both: LEKDICHT_REASON and its key. */
void entry_add_reason(struct entry *entry, const char *reason);

/* Into the spool's queue and the journal. Returns the ticket, or 0: it is not recorded. */
uint64_t entry_end(struct entry *entry);
/* The same, for who wants to know what became of it. */
void entry_finish(struct entry *entry, struct record_receipt *ret);
