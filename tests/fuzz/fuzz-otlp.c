/* links: collector/body.c collector/otlp.c collector/scan.c collector/batch.c collector/html.c common/ulid.c common/utf8.c libs: jansson zlib */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the body of a request, as they are and, when they begin like a gzip file, unpacked. Refused means that a
 * sentence says why; accepted means that every record keeps what batch.h promises, that its attributes can be read back,
 * and that as HTML they are text. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/body.h"
#include "collector/html.h"
#include "collector/otlp.h"
#include "tests/fuzz/check.h"

static int show(void *userdata, const char *key, const char *value)
{
        CHECK(strlen(key) > 0 && strlen(key) <= OTLP_KEY_MAX && strlen(value) <= OTLP_VALUE_MAX);
        html_text(userdata, key);
        html_text(userdata, value);
        return 0;
}

static void check_record(const struct batch *batch, const struct batch_record *record)
{
        static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        struct html html = { 0 };
        char *page;
        size_t size;

        CHECK(record->resource < batch->n_resources);
        CHECK(strlen(record->uid) == ULID_LENGTH && strspn(record->uid, base32) == ULID_LENGTH);
        CHECK(strlen(record->name) >= 1 && strlen(record->name) <= BATCH_NAME_MAX);
        CHECK(!strpbrk(record->name, "<>&\"' \n"));
        CHECK(record->seq >= 1 && record->seq <= INT64_MAX);
        CHECK(record->time_ns >= 1 && record->time_ns <= INT64_MAX);
        CHECK(record->severity >= 0 && record->severity <= 24);
        CHECK(record->attributes && record->attributes[0] == '{');

        html_markup(&html, "<p>");
        CHECK(otlp_each_attribute(record->attributes, show, &html) == 0);
        CHECK(html_finish(&html, &page, &size) == 0);
        CHECK(!memchr(page + 3, '<', size - 3) && !memchr(page + 3, '>', size - 3) && !memchr(page, '"', size) &&
              !memchr(page, '\'', size) && !memchr(page, '\0', size) && !memchr(page, '\x1b', size));
        free(page);
}

static void check_batch(const struct batch *batch)
{
        CHECK(batch->n_resources <= BATCH_RESOURCES_MAX && batch->n_records <= BATCH_RECORDS_MAX);
        for (size_t i = 0; i < batch->n_resources; i++) {
                CHECK(strlen(batch->resources[i].host) == BATCH_HOST_LENGTH);
                CHECK(strspn(batch->resources[i].host, "0123456789abcdef-") == BATCH_HOST_LENGTH);
                CHECK(strlen(batch->resources[i].version) <= BATCH_VERSION_MAX);
        }
        for (size_t i = 0; i < batch->n_records; i++)
                check_record(batch, &batch->records[i]);
}

static void check_text(const char *text, size_t size)
{
        char error[OTLP_ERROR_MAX];
        struct batch *batch = NULL;
        int r;

        memset(error, 0xAA, sizeof(error));
        r = otlp_parse(text, size, &batch, error);
        CHECK(memchr(error, '\0', sizeof(error)));
        if (r != 0) {
                CHECK(r == -EBADMSG || r == -E2BIG);
                CHECK(!batch && error[0]);
                for (const char *c = error; *c; c++)
                        CHECK(*c >= ' ' && *c <= '~' && *c != '"' && *c != '\\');
                return;
        }
        CHECK(error[0] == '\0');
        check_batch(batch);
        batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct body body = { 0 };

        check_text((const char *) data, size);
        if (size < 2 || data[0] != 0x1F || data[1] != 0x8B || body_append(&body, data, size) < 0)
                return 0;
        if (body_gunzip(&body) == 0) {
                CHECK(body.size <= BODY_MAX && (body.size <= BODY_RATIO_FREE || body.size <= size * BODY_RATIO_MAX));
                check_text(body.data ? body.data : "", body.size);
        } else {
                CHECK(body.size == size && memcmp(body.data, data, size) == 0);
        }
        body_clear(&body);
        return 0;
}
