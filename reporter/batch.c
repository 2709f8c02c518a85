/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A request is put together from texts that the agent has rendered. The agent is root on this laptop and its words are
 * not parsed here; but one record must not be able to break out of its place by accident, so each has to look like an
 * object at both ends. What is wrong inside is found by the collector, which refuses the request, and then by
 * halving. */

#include "reporter/batch.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD   "{\"resourceLogs\":[{\"resource\":"
#define MIDDLE ",\"scopeLogs\":[{\"scope\":{\"name\":\"lekdicht\"},\"logRecords\":["
#define TAIL   "]}]}]}"

static bool is_object(const char *text, size_t size)
{
        return size >= 2 && text[0] == '{' && text[size - 1] == '}';
}

void batch_clear(struct batch *batch)
{
        free(batch->resource);
        for (size_t i = 0; i < batch->n; i++)
                free(batch->records[i].text);
        memset(batch, 0, sizeof(*batch));
}

int batch_set_resource(struct batch *batch, const char *text)
{
        size_t size = strlen(text);
        char *copy;

        if (size > BATCH_RESOURCE_MAX || !is_object(text, size))
                return -EBADMSG;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(batch->resource);
        batch->resource = copy;

        return 0;
}

int batch_add(struct batch *batch, uint64_t seq, const char *text)
{
        struct batch_record record = { .seq = seq, .size = strlen(text) };

        if (batch->n == BATCH_RECORDS_MAX)
                return -ENOBUFS;
        if (seq == 0 || (batch->n > 0 && seq <= batch->records[batch->n - 1].seq))
                return -EBADMSG;

        if (record.size > BATCH_RECORD_MAX || !is_object(text, record.size)) {
                record.fault = record.size > BATCH_RECORD_MAX ? BATCH_TOO_LARGE : BATCH_UNREADABLE;
                record.size = 0;
        } else {
                if (record.size > BATCH_BYTES_MAX - batch->bytes)
                        return -ENOBUFS;
                record.text = strdup(text);
                if (!record.text)
                        return -ENOMEM;
        }
        batch->records[batch->n++] = record;
        batch->bytes += record.size;

        return 0;
}

size_t batch_left(const struct batch *batch)
{
        return batch->n - batch->first;
}

const struct batch_record *batch_next(const struct batch *batch)
{
        return batch_left(batch) > 0 ? &batch->records[batch->first] : NULL;
}

void batch_drop(struct batch *batch, size_t n)
{
        batch->first += n;
}

size_t batch_ready(const struct batch *batch, size_t limit)
{
        size_t n = 0;

        while (n < limit && n < batch_left(batch) && batch->records[batch->first + n].text)
                n++;

        return n;
}

int batch_write(const struct batch *batch, size_t n, char **ret, size_t *ret_size)
{
        const struct batch_record *records = batch->records + batch->first;
        size_t size = strlen(HEAD) + strlen(MIDDLE) + strlen(TAIL);
        char *text, *end;

        if (!batch->resource || batch_ready(batch, n) != n)
                return -EINVAL;
        size += strlen(batch->resource);
        for (size_t i = 0; i < n; i++)
                size += records[i].size + 1;

        text = malloc(size + 1);
        if (!text)
                return -ENOMEM;
        end = stpcpy(stpcpy(stpcpy(text, HEAD), batch->resource), MIDDLE);
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        *end++ = ',';
                end = mempcpy(end, records[i].text, records[i].size);
        }
        end = stpcpy(end, TAIL);
        *ret = text;
        *ret_size = (size_t) (end - text);

        return 0;
}

/* Behind the quote that begins the value of that attribute, as the agent writes it, with or without blanks; or NULL. */
static const char *find_value(const char *text, const char *key)
{
        static const char value[] = "\"stringValue\"";

        text = text ? strstr(text, key) : NULL;
        text = text ? strstr(text, value) : NULL;
        if (!text)
                return NULL;
        text += strlen(value);
        text += strspn(text, " :");
        return *text == '"' ? text + 1 : NULL;
}

bool batch_host(const struct batch *batch, char host[static BATCH_HOST_SIZE])
{
        const char *text = find_value(batch->resource, "\"host.id\"");

        if (!text || strspn(text, "0123456789abcdef-") != BATCH_HOST_SIZE - 1)
                return false;
        memcpy(host, text, BATCH_HOST_SIZE - 1);
        host[BATCH_HOST_SIZE - 1] = '\0';
        return true;
}

void batch_uid(const struct batch_record *record, char uid[static BATCH_UID_MAX])
{
        const char *text = find_value(record->text, "\"log.record.uid\"");
        size_t n = 0;

        if (text) {
                while (n < BATCH_UID_MAX - 1 && isalnum((unsigned char) text[n])) {
                        uid[n] = text[n];
                        n++;
                }
        }
        if (n == 0)
                uid[n++] = '?';
        uid[n] = '\0';
}
