/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Reads an OTLP ExportLogsServiceRequest in JSON (opentelemetry-proto 1.11, docs/specification.md): with enrol.h
 * the only part with a JSON parser. */

#include <stddef.h>

#include "collector/batch.h"

#define OTLP_ATTRIBUTES_MAX 64U   /* of one record or resource */
#define OTLP_KEY_MAX        128U  /* bytes of an attribute's key */
#define OTLP_VALUE_MAX      1024U /* bytes of a string value */
#define OTLP_ERROR_MAX      160U  /* bytes of an explanation, NUL included */

/* Parse size bytes at text. Each resource must have the attribute host.id, a UUID; each record the attributes
 * log.record.uid, a ULID, and event.sequence, from 1, and an eventName and timeUnixNano. The first two are taken out of
 * the record's attributes; lekdicht.dropped.first and .last are read, and kept as all others of type string, bool, int and double are kept. What is not known is ignored, as the
 * standard wants it, but not what is twice. 64-bit numbers may be numbers or strings of digits.
 *
 * 0 and *ret, to be freed by batch_free(); a request without records is one, of an empty batch. -EBADMSG: not JSON or not
 * such a request; -E2BIG: more than BATCH_RECORDS_MAX records, the same in smaller parts would do; -ENOMEM. On errors
 * `error` is a sentence in printable ASCII that quotes nothing of the text. */
int otlp_parse(const char *text, size_t size, struct batch **ret, char error[static OTLP_ERROR_MAX]);

/* Read back the attributes of a record, as otlp_parse() made them: calls each() with every key and its value as text,
 * until it returns something else than 0, which is then the result. 0; -EBADMSG: it is none; -ENOMEM. */
int otlp_each_attribute(const char *attributes, int (*each)(void *userdata, const char *key, const char *value),
                        void *userdata);
