/* links: notifier/notice.c notifier/link.c common/noticekind.c common/text.c common/utf8.c libs: glib-2.0 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is taken out of the signal Notice, and that nothing in it is too long, of the wrong type or a link that is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "notifier/notice.h"

#define WHOLE                                                                                                          \
        "'Kind': <'device-refused'>, 'Plug': <'1-2#7'>, 'DeviceKind': <'usb-disk'>, 'Name': <'DataTraveler'>, "        \
        "'Code': <'7Q3XYZ'>, 'School': <'De Regenboog'>, 'Servicedesk': <'Room 1.04'>, "                               \
        "'ServicedeskUrl': <'https://desk.example/'>, 'LeakReport': <'0800 1234'>, "                                   \
        "'LeakReportUrl': <'mailto:leak@school.example'>, "                                                            \
        "'Places': <[('onedrive', 'OneDrive', 'https://one.example/'), ('teams', 'Teams', "                            \
        "'https://teams.example/')]>, "                                                                                \
        "'Simulated': <true>"
#define LEAST "'Kind': <'device-refused'>, 'Plug': <'p'>"

static struct notice notice;

/* The notice is filled with something else before, so that what is not given shows. */
static int parse_variant(GVariant *value)
{
        int r;

        memset(&notice, 0xA5, sizeof(notice));
        g_variant_ref_sink(value);
        r = notice_parse(value, "nl", &notice);
        g_variant_unref(value);

        return r;
}

static int parse(const char *keys)
{
        g_autofree char *text = g_strdup_printf("({%s},)", keys);
        g_autoptr(GError) error = NULL;
        GVariant *value = g_variant_parse(G_VARIANT_TYPE("(a{sv})"), text, NULL, NULL, &error);

        if (!value)
                fail_msg("%s: %s", text, error->message);
        return parse_variant(value);
}

static int parse_string(const char *key, const char *text)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sv}"));
        g_variant_builder_add(&builder, "{sv}", key, g_variant_new_string(text));
        if (strcmp(key, "Kind") != 0)
                g_variant_builder_add(&builder, "{sv}", "Kind", g_variant_new_string("device-refused"));
        if (strcmp(key, "Plug") != 0)
                g_variant_builder_add(&builder, "{sv}", "Plug", g_variant_new_string("p"));

        return parse_variant(g_variant_new("(a{sv})", &builder));
}

static void whole(void **state)
{
        (void) state;
        assert_int_equal(parse(WHOLE), 0);
        assert_string_equal(notice.plug, "1-2#7");
        assert_int_equal(notice.device, NOTICE_USB_DISK);
        assert_string_equal(notice.name, "DataTraveler");
        assert_string_equal(notice.code, "7Q3XYZ");
        assert_string_equal(notice.school, "De Regenboog");
        assert_string_equal(notice.servicedesk, "Room 1.04");
        assert_string_equal(notice.servicedesk_url, "https://desk.example/");
        assert_string_equal(notice.leak_report, "0800 1234");
        assert_string_equal(notice.leak_report_url, "mailto:leak@school.example");
        assert_int_equal(notice.n_places, 2);
        assert_string_equal(notice.places[0].label, "OneDrive");
        assert_string_equal(notice.places[1].label, "Teams");
        assert_string_equal(notice.places[1].url, "https://teams.example/");
        assert_true(notice.simulated);
}

static void least(void **state)
{
        (void) state;
        assert_int_equal(parse(LEAST), 0);
        assert_string_equal(notice.plug, "p");
        assert_int_equal(notice.device, NOTICE_OTHER);
        assert_string_equal(notice.name, "");
        assert_string_equal(notice.code, "");
        assert_string_equal(notice.servicedesk_url, "");
        assert_int_equal(notice.n_places, 0);
        assert_false(notice.simulated);
}

static void not_a_notice(void **state)
{
        (void) state;
        assert_int_equal(parse_variant(g_variant_new("(s)", "x")), -EINVAL);
        assert_int_equal(parse_variant(g_variant_new("()")), -EINVAL);
        assert_int_equal(parse_variant(g_variant_new("(a{ss})", NULL)), -EINVAL);
        assert_int_equal(parse_variant(g_variant_new("s", "x")), -EINVAL);
        assert_int_equal(parse(""), -EINVAL);
        assert_int_equal(parse("'Kind': <'device-refused'>"), -EINVAL);
        assert_int_equal(parse("'Kind': <'device-refused'>, 'Plug': <7>"), -EINVAL);
        assert_int_equal(parse("'Plug': <'p'>"), -ENOTSUP);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <7>"), -ENOTSUP);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'device-refused-gladly'>"), -ENOTSUP);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <''>"), -ENOTSUP);
}

static void kinds_of_notice(void **state)
{
        (void) state;
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'device-refused'>"), 0);
        assert_int_equal(notice.news, NOTICE_REFUSED);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'device-readonly'>"), 0);
        assert_int_equal(notice.news, NOTICE_READ_ONLY);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'device-not-encrypted'>"), 0);
        assert_int_equal(notice.news, NOTICE_NOT_ENCRYPTED);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'grant-ending'>"), 0);
        assert_int_equal(notice.news, NOTICE_GRANT_ENDING);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'grant-extended'>"), 0);
        assert_int_equal(notice.news, NOTICE_GRANT_EXTENDED);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'grant-ended'>"), 0);
        assert_int_equal(notice.news, NOTICE_GRANT_ENDED);
}

/* Numbers and a day: what is not one is not given. */
static void numbers(void **state)
{
        static const char *const no_day[] = {
                "2027-02-30", "2027-2-1", "2027-02-01 ", "2027-13-01", "", "2027-02-01x"
        };

        (void) state;
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'earlier'>, 'Count': <uint32 3>"), 0);
        assert_int_equal(notice.count, 3);
        assert_int_equal(notice_kind_of(&notice), NOTICE_KIND_EARLIER);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'earlier'>, 'Count': <uint32 4294967295>"), 0);
        assert_int_equal(notice.count, NOTICE_COUNT_MAX);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'earlier'>, 'Count': <'3'>"), 0);
        assert_int_equal(notice.count, 1);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'grant-opened'>, 'Minutes': <uint32 30>"), 0);
        assert_int_equal(notice.minutes, 30);
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'device-readonly'>, 'Until': <'2027-02-01'>"), 0);
        assert_int_equal(notice.until.month, 2);
        assert_int_equal(notice.until.day, 1);
        for (size_t i = 0; i < G_N_ELEMENTS(no_day); i++) {
                assert_int_equal(parse_string("Until", no_day[i]), 0);
                assert_int_equal(notice.until.month, 0);
        }
        /* Made here, and never sent. */
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'several'>"), -ENOTSUP);
}

/* Of the school's own words those of this kind, in the language that is spoken; and those for many in one. */
static void own_words(void **state)
{
        char text[NOTICE_TEXT_MAX + 100];

        (void) state;
        assert_int_equal(parse(LEAST ", 'DeviceKind': <'usb-disk'>, 'PerHour': <uint32 3>, "
                                     "'Texts': <[('usb-disk', 'en', 'a', 'b'), ('sd-card', 'nl', 'c', 'd'), "
                                     "('usb-disk', 'nl', 'e\\u202e', ''), ('several', 'nl', 'g', 'h')]>"),
                         0);
        assert_string_equal(notice.own.title, "e?");
        assert_string_equal(notice.own.text, "");
        assert_string_equal(notice.several.title, "g");
        assert_string_equal(notice.several.text, "h");
        assert_int_equal(notice.per_hour, 3);
        assert_int_equal(parse(LEAST ", 'Texts': <[('other', 'nl', 'x')]>"), 0);
        assert_string_equal(notice.own.title, "");
        assert_int_equal(notice.per_hour, NOTICE_PER_HOUR);
        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        {
                g_autofree char *keys = g_strdup_printf(LEAST ", 'Texts': <[('other', 'nl', '%s', '%s')]>", text, text);

                assert_int_equal(parse(keys), 0);
        }
        assert_int_equal(strlen(notice.own.title), NOTICE_TEXT_MAX - 1);
}

/* The servicedesk's address may have fields, and only those. */
static void fields(void **state)
{
        (void) state;
        assert_int_equal(parse_string("ServicedeskUrl", "https://desk.example/?a={kind}&b={code}"), 0);
        assert_string_equal(notice.servicedesk_url, "https://desk.example/?a={kind}&b={code}");
        assert_int_equal(parse_string("ServicedeskUrl", "https://desk.example/{x}"), 0);
        assert_string_equal(notice.servicedesk_url, "");
        assert_int_equal(parse_string("ServicedeskUrl", "{code}file:///"), 0);
        assert_string_equal(notice.servicedesk_url, "");
        assert_int_equal(parse_string("LeakReportUrl", "https://desk.example/{code}"), 0);
        assert_string_equal(notice.leak_report_url, "");
}

static void stopped(void **state)
{
        (void) state;
        assert_int_equal(parse("'Plug': <'p'>, 'Kind': <'client-stopped'>, 'Category': <'chat'>"), 0);
        assert_int_equal(notice.news, NOTICE_CLIENT_STOPPED);
        assert_int_equal(notice.device, NOTICE_CHAT);
        assert_int_equal(notice_kind_of(&notice), NOTICE_KIND_STOPPED);
}

static void untouched(void **state)
{
        (void) state;
        assert_int_equal(parse("'Plug': <'p'>"), -ENOTSUP);
        for (size_t i = 0; i < sizeof(notice); i++)
                assert_int_equal(((const unsigned char *) &notice)[i], 0xA5);
}

static void plugs(void **state)
{
        static const char *const bad[] = { "", " ", "a b", "a\nb", "\x1b[2J", "pl\xc3\xbcg" };
        char text[NOTICE_PLUG_MAX + 1];

        (void) state;
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                assert_int_equal(parse_string("Plug", bad[i]), -EINVAL);
        memset(text, '1', sizeof(text));
        text[NOTICE_PLUG_MAX] = '\0';
        assert_int_equal(parse_string("Plug", text), -EINVAL);
        text[NOTICE_PLUG_MAX - 1] = '\0';
        assert_int_equal(parse_string("Plug", text), 0);
        assert_string_equal(notice.plug, text);
}

static void kinds(void **state)
{
        static const struct {
                const char *name;
                enum notice_device device;
        } kinds[] = {
                { "usb-disk", NOTICE_USB_DISK },
                { "sd-card", NOTICE_SD_CARD },
                { "optical", NOTICE_OPTICAL },
                { "external-disk", NOTICE_EXTERNAL_DISK },
                { "phone-mtp", NOTICE_PHONE },
                { "phone-ptp", NOTICE_CAMERA },
                { "phone-apple", NOTICE_PHONE },
                { "phone-adb", NOTICE_PHONE },
                { "", NOTICE_OTHER },
                { "usb-disk ", NOTICE_OTHER },
                { "USB-DISK", NOTICE_OTHER },
                { "tape", NOTICE_OTHER },
        };

        (void) state;
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                assert_int_equal(parse_string("DeviceKind", kinds[i].name), 0);
                assert_int_equal(notice.device, kinds[i].device);
        }
}

static void texts(void **state)
{
        g_autofree char *endless = g_strnfill(10000, 'x');

        (void) state;
        assert_int_equal(parse_string("Name", endless), 0);
        assert_int_equal(strlen(notice.name), NOTICE_NAME_MAX - 1);
        assert_int_equal(parse_string("Servicedesk", endless), 0);
        assert_int_equal(strlen(notice.servicedesk), NOTICE_TEXT_MAX - 1);
        assert_int_equal(parse_string("School", "  a\nb\x1b[2J\tc\r\n "), 0);
        assert_string_equal(notice.school, "a?b?[2J?c");
        /* Right-to-left override, zero-width space, byte order mark. */
        assert_int_equal(parse_string("Name", "a\xe2\x80\xae"
                                              "b\xe2\x80\x8b"
                                              "c\xef\xbb\xbf"
                                              "d"),
                         0);
        assert_string_equal(notice.name, "a?b?c?d");
        assert_int_equal(parse_string("Name", "<b>R&D</b>"), 0);
        assert_string_equal(notice.name, "<b>R&D</b>");
        /* Cut at a whole character: 31 of two bytes in 63. */
        memset(endless, 0, 10000);
        for (size_t i = 0; i < 100; i += 2)
                memcpy(endless + i, "\xc3\xa9", 2);
        assert_int_equal(parse_string("Name", endless), 0);
        assert_int_equal(strlen(notice.name), NOTICE_NAME_MAX - 2);
        assert_true(g_utf8_validate(notice.name, -1, NULL));
}

static void codes(void **state)
{
        static const char *const bad[] = { "7q3xyz", "7Q3 YZ", "7Q3XYZ7Q3", "<b>", "7Q3XYZ\n", "\xc3\x89" };

        (void) state;
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                assert_int_equal(parse_string("Code", bad[i]), 0);
                assert_string_equal(notice.code, "");
        }
        assert_int_equal(parse_string("Code", "7Q3XYZ78"), 0);
        assert_string_equal(notice.code, "7Q3XYZ78");
}

static void links(void **state)
{
        g_autofree char *rest = g_strnfill(NOTICE_TEXT_MAX, 'x');
        g_autofree char *endless = g_strconcat("https://", rest, NULL);

        (void) state;
        assert_int_equal(parse_string("ServicedeskUrl", "file:///etc/passwd"), 0);
        assert_string_equal(notice.servicedesk_url, "");
        assert_int_equal(parse_string("LeakReportUrl", "javascript:alert(1)"), 0);
        assert_string_equal(notice.leak_report_url, "");
        /* Never cut: half an address is another one. */
        assert_int_equal(parse_string("ServicedeskUrl", endless), 0);
        assert_string_equal(notice.servicedesk_url, "");
        endless[NOTICE_TEXT_MAX - 1] = '\0';
        assert_int_equal(parse_string("ServicedeskUrl", endless), 0);
        assert_string_equal(notice.servicedesk_url, endless);
}

static void places(void **state)
{
        GString *many = g_string_new(LEAST ", 'Places': <[");

        (void) state;
        assert_int_equal(
                parse(LEAST ", 'Places': <[('a', 'A', 'file:///x'), ('b', '', 'https://b'), ('c', 'C', 'https://c'), "
                            "('d', ' \\u202e ', 'https://d'), ('e', 'E', '')]>"),
                0);
        assert_int_equal(notice.n_places, 2);
        assert_string_equal(notice.places[0].label, "C");
        assert_string_equal(notice.places[1].label, "?");

        for (unsigned i = 0; i < 1000; i++)
                g_string_append_printf(many, "%s('p', 'P%u', 'https://p/%u')", i ? ", " : "", i, i);
        g_string_append(many, "]>");
        assert_int_equal(parse(many->str), 0);
        assert_int_equal(notice.n_places, NOTICE_PLACES_MAX);
        assert_string_equal(notice.places[NOTICE_PLACES_MAX - 1].label, "P15");
        g_string_free(many, TRUE);
}

static void wrong_types(void **state)
{
        (void) state;
        assert_int_equal(
                parse(LEAST ", 'Name': <7>, 'Places': <'x'>, 'Simulated': <'yes'>, 'Code': <['A']>, 'School': <true>, "
                            "'ServicedeskUrl': <{'a': 'b'}>, 'DeviceKind': <0x1>"),
                0);
        assert_string_equal(notice.name, "");
        assert_int_equal(notice.n_places, 0);
        assert_false(notice.simulated);
        assert_int_equal(notice.device, NOTICE_OTHER);
        assert_int_equal(parse(LEAST ", 'Places': <[('a', 'A')]>"), 0);
        assert_int_equal(notice.n_places, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whole),           cmocka_unit_test(least),     cmocka_unit_test(not_a_notice),
                cmocka_unit_test(kinds_of_notice), cmocka_unit_test(numbers),   cmocka_unit_test(stopped),
                cmocka_unit_test(fields),          cmocka_unit_test(own_words), cmocka_unit_test(untouched),
                cmocka_unit_test(plugs),           cmocka_unit_test(kinds),     cmocka_unit_test(texts),
                cmocka_unit_test(codes),           cmocka_unit_test(links),     cmocka_unit_test(places),
                cmocka_unit_test(wrong_types),
        };

        return cmocka_run_group_tests_name("notifier-notice", tests, NULL, NULL);
}
