/* links: common/jsonw.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The JSON writer and the UTF-8 under it. Expected texts are written out by hand. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/jsonw.h"
#include "common/utf8.h"

/* [ value ] without line breaks. */
static void assert_string_is(const char *bytes, size_t size, const char *expected)
{
        struct jsonw json;
        char *text;
        size_t length;

        jsonw_init_buffer(&json, 0, 0);
        jsonw_string_n(&json, NULL, bytes, size);
        assert_int_equal(jsonw_finish(&json), 0);
        text = jsonw_steal(&json, &length);
        assert_string_equal(text, expected);
        assert_int_equal(length, strlen(expected));
        free(text);
        jsonw_clear(&json);
}

#define ASSERT_STRING(bytes, expected) assert_string_is(bytes, sizeof(bytes) - 1, expected)

static void strings_are_escaped(void **state)
{
        (void) state;
        ASSERT_STRING("", "\"\"");
        assert_string_is(NULL, 0, "\"\"");
        ASSERT_STRING("plain /slash", "\"plain /slash\"");
        ASSERT_STRING("\"\\", "\"\\\"\\\\\"");
        ASSERT_STRING("\n\r\t", "\"\\n\\r\\t\"");
        ASSERT_STRING("a\0b", "\"a\\u0000b\"");
        ASSERT_STRING("\x1b[2J\x7f", "\"\\u001b[2J\\u007f\"");
        ASSERT_STRING("\xc2\x9b"
                      "31m",
                      "\"\\u009b31m\""); /* C1: CSI in one character */
        ASSERT_STRING("\xe2\x80\xae"
                      "gpj.exe",
                      "\"\\u202egpj.exe\""); /* right-to-left override */
        ASSERT_STRING("\xe2\x81\xa6", "\"\\u2066\"");
        ASSERT_STRING("\xd8\x9c", "\"\\u061c\"");
        ASSERT_STRING("\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"");
        ASSERT_STRING("\xef\xbb\xbf", "\"\\ufeff\"");
        ASSERT_STRING("\xf3\xa0\x81\x81", "\"\\udb40\\udc41\""); /* tag letter A, beyond the BMP */
        ASSERT_STRING("\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\""); /* U+10FFFF, a noncharacter */
        ASSERT_STRING("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

static void what_is_not_utf8_is_replaced(void **state)
{
        (void) state;
        ASSERT_STRING("\xff", "\"\xef\xbf\xbd\"");
        ASSERT_STRING("\x80", "\"\xef\xbf\xbd\"");
        ASSERT_STRING("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 /* overlong slash */
        ASSERT_STRING("\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* overlong */
        ASSERT_STRING("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* a surrogate */
        ASSERT_STRING("\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
        ASSERT_STRING("\xe2\x82", "\"\xef\xbf\xbd\"");       /* cut off: one */
        ASSERT_STRING("\xe2\x82\"", "\"\xef\xbf\xbd\\\"\""); /* the quote is not swallowed */
        ASSERT_STRING("\xf0\x9f\x98"
                      "a",
                      "\"\xef\xbf\xbd"
                      "a\"");
        ASSERT_STRING("\xef\xbf\xbd", "\"\xef\xbf\xbd\"");
}

static void decoding_takes_the_standards_steps(void **state)
{
        static const struct {
                const char *bytes;
                size_t size, taken;
                uint32_t code;
        } cases[] = {
                { "a", 1, 1, 'a' },
                { "\0", 1, 1, 0 },
                { "\xc3\xa9", 2, 2, 0xE9 },
                { "\xc3\xa9", 1, 1, UTF8_REPLACEMENT },
                { "\xe0\xa0\x80", 3, 3, 0x800 },
                { "\xe0\x9f\xbf", 3, 1, UTF8_REPLACEMENT },
                { "\xed\x9f\xbf", 3, 3, 0xD7FF },
                { "\xee\x80\x80", 3, 3, 0xE000 },
                { "\xf0\x90\x80\x80", 4, 4, 0x10000 },
                { "\xf0\x8f\xbf\xbf", 4, 1, UTF8_REPLACEMENT },
                { "\xf0\x9f\x98", 3, 3, UTF8_REPLACEMENT },
                { "\xf4\x8f\xbf\xbf", 4, 4, 0x10FFFF },
                { "\xf5\x80\x80\x80", 4, 1, UTF8_REPLACEMENT },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint32_t code = 1;

                assert_int_equal(utf8_decode(cases[i].bytes, cases[i].size, &code), cases[i].taken);
                assert_int_equal(code, cases[i].code);
        }
}

static void numbers_and_words(void **state)
{
        struct jsonw json;
        char *text;

        (void) state;
        jsonw_init_buffer(&json, 0, 0);
        jsonw_begin_object(&json, NULL);
        jsonw_uint(&json, "max", UINT64_MAX);
        jsonw_int(&json, "min", INT64_MIN);
        jsonw_bool(&json, "yes", true);
        jsonw_bool(&json, "no", false);
        jsonw_null(&json, "nothing");
        jsonw_string(&json, "none", NULL);
        jsonw_string(&json, "key \"\x01\"", "value");
        jsonw_begin_array(&json, "list");
        jsonw_uint(&json, NULL, 1);
        jsonw_begin_object(&json, NULL);
        jsonw_end_object(&json);
        jsonw_begin_array(&json, NULL);
        jsonw_end_array(&json);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        assert_int_equal(jsonw_finish(&json), 0);
        text = jsonw_steal(&json, NULL);
        assert_string_equal(text,
                            "{\"max\":18446744073709551615,\"min\":-9223372036854775808,\"yes\":true,\"no\":false,"
                            "\"nothing\":null,\"none\":null,\"key \\\"\\u0001\\\"\":\"value\",\"list\":[1,{},[]]}");
        free(text);
}

static void indented_for_people(void **state)
{
        struct jsonw json;
        char *text;

        (void) state;
        jsonw_init_buffer(&json, 0, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_uint(&json, "a", 1);
        jsonw_begin_array(&json, "b");
        jsonw_uint(&json, NULL, 2);
        jsonw_uint(&json, NULL, 3);
        jsonw_end_array(&json);
        jsonw_begin_array(&json, "c");
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        assert_int_equal(jsonw_finish(&json), 0);
        text = jsonw_steal(&json, NULL);
        assert_string_equal(text, "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    3\n  ],\n  \"c\": []\n}\n");
        free(text);
}

static void misuse_is_an_error(void **state)
{
        struct jsonw json;

        (void) state;
#define MISUSE(calls)                                                                                                  \
        do {                                                                                                           \
                jsonw_init_buffer(&json, 0, 0);                                                                        \
                calls assert_int_equal(jsonw_finish(&json), -EINVAL);                                                  \
                assert_null(jsonw_steal(&json, NULL));                                                                 \
                jsonw_clear(&json);                                                                                    \
        } while (0)
        MISUSE();
        MISUSE(jsonw_uint(&json, "key", 1););
        MISUSE(jsonw_uint(&json, NULL, 1); jsonw_uint(&json, NULL, 2););
        MISUSE(jsonw_begin_object(&json, NULL););
        MISUSE(jsonw_end_object(&json););
        MISUSE(jsonw_begin_object(&json, NULL); jsonw_uint(&json, NULL, 1); jsonw_end_object(&json););
        MISUSE(jsonw_begin_array(&json, NULL); jsonw_uint(&json, "key", 1); jsonw_end_array(&json););
        MISUSE(jsonw_begin_array(&json, NULL); jsonw_end_object(&json); jsonw_end_array(&json););
        MISUSE(jsonw_begin_object(&json, NULL); jsonw_end_array(&json); jsonw_end_object(&json););
        MISUSE(jsonw_begin_array(&json, NULL); jsonw_end_array(&json); jsonw_end_array(&json););
#undef MISUSE
}

static void depth_and_size_are_bounded(void **state)
{
        struct jsonw json;
        char *text;
        size_t size;

        (void) state;
        jsonw_init_buffer(&json, 0, 0);
        for (unsigned i = 0; i < JSONW_DEPTH_MAX; i++)
                jsonw_begin_array(&json, NULL);
        for (unsigned i = 0; i < JSONW_DEPTH_MAX; i++)
                jsonw_end_array(&json);
        assert_int_equal(jsonw_finish(&json), 0);
        jsonw_clear(&json);

        jsonw_init_buffer(&json, 0, 0);
        for (unsigned i = 0; i <= JSONW_DEPTH_MAX; i++)
                jsonw_begin_array(&json, NULL);
        assert_int_equal(jsonw_finish(&json), -EOVERFLOW);
        jsonw_clear(&json);

        jsonw_init_buffer(&json, 6, 0);
        jsonw_string(&json, NULL, "1234");
        assert_int_equal(jsonw_finish(&json), 0);
        text = jsonw_steal(&json, &size);
        assert_string_equal(text, "\"1234\"");
        assert_int_equal(size, 6);
        free(text);

        jsonw_init_buffer(&json, 6, 0);
        jsonw_string(&json, NULL, "12345");
        assert_int_equal(jsonw_finish(&json), -ENOBUFS);
        jsonw_clear(&json);
}

static void big_documents_grow(void **state)
{
        struct jsonw json;
        char *text;
        size_t size;

        (void) state;
        jsonw_init_buffer(&json, 0, 0);
        jsonw_begin_array(&json, NULL);
        for (unsigned i = 0; i < 100000; i++)
                jsonw_uint(&json, NULL, 7);
        jsonw_end_array(&json);
        assert_int_equal(jsonw_finish(&json), 0);
        text = jsonw_steal(&json, &size);
        assert_int_equal(size, 200001);
        assert_int_equal(strlen(text), size);
        assert_memory_equal(text, "[7,7,7,", 7);
        assert_string_equal(text + size - 4, "7,7]");
        free(text);
}

static void files_are_written_and_failures_seen(void **state)
{
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);
        struct jsonw json;

        (void) state;
        assert_non_null(file);
        jsonw_init_file(&json, file, 0);
        jsonw_string(&json, NULL, "to a file");
        assert_int_equal(jsonw_finish(&json), 0);
        fclose(file);
        assert_string_equal(text, "\"to a file\"");
        free(text);

        file = fopen("/dev/full", "w");
        assert_non_null(file);
        jsonw_init_file(&json, file, 0);
        jsonw_string(&json, NULL, "to a full disk");
        assert_int_equal(jsonw_finish(&json), -EIO);
        fclose(file);
}

static void controls_are_known(void **state)
{
        static const uint32_t yes[] = { 0,      0x1F,   0x7F,   0x80,    0x9F,    0xAD,    0x61C,
                                        0x200B, 0x200E, 0x202A, 0x202E,  0x2060,  0x2069,  0x206F,
                                        0xFEFF, 0xFFF9, 0xFFFE, 0x1FFFF, 0x110BD, 0xE0001, 0xE007F };
        static const uint32_t no[] = { ' ',    'a',    '~',    0xA0,   0xE9,   0x200A,  0x2010,
                                       0x2027, 0x2030, 0x2070, 0x3042, 0xFFFD, 0x1F600, 0xE0100 };

        (void) state;
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
                assert_true(utf8_is_control(yes[i]));
        for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
                assert_false(utf8_is_control(no[i]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(strings_are_escaped),
                cmocka_unit_test(what_is_not_utf8_is_replaced),
                cmocka_unit_test(decoding_takes_the_standards_steps),
                cmocka_unit_test(numbers_and_words),
                cmocka_unit_test(indented_for_people),
                cmocka_unit_test(misuse_is_an_error),
                cmocka_unit_test(depth_and_size_are_bounded),
                cmocka_unit_test(big_documents_grow),
                cmocka_unit_test(files_are_written_and_failures_seen),
                cmocka_unit_test(controls_are_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
