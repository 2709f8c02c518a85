/* links: cli/events.c cli/record.c cli/device.c cli/trouble.c cli/kernel.c cli/bus.c cli/answer.c cli/table.c cli/terminal.c cli/when.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: libsystemd jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht events without a bus: what the agent hands out, as table and as JSON. */

#include "tests/unit/cli-scene.h"

#include <errno.h>

#include "cli/events.h"
#include "cli/record.h"

#define BOOT "0123456789abcdef0123456789abcdef"

/* As lekdichtd writes it. */
static char *written(const struct event *event)
{
        struct jsonw json;

        jsonw_init_buffer(&json, 0, 0);
        event_write_otlp(event, &json, NULL);
        assert_int_equal(jsonw_finish(&json), 0);
        return jsonw_steal(&json, NULL);
}

static void begin(struct event *event, enum event_name name, uint64_t seq)
{
        assert_int_equal(event_init(event, name, MOMENT * 1000, BOOT), 0);
        strcpy(event->uid, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
        event->seq = seq;
}

static char *refusal(uint64_t seq, const char *product)
{
        struct event event;

        begin(&event, EVENT_DEVICE_REFUSED, seq);
        event_set_string(&event, EVENT_KEY_DEVICE_KIND, "usb-disk");
        event_set_string(&event, EVENT_KEY_VENDOR_ID, "0951");
        event_set_string(&event, EVENT_KEY_PRODUCT_ID, "1666");
        event_set_string(&event, EVENT_KEY_VENDOR_NAME, "Kingston");
        event_set_string(&event, EVENT_KEY_PRODUCT_NAME, product);
        event_set_string(&event, EVENT_KEY_PORT, "1-2");
        event_set_string(&event, EVENT_KEY_RULE, "[storage] usb-disk");
        event_set_string(&event, EVENT_KEY_REASON, "refused by [storage] usb-disk");
        return written(&event);
}

static int show(struct scene *scene, struct events_shown *shown, uint64_t seq, char *record)
{
        struct answer_event item = { seq, record };
        int r = events_print(&scene->cli, &(struct answer_events){ &item, 1 }, scene->cli.now, shown);

        free(record);
        return r;
}

static void a_refusal_is_one_line(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };

        assert_int_equal(show(scene, &shown, 7, refusal(7, "DataTraveler")), 0);
        assert_string_equal(
                said(scene),
                "WHEN      CODE    WHAT            DEVICE                                                      WHY\n"
                "08:15:02  9G5FAV  Device refused  USB stick or disk 0951:1666 \"Kingston DataTraveler\" at 1-2"
                "  refused by [storage] usb-disk\n");
        assert_int_equal(shown.last, 7);
        assert_false(shown.garbled);
        table_free(shown.table);
}

static void what_was_shown_is_not_shown_again(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };

        assert_int_equal(show(scene, &shown, 7, refusal(7, "first")), 0);
        assert_int_equal(show(scene, &shown, 7, refusal(7, "again")), 0);
        assert_int_equal(show(scene, &shown, 6, refusal(6, "older")), 0);
        assert_int_equal(show(scene, &shown, 8, refusal(8, "x")), 0);
        assert_contains(said(scene), "first");
        assert_lacks(said(scene), "again");
        assert_lacks(said(scene), "older");
        /* One header, and the columns stay where they were. */
        assert_contains(said(scene),
                        "\n08:15:02  9G5FAV  Device refused  USB stick or disk 0951:1666 \"Kingston x\" at 1-2"
                        "      refused by");
        assert_ptr_equal(strstr(said(scene), "WHEN"), said(scene));
        assert_null(strstr(said(scene) + 4, "WHEN"));
        table_free(shown.table);
}

static void audit_and_played_are_said(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };
        struct event event;

        begin(&event, EVENT_DEVICE_REFUSED, 1);
        event_set_bool(&event, EVENT_KEY_AUDIT, true);
        event_set_bool(&event, EVENT_KEY_SIMULATED, true);
        assert_int_equal(show(scene, &shown, 1, written(&event)), 0);
        assert_contains(said(scene), "SIMULATED: Device refused (audit: nothing was done)");
        table_free(shown.table);
}

static void what_is_no_device_has_its_own_words(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };
        struct event event;

        begin(&event, EVENT_POLICY_APPLIED, 1);
        event_set_int(&event, EVENT_KEY_POLICY_VERSION, 7);
        event_set_string(&event, EVENT_KEY_POLICY_MODE, "enforce");
        event_set_string(&event, EVENT_KEY_POLICY_SOURCE, "file");
        assert_int_equal(show(scene, &shown, 1, written(&event)), 0);
        begin(&event, EVENT_AGENT_STARTED, 2);
        event_set_bool(&event, EVENT_KEY_CLEAN, false);
        assert_int_equal(show(scene, &shown, 2, written(&event)), 0);
        begin(&event, EVENT_SPOOL_DROPPED, 3);
        event_set_int(&event, EVENT_KEY_DROPPED_COUNT, 12);
        event_set_int(&event, EVENT_KEY_DROPPED_FIRST, 20);
        event_set_int(&event, EVENT_KEY_DROPPED_LAST, 31);
        assert_int_equal(show(scene, &shown, 3, written(&event)), 0);
        begin(&event, EVENT_CLIENT_RUNNING, 4);
        event_set_string(&event, EVENT_KEY_CLIENT, "rclone");
        event_set_string(&event, EVENT_KEY_SERVICE, "google-drive");
        assert_int_equal(show(scene, &shown, 4, written(&event)), 0);
        assert_contains(said(scene), "Policy applied  -       version 7, enforce, file\n");
        assert_contains(said(scene), "the run before it ended without a word\n");
        assert_contains(said(scene), "12, numbers 20 to 31\n");
        assert_contains(said(scene), "rclone: google-drive");
        table_free(shown.table);
}

static void a_name_of_a_later_version_is_shown_as_it_came(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };

        assert_int_equal(show(scene, &shown, 1, strdup("{\"eventName\":\"lekdicht.printer.jammed\",\"later\":1.5}")),
                         0);
        assert_contains(said(scene), "unknown  -     lekdicht.printer.jammed  -       -\n");
        assert_false(shown.garbled);
        table_free(shown.table);
}

static void hostile_text_steers_nothing(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };
        char *text, *big = malloc(20001);
        struct record record;
        const char *line;

        assert_non_null(big);
        memset(big, 'A', 20000);
        big[20000] = '\0';
        assert_true(asprintf(&text,
                             "{\"eventName\":\"\\u001b]0;x\\u0007\",\"timeUnixNano\":\"\\u001b[2J\",\"attributes\":["
                             "{\"key\":\"log.record.uid\",\"value\":{\"stringValue\":"
                             "\"\\u202e\\u202e\\u202e\\u202e\\u202e\\u202e\"}},"
                             "{\"key\":\"device.product.name\",\"value\":{\"stringValue\":\"\\u202egpj\\u009b2J\\u000a%"
                             "s\"}},"
                             "{\"key\":\"lekdicht.reason\",\"value\":{\"stringValue\":7}},"
                             "{\"key\":7,\"value\":[]},null,[],{}]}",
                             big) > 0);
        free(big);
        assert_int_equal(record_parse(text, &record), 0);
        assert_string_equal(record.name, "?]0;x?");
        assert_string_equal(record.code, "");
        assert_int_equal(strlen(record.values[EVENT_KEY_PRODUCT_NAME]), EVENT_STRING_MAX);
        assert_memory_equal(record.values[EVENT_KEY_PRODUCT_NAME], "?gpj?2J?AAA", 11);
        assert_int_equal(show(scene, &shown, 1, text), 0);
        assert_lacks(said(scene), "\x1b");
        assert_lacks(said(scene), "\xE2\x80\xAE");
        assert_lacks(said(scene), "\xC2\x9B");
        line = strchr(said(scene), '\n') + 1;
        assert_non_null(strchr(line, '\n'));
        assert_string_equal(strchr(line, '\n'), "\n"); /* one line for one event */
        assert_in_range(strlen(line), 100, 1000);
        table_free(shown.table);
}

static void what_is_no_record_is_said_and_the_rest_shown(void **state)
{
        static const char *const texts[] = { "",
                                             "{",
                                             "[]",
                                             "null",
                                             "\"x\"",
                                             "{}",
                                             "{\"eventName\":7}",
                                             "{\"eventName\":\"a\",\"eventName\":\"b\"}",
                                             "{\"eventName\":\"\xff\"}" };
        struct scene *scene = *state;
        struct events_shown shown = { 0 };
        uint64_t seq = 1;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                shown.garbled = false;
                assert_int_equal(show(scene, &shown, seq++, strdup(texts[i])), 0);
                assert_true(shown.garbled);
        }
        assert_contains(complained(scene), "event 9 is not understood");
        assert_int_equal(show(scene, &shown, seq, refusal(seq, "DataTraveler")), 0);
        assert_contains(said(scene), "Kingston DataTraveler");
        table_free(shown.table);
}

static void json_is_one_record_a_line_in_ascii(void **state)
{
        struct scene *scene = *state;
        struct events_shown shown = { 0 };

        scene->cli.json = true;
        assert_int_equal(show(scene, &shown, 1,
                              strdup("{ \"eventName\": \"a\",\n\"x\": [1.5, null, \"\\u001b\\u202e\xC3\xA9\"] }")),
                         0);
        assert_int_equal(show(scene, &shown, 2, strdup("[]")), 0);
        assert_int_equal(show(scene, &shown, 3, strdup("{\"eventName\":\"b\"}")), 0);
        assert_string_equal(said(scene), "{\"eventName\":\"a\",\"x\":[1.5,null,\"\\u001B\\u202E\\u00E9\"]}\n"
                                         "{\"eventName\":\"b\"}\n");
        assert_contains(complained(scene), "event 2 is not understood");
        assert_null(shown.table);
}

static void too_large_is_refused(void **state)
{
        char *text = malloc(RECORD_TEXT_MAX + 64);
        struct record record;
        size_t n;

        (void) state;
        assert_non_null(text);
        n = (size_t) sprintf(text, "{\"eventName\":\"a\",\"x\":\"");
        memset(text + n, 'A', RECORD_TEXT_MAX - n - 2);
        strcpy(text + RECORD_TEXT_MAX - 2, "\"}");
        assert_int_equal(record_parse(text, &record), 0);
        memset(text + n, 'A', RECORD_TEXT_MAX - n);
        strcpy(text + RECORD_TEXT_MAX, "\"}");
        assert_int_equal(record_parse(text, &record), -EBADMSG);
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_refusal_is_one_line),
                TEST(what_was_shown_is_not_shown_again),
                TEST(audit_and_played_are_said),
                TEST(what_is_no_device_has_its_own_words),
                TEST(a_name_of_a_later_version_is_shown_as_it_came),
                TEST(hostile_text_steers_nothing),
                TEST(what_is_no_record_is_said_and_the_rest_shown),
                TEST(json_is_one_record_a_line_in_ascii),
                TEST(too_large_is_refused),
        };

        say_it_in_utf8_and_utc();
        return cmocka_run_group_tests_name("cli-events", tests, NULL, NULL);
}
