/* links: reporter/batch.c reporter/compress.c libs: zlib */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Records into a request: order, bounds, the exact text, and that what is packed unpacks to the same. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "reporter/batch.h"
#include "reporter/compress.h"

#define RESOURCE "{\"attributes\":[]}"

static struct batch batch;

static int clear(void **state)
{
        (void) state;
        batch_clear(&batch);
        return 0;
}

/* An object of so many bytes, for the caller to free. */
static char *object(size_t size)
{
        char *text = malloc(size + 1);

        assert_non_null(text);
        memset(text, ' ', size);
        text[0] = '{';
        text[size - 1] = '}';
        text[size] = '\0';

        return text;
}

static void assert_written(size_t n, const char *expected)
{
        char *text;
        size_t size;

        assert_int_equal(batch_write(&batch, n, &text, &size), 0);
        assert_string_equal(text, expected);
        assert_int_equal(size, strlen(expected));
        free(text);
}

static void a_request(void **state)
{
        char *text = (char *) state;
        size_t size = 7;

        assert_int_equal(batch_write(&batch, 0, &text, &size), -EINVAL); /* no resource */
        assert_ptr_equal(text, state);
        assert_int_equal(size, 7);
        assert_null(batch_next(&batch));

        assert_int_equal(batch_set_resource(&batch, "{}"), 0);
        assert_int_equal(batch_set_resource(&batch, RESOURCE), 0);
        assert_int_equal(batch_add(&batch, 3, "{\"a\":1}"), 0);
        assert_int_equal(batch_add(&batch, 4, "{}"), 0);
        assert_int_equal(batch_add(&batch, 9, "{\"b\":2}"), 0);
        assert_int_equal(batch.bytes, 16);

        assert_written(0, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[]},\"scopeLogs\":[{\"scope\":"
                          "{\"name\":\"lekdicht\"},\"logRecords\":[]}]}]}");
        assert_written(1, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[]},\"scopeLogs\":[{\"scope\":"
                          "{\"name\":\"lekdicht\"},\"logRecords\":[{\"a\":1}]}]}]}");
        assert_written(3, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[]},\"scopeLogs\":[{\"scope\":"
                          "{\"name\":\"lekdicht\"},\"logRecords\":[{\"a\":1},{},{\"b\":2}]}]}]}");
        assert_int_equal(batch_write(&batch, 4, &text, &size), -EINVAL);

        batch_drop(&batch, 1);
        assert_int_equal(batch_left(&batch), 2);
        assert_int_equal(batch_next(&batch)->seq, 4);
        assert_written(2, "{\"resourceLogs\":[{\"resource\":{\"attributes\":[]},\"scopeLogs\":[{\"scope\":"
                          "{\"name\":\"lekdicht\"},\"logRecords\":[{},{\"b\":2}]}]}]}");
        assert_int_equal(batch_write(&batch, 3, &text, &size), -EINVAL);
        batch_drop(&batch, 2);
        assert_int_equal(batch_left(&batch), 0);
        assert_null(batch_next(&batch));

        batch_clear(&batch);
        assert_int_equal(batch.n, 0);
        assert_null(batch.resource);
}

static void order_is_kept(void **state)
{
        (void) state;
        assert_int_equal(batch_add(&batch, 0, "{}"), -EBADMSG);
        assert_int_equal(batch_add(&batch, 5, "{}"), 0);
        assert_int_equal(batch_add(&batch, 5, "{}"), -EBADMSG);
        assert_int_equal(batch_add(&batch, 4, "{}"), -EBADMSG);
        assert_int_equal(batch_add(&batch, 6, "{}"), 0);
        assert_int_equal(batch_add(&batch, UINT64_MAX, "{}"), 0);
        assert_int_equal(batch.n, 3);
}

static void not_more_than_the_most(void **state)
{
        (void) state;
        assert_int_equal(batch_set_resource(&batch, RESOURCE), 0);
        for (unsigned i = 1; i <= BATCH_RECORDS_MAX; i++)
                assert_int_equal(batch_add(&batch, i, "{}"), 0);
        assert_int_equal(batch_add(&batch, BATCH_RECORDS_MAX + 1, "{}"), -ENOBUFS);
        assert_int_equal(batch_ready(&batch, SIZE_MAX), BATCH_RECORDS_MAX);
        assert_int_equal(batch_ready(&batch, 7), 7);
        assert_int_equal(batch_ready(&batch, 0), 0);
        batch_drop(&batch, BATCH_RECORDS_MAX - 2);
        assert_int_equal(batch_ready(&batch, 7), 2);
}

static void not_more_bytes_than_the_most(void **state)
{
        char *text = object(BATCH_RECORD_MAX);

        (void) state;
        for (unsigned i = 1; i <= BATCH_BYTES_MAX / BATCH_RECORD_MAX; i++)
                assert_int_equal(batch_add(&batch, i, text), 0);
        assert_int_equal(batch.bytes, BATCH_BYTES_MAX);
        assert_int_equal(batch_add(&batch, 100, "{}"), -ENOBUFS);
        free(text);
}

static void what_cannot_be_sent_is_kept_as_a_gap(void **state)
{
        static const char *const none[] = { "", "{", "}", "x", "[]", "\"{}\"", "{},{", " {}", "{} ", "{}]" };
        char *large = object(BATCH_RECORD_MAX + 1);
        char *text = NULL;
        size_t size;
        uint64_t seq = 1;

        (void) state;
        assert_int_equal(batch_set_resource(&batch, RESOURCE), 0);
        assert_int_equal(batch_add(&batch, seq++, "{}"), 0);
        assert_int_equal(batch_add(&batch, seq++, large), 0);
        assert_int_equal(batch_add(&batch, seq++, "{\"c\":3}"), 0);
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
                assert_int_equal(batch_add(&batch, seq++, none[i]), 0);
        assert_int_equal(batch.bytes, 9);

        assert_int_equal(batch_ready(&batch, 100), 1); /* up to the gap */
        assert_int_equal(batch_write(&batch, 2, &text, &size), -EINVAL);
        batch_drop(&batch, 1);
        assert_int_equal(batch_ready(&batch, 100), 0);
        assert_null(batch_next(&batch)->text);
        assert_int_equal(batch_next(&batch)->fault, BATCH_TOO_LARGE);
        batch_drop(&batch, 1);
        assert_int_equal(batch_ready(&batch, 100), 1);
        batch_drop(&batch, 1);
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
                assert_int_equal(batch_ready(&batch, 100), 0);
                assert_int_equal(batch_next(&batch)->fault, BATCH_UNREADABLE);
                batch_drop(&batch, 1);
        }
        assert_int_equal(batch_left(&batch), 0);
        free(large);
}

static void a_resource_is_an_object_of_some_size(void **state)
{
        char *fits = object(BATCH_RESOURCE_MAX), *large = object(BATCH_RESOURCE_MAX + 1);

        (void) state;
        assert_int_equal(batch_set_resource(&batch, ""), -EBADMSG);
        assert_int_equal(batch_set_resource(&batch, "[]"), -EBADMSG);
        assert_int_equal(batch_set_resource(&batch, "{}\n"), -EBADMSG);
        assert_int_equal(batch_set_resource(&batch, large), -EBADMSG);
        assert_null(batch.resource);
        assert_int_equal(batch_set_resource(&batch, fits), 0);
        assert_string_equal(batch.resource, fits);
        free(fits);
        free(large);
}

static void uids(void **state)
{
        static const struct {
                const char *text, *uid;
        } known[] = {
                { "{\"attributes\":[{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":\"01HF00\"}}]}", "01HF00" },
                { "{\"attributes\":[{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":\"\"}}]}", "?" },
                { "{\"attributes\":[{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":\"a\x1b[2J\"}}]}", "a" },
                { "{\"attributes\":[{\"key\":\"log.record.uid\",\"value\":{\"intValue\":\"3\"}}]}", "?" },
                { "{\"stringValue\":\"no\"}", "?" },
                { "{\"key\":\"log.record.uid\"}", "?" },
                { NULL, "?" },
        };
        char uid[BATCH_UID_MAX], long_text[256] = "{\"log.record.uid\"\"stringValue\":\"";
        struct batch_record record = { .text = long_text };

        (void) state;
        memset(long_text + strlen(long_text), 'Z', 200);
        batch_uid(&record, uid);
        assert_int_equal(strlen(uid), BATCH_UID_MAX - 1);

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                char *text = known[i].text ? strdup(known[i].text) : NULL;

                record.text = text;
                batch_uid(&record, uid);
                assert_string_equal(uid, known[i].uid);
                free(text);
        }
}

/* With zlib's own gunzip, which checks the trailer. */
static void assert_packs(const char *text, size_t size)
{
        char *packed, *back = malloc(size + 1);
        size_t packed_size;
        z_stream stream = { 0 };

        assert_non_null(back);
        assert_int_equal(compress_gzip(text, size, &packed, &packed_size), 0);
        assert_memory_equal(packed, "\x1f\x8b\x08", 3);
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        stream.next_in = (Bytef *) packed;
        stream.avail_in = (uInt) packed_size;
        stream.next_out = (Bytef *) back;
        stream.avail_out = (uInt) size + 1;
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.total_out, size);
        assert_int_equal(stream.avail_in, 0);
        assert_memory_equal(back, text, size);
        inflateEnd(&stream);
        free(packed);
        free(back);
}

static void packed_is_the_same(void **state)
{
        size_t size = 2 * BATCH_BYTES_MAX;
        char *text = malloc(size);
        uint32_t noise = 1;

        (void) state;
        assert_non_null(text);
        assert_packs("", 0);
        assert_packs("{}", 2);
        memset(text, 'a', size);
        assert_packs(text, size);
        for (size_t i = 0; i < size; i++) { /* what cannot be packed grows, and still fits */
                noise = noise * 1664525U + 1013904223U;
                text[i] = (char) (noise >> 24);
        }
        assert_packs(text, size);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(a_request, clear),
                cmocka_unit_test_teardown(order_is_kept, clear),
                cmocka_unit_test_teardown(not_more_than_the_most, clear),
                cmocka_unit_test_teardown(not_more_bytes_than_the_most, clear),
                cmocka_unit_test_teardown(what_cannot_be_sent_is_kept_as_a_gap, clear),
                cmocka_unit_test_teardown(a_resource_is_an_object_of_some_size, clear),
                cmocka_unit_test(uids),
                cmocka_unit_test(packed_is_the_same),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
