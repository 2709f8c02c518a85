/* links: common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The record of what happened, and the LogRecord it is sent as. Expected texts are written out by hand. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/event.h"

#define BOOT "0123456789abcdef0123456789abcdef"

static char *written(const struct event *event)
{
        struct jsonw json;

        jsonw_init_buffer(&json, 0, 0);
        event_write_otlp(event, &json, NULL);
        assert_int_equal(jsonw_finish(&json), 0);
        return jsonw_steal(&json, NULL);
}

static void a_refusal_is_one_log_record(void **state)
{
        struct event event;
        char *text;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_DEVICE_REFUSED, 1763712902123456789, BOOT), 0);
        strcpy(event.uid, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        event.seq = 17;
        assert_int_equal(event_set_string(&event, EVENT_KEY_DEVICE_KIND, "usb-disk"), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_VENDOR_ID, "0951"), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_PRODUCT_NAME, "<script>\"\x1b[2J"), 0);
        assert_int_equal(event_set_bool(&event, EVENT_KEY_AUDIT, false), 0);
        assert_int_equal(event_set_int(&event, EVENT_KEY_POLICY_VERSION, INT64_MIN), 0);
        text = written(&event);
        assert_string_equal(text,
                            "{\"timeUnixNano\":\"1763712902123456789\","
                            "\"observedTimeUnixNano\":\"1763712902123456789\","
                            "\"severityNumber\":13,"
                            "\"eventName\":\"lekdicht.device.refused\","
                            "\"attributes\":["
                            "{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}},"
                            "{\"key\":\"event.sequence\",\"value\":{\"intValue\":\"17\"}},"
                            "{\"key\":\"lekdicht.boot.id\",\"value\":{\"stringValue\":\"" BOOT "\"}},"
                            "{\"key\":\"lekdicht.device.kind\",\"value\":{\"stringValue\":\"usb-disk\"}},"
                            "{\"key\":\"device.vendor.id\",\"value\":{\"stringValue\":\"0951\"}},"
                            "{\"key\":\"device.product.name\",\"value\":{\"stringValue\":\"<script>\\\"?[2J\"}},"
                            "{\"key\":\"lekdicht.audit\",\"value\":{\"boolValue\":false}},"
                            "{\"key\":\"lekdicht.policy.version\",\"value\":{\"intValue\":\"-9223372036854775808\"}}"
                            "]}");
        free(text);
}

static void without_a_seq_nothing_is_written(void **state)
{
        struct event event;
        struct jsonw json;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, 1, BOOT), 0);
        jsonw_init_buffer(&json, 0, 0);
        event_write_otlp(&event, &json, NULL);
        assert_int_equal(jsonw_finish(&json), -EINVAL);
        jsonw_clear(&json);

        event.seq = (uint64_t) INT64_MAX + 1;
        jsonw_init_buffer(&json, 0, 0);
        event_write_otlp(&event, &json, NULL);
        assert_int_equal(jsonw_finish(&json), -EINVAL);
        jsonw_clear(&json);
}

static void an_event_has_a_boot_and_a_time(void **state)
{
        struct event event;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, 0, BOOT), -EINVAL);
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, UINT64_MAX, BOOT), -EINVAL);
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, 1, ""), -EINVAL);
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, 1, BOOT "0"), -EINVAL);
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, 1, "0123456789ABCDEF0123456789ABCDEF"), -EINVAL);
        assert_int_equal(event_init(&event, EVENT_AGENT_STARTED, INT64_MAX, BOOT), 0);
        assert_true(ulid_valid(event.uid));
        assert_int_equal(event.seq, 0);
        assert_int_equal(event.n, 0);
        assert_int_equal(event.severity, EVENT_INFO);
}

static void a_removal_says_for_how_long(void **state)
{
        (void) state;
        assert_string_equal(event_name_words(EVENT_DEVICE_REMOVED), "Device removed");
        assert_string_equal(event_key_string(EVENT_KEY_DEVICE_SECONDS), "lekdicht.device.seconds");
        assert_int_equal(event_key_type(EVENT_KEY_DEVICE_SECONDS), EVENT_INT);
}

static void strings_are_bounded_and_clean(void **state)
{
        char huge[4096];
        struct event event;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_DEVICE_REFUSED, 1, BOOT), 0);
        memset(huge, 'x', sizeof(huge) - 1);
        huge[sizeof(huge) - 1] = '\0';
        assert_int_equal(event_set_string(&event, EVENT_KEY_REASON, huge), 0);
        assert_int_equal(strlen(event.attributes[0].string), EVENT_STRING_MAX);

        /* three bytes do not fit in what 254 leave */
        memcpy(huge + 254, "\xe2\x82\xac", 3);
        assert_int_equal(event_set_string(&event, EVENT_KEY_RULE, huge), 0);
        assert_int_equal(strlen(event.attributes[1].string), 254);

        assert_int_equal(event_set_string(&event, EVENT_KEY_PRODUCT_NAME,
                                          "a\xe2\x80\xae"
                                          "b\xff"
                                          "c\r\nd"),
                         0);
        assert_string_equal(event.attributes[2].string, "a?b?c??d");
        assert_int_equal(event.n, 3);
}

static void what_is_empty_is_left_out(void **state)
{
        struct event event;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_DEVICE_REFUSED, 1, BOOT), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_REASON, NULL), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_REASON, ""), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_REASON, "  "), 0);
        assert_int_equal(event.n, 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_REASON, "x"), 0);
        assert_int_equal(event.n, 1);
}

static void a_key_has_one_type_and_one_value(void **state)
{
        struct event event;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_DEVICE_REFUSED, 1, BOOT), 0);
        assert_int_equal(event_set_string(&event, EVENT_KEY_AUDIT, "yes"), -EINVAL);
        assert_int_equal(event_set_int(&event, EVENT_KEY_AUDIT, 1), -EINVAL);
        assert_int_equal(event_set_bool(&event, EVENT_KEY_RULE, true), -EINVAL);
        assert_int_equal(event.n, 0);
        assert_int_equal(event_set_bool(&event, EVENT_KEY_AUDIT, true), 0);
        assert_int_equal(event_set_bool(&event, EVENT_KEY_AUDIT, false), -EEXIST);
        assert_int_equal(event.n, 1);
        assert_true(event.attributes[0].boolean);
}

static void attributes_are_counted(void **state)
{
        struct event event;
        size_t set = 0;

        (void) state;
        assert_int_equal(event_init(&event, EVENT_DEVICE_REFUSED, 1, BOOT), 0);
        for (int key = 0; key < _EVENT_KEY_MAX; key++) {
                int r = -1, expected = set < EVENT_ATTRIBUTES_MAX ? 0 : -ENOBUFS;

                switch (event_key_type((enum event_key) key)) {
                case EVENT_STRING:
                        r = event_set_string(&event, (enum event_key) key, "x");
                        break;
                case EVENT_INT:
                        r = event_set_int(&event, (enum event_key) key, key);
                        break;
                case EVENT_BOOL:
                        r = event_set_bool(&event, (enum event_key) key, true);
                        break;
                }
                assert_int_equal(r, expected);
                set += r == 0;
        }
        assert_int_equal(set, EVENT_ATTRIBUTES_MAX);
        assert_int_equal(event.n, EVENT_ATTRIBUTES_MAX);
}

static void names_and_keys_are_different_and_read_back(void **state)
{
        (void) state;
        for (int i = 0; i < _EVENT_NAME_MAX; i++) {
                const char *name = event_name_string((enum event_name) i);

                assert_non_null(name);
                assert_int_equal(strncmp(name, "lekdicht.", 9), 0);
                assert_int_equal(event_name_from_string(name), i);
                assert_true(event_name_severity((enum event_name) i) > 0);
                assert_non_null(event_name_words((enum event_name) i));
                for (int j = 0; j < i; j++)
                        assert_string_not_equal(event_name_words((enum event_name) i),
                                                event_name_words((enum event_name) j));
        }
        assert_int_equal(event_name_from_string("lekdicht.device"), -EINVAL);
        assert_int_equal(event_name_from_string(""), -EINVAL);
        for (int i = 0; i < _EVENT_KEY_MAX; i++) {
                assert_non_null(event_key_string((enum event_key) i));
                for (int j = 0; j < i; j++)
                        assert_string_not_equal(event_key_string((enum event_key) i),
                                                event_key_string((enum event_key) j));
        }
}

static void uids_carry_the_time_and_differ(void **state)
{
        char uid[ULID_LENGTH + 1], other[ULID_LENGTH + 1];
        unsigned char seen = 0;

        (void) state;
        /* The example of the specification: 1469918176385 is 01ARYZ6S41. */
        assert_int_equal(ulid_new(1469918176385ULL * 1000000 + 999999, uid), 0);
        assert_int_equal(strncmp(uid, "01ARYZ6S41", 10), 0);
        assert_true(ulid_valid(uid));
        /* The last millisecond that 48 bits hold is far beyond uint64_t nanoseconds; the first is 0. */
        assert_int_equal(ulid_new(0, uid), 0);
        assert_int_equal(strncmp(uid, "0000000000", 10), 0);

        for (int i = 0; i < 64; i++) {
                assert_int_equal(ulid_new(1, other), 0);
                assert_string_not_equal(uid, other);
                for (size_t j = 10; j < ULID_LENGTH; j++) /* every random character moves */
                        seen |= (unsigned char) (uid[j] != other[j]) << (j % 8);
        }
        assert_int_equal(seen, 0xFF);
}

static void only_ulids_are_uids(void **state)
{
        static const char *bad[] = {
                "",
                "01ARZ3NDEKTSV4RRFFQ69G5FA",
                "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
                "81ARZ3NDEKTSV4RRFFQ69G5FAV",
                "01arz3ndektsv4rrffq69g5fav",
                "01ARZ3NDEKTSV4RRFFQ69G5FAI",
                "01ARZ3NDEKTSV4RRFFQ69G5FAU",
                "01ARZ3NDEKTSV4RRFFQ69G5FA ",
                "A1ARZ3NDEKTSV4RRFFQ69G5FAV",
        };

        (void) state;
        assert_true(ulid_valid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
        assert_true(ulid_valid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_false(ulid_valid(bad[i]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_refusal_is_one_log_record),
                cmocka_unit_test(without_a_seq_nothing_is_written),
                cmocka_unit_test(an_event_has_a_boot_and_a_time),
                cmocka_unit_test(a_removal_says_for_how_long),
                cmocka_unit_test(strings_are_bounded_and_clean),
                cmocka_unit_test(what_is_empty_is_left_out),
                cmocka_unit_test(a_key_has_one_type_and_one_value),
                cmocka_unit_test(attributes_are_counted),
                cmocka_unit_test(names_and_keys_are_different_and_read_back),
                cmocka_unit_test(uids_carry_the_time_and_differ),
                cmocka_unit_test(only_ulids_are_uids),
        };

        return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
