/* links: collector/otlp.c collector/scan.c collector/batch.c common/ulid.c libs: jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The parser and the look before it. tests/integration/test-collector.py has the long list of what is refused; here are
 * the exact bounds. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/otlp.h"
#include "collector/scan.h"

#define HOST "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define UID  "01ARZ3NDEKTSV4RRFFQ69G5FAV"

#define HEAD                                                                                                           \
        "{\"resourceLogs\":[{\"resource\":{\"attributes\":["                                                           \
        "{\"key\":\"host.id\",\"value\":{\"stringValue\":\"" HOST "\"}},"                                              \
        "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"0.1.0\"}}]},\"scopeLogs\":[{\"logRecords\":["
#define TAIL "]}]}]}"
#define RECORD(attributes)                                                                                             \
        "{\"timeUnixNano\":\"5\",\"severityNumber\":13,\"eventName\":\"lekdicht.device.refused\",\"attributes\":["     \
        "{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":\"" UID "\"}},"                                        \
        "{\"key\":\"event.sequence\",\"value\":{\"intValue\":\"17\"}}" attributes "]}"

static int scan(const char *text)
{
        const char *why;

        return scan_json(text, strlen(text), &why);
}

/* `n` times `piece` between head and tail. */
static char *repeat(const char *head, const char *piece, size_t n, const char *tail)
{
        size_t length = strlen(piece);
        char *text = malloc(strlen(head) + n * length + strlen(tail) + 1), *at = text;

        assert_non_null(text);
        at = stpcpy(at, head);
        for (size_t i = 0; i < n; i++)
                at = stpcpy(at, piece);
        strcpy(at, tail);
        return text;
}

static void expect_scan(const char *head, const char *piece, size_t n, const char *tail, int expected)
{
        char *text = repeat(head, piece, n, tail);

        assert_int_equal(scan(text), expected);
        free(text);
}

static void the_look_has_exact_bounds(void **state)
{
        (void) state;
        expect_scan("", "[", SCAN_DEPTH_MAX, "", 0);
        expect_scan("", "[", SCAN_DEPTH_MAX + 1, "", -EMSGSIZE);
        expect_scan("", "{\"a\":", SCAN_DEPTH_MAX, "", 0);
        expect_scan("", "{\"a\":", SCAN_DEPTH_MAX + 1, "", -EMSGSIZE);
        expect_scan("[", "[],", 1000, "[]]", 0); /* side by side is not deep */
        expect_scan("\"", "x", SCAN_STRING_MAX, "\"", 0);
        expect_scan("\"", "x", SCAN_STRING_MAX + 1, "\"", -EMSGSIZE);
        expect_scan("\"", "\\\"", SCAN_STRING_MAX / 2, "\"", 0);
        expect_scan("\"", "\\\"", SCAN_STRING_MAX / 2 + 1, "\"", -EMSGSIZE);
        expect_scan("{", "\"a\":1,", SCAN_KEYS_MAX - 1, "\"a\":1}", 0);
        expect_scan("{", "\"a\":1,", SCAN_KEYS_MAX, "\"a\":1}", -EMSGSIZE);
        expect_scan("{\"a\":[", "1,", SCAN_KEYS_MAX * 10, "1]}", 0); /* elements are not members */
        expect_scan("[", "{\"a\":1,\"b\":[1,2,3]},", SCAN_KEYS_MAX * 10, "{}]", 0);
        expect_scan("[", "1,", SCAN_VALUES_MAX - 1, "1]", 0);
        expect_scan("[", "1,", SCAN_VALUES_MAX, "1]", -EMSGSIZE);
        expect_scan("[", "{},", SCAN_VALUES_MAX / 2, "{}]", -EMSGSIZE);
}

static void brackets_in_strings_are_text(void **state)
{
        (void) state;
        expect_scan("[\"", "[{", 100, "\"]", 0);
        expect_scan("[\"\\\"", "[{", 100, "\"]", 0);
        expect_scan("[\"\\\\\",", "[", SCAN_DEPTH_MAX, "", -EMSGSIZE);
        expect_scan("[\"", ",", SCAN_KEYS_MAX + 1, "\"]", 0);
        assert_int_equal(scan("\"\\"), 0);
        assert_int_equal(scan("\""), 0);
        assert_int_equal(scan("]]]]"), 0);
        assert_int_equal(scan(""), 0);
}

/* The error is one printable sentence, or empty. */
static int parse(const char *text, struct batch **ret)
{
        char error[OTLP_ERROR_MAX];
        int r;

        memset(error, 'E', sizeof(error));
        r = otlp_parse(text, strlen(text), ret, error);
        assert_non_null(memchr(error, '\0', sizeof(error)));
        if (r == 0)
                assert_string_equal(error, "");
        else
                assert_true(strlen(error) > 5);
        for (const char *c = error; *c; c++)
                assert_true(*c >= ' ' && *c <= '~' && *c != '"' && *c != '\\');
        return r;
}

static void a_record_is_read(void **state)
{
        struct batch *batch = NULL;

        (void) state;
        assert_int_equal(parse(HEAD RECORD(",{\"key\":\"lekdicht.rule\",\"value\":{\"stringValue\":\"[storage] x\"}}"
                                           ",{\"key\":\"n\",\"value\":{\"intValue\":\"-9223372036854775808\"}}"
                                           ",{\"key\":\"b\",\"value\":{\"boolValue\":true}}") TAIL,
                               &batch),
                         0);
        assert_int_equal(batch->n_resources, 1);
        assert_string_equal(batch->resources[0].host, HOST);
        assert_string_equal(batch->resources[0].version, "0.1.0");
        assert_int_equal(batch->n_records, 1);
        assert_int_equal(batch->records[0].resource, 0);
        assert_string_equal(batch->records[0].uid, UID);
        assert_string_equal(batch->records[0].name, "lekdicht.device.refused");
        assert_int_equal(batch->records[0].seq, 17);
        assert_int_equal(batch->records[0].time_ns, 5);
        assert_int_equal(batch->records[0].severity, 13);
        assert_string_equal(batch->records[0].attributes,
                            "{\"lekdicht.rule\":\"[storage] x\",\"n\":-9223372036854775808,\"b\":true}");
        batch_free(batch);
}

static void an_error_touches_nothing(void **state)
{
        struct batch *batch = (struct batch *) 5;

        (void) state;
        assert_int_equal(parse(HEAD RECORD("") "," RECORD(",5") TAIL, &batch), -EBADMSG);
        assert_int_equal(parse("", &batch), -EBADMSG);
        assert_ptr_equal(batch, (struct batch *) 5);
}

static void records_are_counted(void **state)
{
        struct batch *batch = NULL;
        char *text;

        (void) state;
        text = repeat(HEAD, RECORD("") ",", BATCH_RECORDS_MAX - 1, RECORD("") TAIL);
        assert_int_equal(parse(text, &batch), 0);
        assert_int_equal(batch->n_records, BATCH_RECORDS_MAX);
        assert_true(batch->bytes > BATCH_RECORDS_MAX * sizeof(struct batch_record));
        batch_free(batch);
        free(text);

        text = repeat(HEAD, RECORD("") ",", BATCH_RECORDS_MAX, RECORD("") TAIL);
        assert_int_equal(parse(text, &batch), -E2BIG);
        free(text);
}

static void a_long_version_is_cut_and_a_strange_one_left_out(void **state)
{
        struct batch *batch = NULL;
        char *text;

        (void) state;
        text = repeat("{\"resourceLogs\":[{\"resource\":{\"attributes\":["
                      "{\"key\":\"host.id\",\"value\":{\"stringValue\":\"" HOST "\"}},"
                      "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"",
                      "1", BATCH_VERSION_MAX + 5, "\"}}]}}]}");
        assert_int_equal(parse(text, &batch), 0);
        assert_int_equal(strlen(batch->resources[0].version), BATCH_VERSION_MAX);
        batch_free(batch);
        free(text);

        assert_int_equal(parse("{\"resourceLogs\":[{\"resource\":{\"attributes\":["
                               "{\"key\":\"host.id\",\"value\":{\"stringValue\":\"" HOST "\"}},"
                               "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"<b>\"}}]}}]}",
                               &batch),
                         0);
        assert_string_equal(batch->resources[0].version, "");
        batch_free(batch);
}

static int collect(void *userdata, const char *key, const char *value)
{
        char *text = userdata;

        strcat(strcat(strcat(strcat(text, key), "="), value), ";");
        return strcmp(key, "stop") == 0 ? 7 : 0;
}

static void attributes_are_read_back(void **state)
{
        char text[512] = "";

        (void) state;
        assert_int_equal(otlp_each_attribute("{\"a\":\"x\",\"b\":true,\"c\":false,\"d\":-5,\"e\":1.5}", collect, text),
                         0);
        assert_string_equal(text, "a=x;b=true;c=false;d=-5;e=1.5;");
        text[0] = '\0';
        assert_int_equal(otlp_each_attribute("{\"stop\":\"x\",\"b\":true}", collect, text), 7);
        assert_string_equal(text, "stop=x;");
        assert_int_equal(otlp_each_attribute("{}", collect, text), 0);
        assert_int_equal(otlp_each_attribute("[]", collect, text), -EBADMSG);
        assert_int_equal(otlp_each_attribute("", collect, text), -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_look_has_exact_bounds),
                cmocka_unit_test(brackets_in_strings_are_text),
                cmocka_unit_test(a_record_is_read),
                cmocka_unit_test(an_error_touches_nothing),
                cmocka_unit_test(records_are_counted),
                cmocka_unit_test(a_long_version_is_cut_and_a_strange_one_left_out),
                cmocka_unit_test(attributes_are_read_back),
        };

        return cmocka_run_group_tests_name("collector otlp", tests, NULL, NULL);
}
