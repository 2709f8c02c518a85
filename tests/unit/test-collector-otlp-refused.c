/* links: collector/otlp.c collector/scan.c collector/batch.c common/ulid.c libs: jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the parser takes from a laptop and what not: one break in a request that is good without it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/otlp.h"

#define HOST  "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define LARGE "7D444840-9DC0-41D1-B245-5FFDCE74FAD2"
#define UID   ATTRIBUTE("log.record.uid", "stringValue", "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"")
#define SEQ   ATTRIBUTE("event.sequence", "intValue", "17")

#define ATTRIBUTE(key, type, value) "{\"key\":\"" key "\",\"value\":{\"" type "\":" value "}}"
#define DROPPED(first, last)                                                                                           \
        ATTRIBUTE("lekdicht.dropped.first", "intValue", first) "," ATTRIBUTE("lekdicht.dropped.last", "intValue", last)

/* One record of one laptop. *ret as otlp_parse() leaves it. */
static int parse(const char *host, const char *attributes, struct batch **ret)
{
        char text[4096], error[OTLP_ERROR_MAX];
        int size = snprintf(text, sizeof(text),
                            "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"host.id\",\"value\":"
                            "{\"stringValue\":\"%s\"}}]},\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"5\","
                            "\"eventName\":\"lekdicht.device.refused\",\"attributes\":[%s]}]}]}]}",
                            host, attributes);

        assert_in_range(size, 1, sizeof(text) - 1);
        return otlp_parse(text, (size_t) size, ret, error);
}

static void assert_refused(const char *attributes)
{
        struct batch *batch = NULL;

        assert_int_equal(parse(HOST, attributes, &batch), -EBADMSG);
        assert_null(batch);
}

static void a_record_needs_its_uid(void **state)
{
        (void) state;
        assert_refused(SEQ);
        assert_refused(SEQ "," ATTRIBUTE("log.record.uid", "stringValue", "\"\""));
        assert_refused(SEQ "," ATTRIBUTE("log.record.uid", "stringValue", "\"01ARZ3NDEKTSV4RRFFQ69G5FA\""));
        assert_refused(SEQ "," ATTRIBUTE("log.record.uid", "stringValue", "\"01ARZ3NDEKTSV4RRFFQ69G5FAU\""));
        assert_refused(SEQ "," ATTRIBUTE("log.record.uid", "intValue", "5"));
}

static void a_record_needs_its_number(void **state)
{
        (void) state;
        assert_refused(UID);
        assert_refused(UID "," ATTRIBUTE("event.sequence", "intValue", "0"));
        assert_refused(UID "," ATTRIBUTE("event.sequence", "intValue", "-1"));
        assert_refused(UID "," ATTRIBUTE("event.sequence", "stringValue", "\"17\""));
}

static void nothing_is_there_twice(void **state)
{
        (void) state;
        assert_refused(UID "," SEQ "," SEQ);
        assert_refused(UID "," UID "," SEQ);
        assert_refused(UID "," SEQ "," ATTRIBUTE("a", "intValue", "1") "," ATTRIBUTE("a", "intValue", "1"));
}

static void a_value_has_a_bound(void **state)
{
        char value[OTLP_VALUE_MAX + 2], attributes[2048];
        struct batch *batch = NULL;

        (void) state;
        memset(value, 'x', sizeof(value));
        value[OTLP_VALUE_MAX + 1] = '\0';
        snprintf(attributes, sizeof(attributes), UID "," SEQ "," ATTRIBUTE("a", "stringValue", "\"%s\""), value);
        assert_refused(attributes);
        value[OTLP_VALUE_MAX] = '\0';
        snprintf(attributes, sizeof(attributes), UID "," SEQ "," ATTRIBUTE("a", "stringValue", "\"%s\""), value);
        assert_int_equal(parse(HOST, attributes, &batch), 0);
        batch_free(batch);
}

static void a_laptop_has_one_spelling(void **state)
{
        struct batch *batch = NULL;

        (void) state;
        assert_int_equal(parse(LARGE, UID "," SEQ, &batch), 0);
        assert_string_equal(batch->resources[0].host, HOST);
        batch_free(batch);
        assert_int_equal(parse("7d444840-9dc0-41d1-b245-5ffdce74fadg", UID "," SEQ, &batch), -EBADMSG);
        assert_int_equal(parse("7d444840x9dc0-41d1-b245-5ffdce74fad2", UID "," SEQ, &batch), -EBADMSG);
        assert_int_equal(parse("7d444840-9dc0-41d1-b245-5ffdce74fad", UID "," SEQ, &batch), -EBADMSG);
}

static void a_loss_lies_before_its_report(void **state)
{
        static const struct {
                const char *attributes;
                uint64_t first, last;
        } cases[] = {
                { UID "," SEQ "," DROPPED("3", "16"), 3, 16 },
                { UID "," SEQ "," DROPPED("3", "17"), 0, 0 }, /* itself */
                { UID "," SEQ "," DROPPED("3", "9000"), 0, 0 },
                { UID "," SEQ "," DROPPED("0", "16"), 0, 0 },
                { UID "," SEQ "," DROPPED("9", "8"), 0, 0 },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct batch *batch = NULL;

                assert_int_equal(parse(HOST, cases[i].attributes, &batch), 0);
                assert_int_equal(batch->records[0].dropped.first, cases[i].first);
                assert_int_equal(batch->records[0].dropped.last, cases[i].last);
                batch_free(batch);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_record_needs_its_uid),    cmocka_unit_test(a_record_needs_its_number),
                cmocka_unit_test(nothing_is_there_twice),    cmocka_unit_test(a_value_has_a_bound),
                cmocka_unit_test(a_laptop_has_one_spelling), cmocka_unit_test(a_loss_lies_before_its_report),
        };

        return cmocka_run_group_tests_name("collector otlp refused", tests, NULL, NULL);
}
