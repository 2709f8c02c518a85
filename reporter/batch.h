/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Records on their way, as the agent gave them: in the order of seq, each already a LogRecord in JSON. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATCH_RECORDS_MAX  200U           /* records at once */
#define BATCH_BYTES_MAX    (512U * 1024U) /* bytes of their texts together; the collector takes 1 MiB */
#define BATCH_RECORD_MAX   (64U * 1024U)  /* bytes of one; what is larger cannot be an event of ours */
#define BATCH_RESOURCE_MAX (16U * 1024U)  /* bytes of the resource object */
#define BATCH_UID_MAX      64U            /* bytes for batch_uid() */
#define BATCH_HOST_SIZE    37U            /* bytes for batch_host(): a UUID */

/* Why a record can never arrive. */
enum batch_fault {
        BATCH_TOO_LARGE,  /* larger than BATCH_RECORD_MAX, or than the collector takes */
        BATCH_UNREADABLE, /* no object at all */
        BATCH_REJECTED,   /* the collector does not take it */
};

struct batch_record {
        uint64_t seq;
        size_t size;
        char *text;             /* NULL: it can never be sent, and was not kept */
        enum batch_fault fault; /* why, when there is no text */
};

struct batch {
        char *resource; /* an OTLP Resource, {"attributes":[...]}; NULL: none was given yet */
        struct batch_record records[BATCH_RECORDS_MAX];
        size_t n;     /* records in all */
        size_t first; /* those before this one have left */
        size_t bytes; /* of the texts of all n */
};

/* Make it empty. The struct is zeroed before its first use. */
void batch_clear(struct batch *batch);

/* Keep a copy. 0; -EBADMSG: not an object, or too large; -ENOMEM. */
int batch_set_resource(struct batch *batch, const char *text);

/* Keep a copy of the next record. 0; -ENOBUFS: full, and the record has to come with the next batch; -EBADMSG: seq is 0
 * or not above that of the record before; -ENOMEM. A record that can never be sent is kept without its text. */
int batch_add(struct batch *batch, uint64_t seq, const char *text);

/* Records that have not left yet. */
size_t batch_left(const struct batch *batch);

/* The first that has not left, or NULL. */
const struct batch_record *batch_next(const struct batch *batch);

/* The first n have left. n <= batch_left(). */
void batch_drop(struct batch *batch, size_t n);

/* How many, from the next one and no more than limit, can go in one request: 0 when the next one has no text. */
size_t batch_ready(const struct batch *batch, size_t limit);

/* The next n records, each with a text, as an ExportLogsServiceRequest; 0 records make a valid request too. *ret is for
 * the caller to free. 0; -EINVAL: there is no resource, or not so many records; -ENOMEM. */
int batch_write(const struct batch *batch, size_t n, char **ret, size_t *ret_size);

/* The log.record.uid of a record, for a log; "?" when there is none to be found. */
void batch_uid(const struct batch_record *record, char uid[static BATCH_UID_MAX]);

/* The host.id of the resource. False when it has none that is a UUID. */
bool batch_host(const struct batch *batch, char host[static BATCH_HOST_SIZE]);
