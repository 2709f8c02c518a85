/* links: notifier/words.c notifier/kind.c notifier/request.c notifier/link.c common/noticekind.c libs: glib-2.0 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a notice says: the words for each kind, what is left out when the school has not given it, and the buttons. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "notifier/words.h"

#define BODY_MAX 1200U /* bytes; the longest that a notice can lead to */

static struct notice notice;
static struct words words;

static int setup(void **state)
{
        (void) state;
        notice = (struct notice){
                .plug = "p",
                .name = "DataTraveler",
                .code = "7Q3XYZ",
                .school = "De Regenboog",
                .servicedesk = "Servicedesk, room 1.04",
                .servicedesk_url = "https://desk.example/",
                .leak_report = "0800 1234",
                .leak_report_url = "mailto:leak@school.example",
                .places = { { "OneDrive", "https://one.example/" }, { "Teams", "https://teams.example/" } },
                .n_places = 2,
        };
        return 0;
}

static int teardown(void **state)
{
        (void) state;
        words_clear(&words);
        return 0;
}

static void compose(void)
{
        words_clear(&words);
        words_compose(&notice, &words);
}

static void assert_has(const char *needle)
{
        if (!strstr(words.body, needle))
                fail_msg("\"%s\" is not in: %s", needle, words.body);
}

static void assert_has_not(const char *needle)
{
        if (strstr(words.body, needle))
                fail_msg("\"%s\" is in: %s", needle, words.body);
}

static void whole(void **state)
{
        (void) state;
        compose();
        assert_string_equal(words.title, "This USB stick stays shut");
        assert_string_equal(words.body,
                            "USB sticks and disks get lost easily, so your school keeps files off them. Please use "
                            "OneDrive or Teams instead.\n"
                            "Questions? Servicedesk, room 1.04\n"
                            "Data leak? Report it: 0800 1234\n"
                            "De Regenboog · “DataTraveler” · code 7Q3XYZ");
        assert_string_equal(words.icon, "drive-removable-media");
}

static void read_only(void **state)
{
        (void) state;
        notice.news = NOTICE_READ_ONLY;
        compose();
        assert_string_equal(words.title, "This USB stick is for reading only");
        assert_string_equal(
                words.body,
                "What is on it you can open and copy, but not change. USB sticks and disks get lost easily, so "
                "your school keeps files off them. Please use OneDrive or Teams instead.\n"
                "Questions? Servicedesk, room 1.04\n"
                "Data leak? Report it: 0800 1234\n"
                "De Regenboog · “DataTraveler” · code 7Q3XYZ");
        for (int device = 0; device < _NOTICE_DEVICE_MAX; device++) {
                notice.device = (enum notice_device) device;
                compose();
                assert_non_null(strstr(words.title, "for reading only"));
        }
}

static void plain(void **state)
{
        (void) state;
        notice.news = NOTICE_NOT_ENCRYPTED;
        compose();
        assert_string_equal(words.title, "This USB stick stays shut");
        assert_string_equal(
                words.body,
                "It is not encrypted. USB sticks and disks get lost easily, so your school opens only encrypted "
                "ones. Please use OneDrive or Teams instead.\n"
                "Questions? Servicedesk, room 1.04\n"
                "Data leak? Report it: 0800 1234\n"
                "De Regenboog · “DataTraveler” · code 7Q3XYZ");
        for (int device = 0; device < _NOTICE_DEVICE_MAX; device++) {
                notice.device = (enum notice_device) device;
                compose();
                assert_non_null(strstr(words.body, "It is not encrypted."));
        }
}

/* Of a grant: when it closes and what to do until then, whatever device it is. */
static void grants(void **state)
{
        static const struct {
                enum notice_news news;
                const char *title, *what;
        } all[] = {
                { NOTICE_GRANT_ENDING, "Two more minutes for this device",
                  "It was opened for you for a while, and closes in two minutes. Please save your work and close what "
                  "is open "
                  "on it." },
                { NOTICE_GRANT_EXTENDED, "Please close what is open on this device",
                  "Its time is over, and something on it is still in use. It closes in two minutes. Please save your "
                  "work "
                  "now." },
                { NOTICE_GRANT_ENDED, "This device is closed again",
                  "What was saved on it is safe, and you can take it out." },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
                for (unsigned device = 0; device < _NOTICE_DEVICE_MAX; device++) {
                        g_autofree char *body = g_strdup_printf("%s\nQuestions? Servicedesk, room 1.04\nData leak? "
                                                                "Report it: 0800 1234\nDe Regenboog · "
                                                                "“DataTraveler” · code 7Q3XYZ",
                                                                all[i].what);

                        notice.news = all[i].news;
                        notice.device = (enum notice_device) device;
                        compose();
                        assert_string_equal(words.title, all[i].title);
                        assert_string_equal(words.body, body);
                        assert_int_equal(words.n_buttons, 4);
                        assert_non_null(words.icon);
                }
}

static void buttons(void **state)
{
        static const char *const labels[] = { "OneDrive", "Teams", "Ask the servicedesk", "Report a data leak" };
        const char *const urls[] = { notice.places[0].url, notice.places[1].url, notice.servicedesk_url,
                                     notice.leak_report_url };

        (void) state;
        compose();
        assert_int_equal(words.n_buttons, 4);
        for (size_t i = 0; i < 4; i++) {
                assert_string_equal(words.buttons[i].label, labels[i]);
                assert_string_equal(words.buttons[i].url, urls[i]);
        }
        notice.servicedesk_url[0] = notice.leak_report_url[0] = '\0';
        compose();
        assert_int_equal(words.n_buttons, 2);
        notice.n_places = NOTICE_PLACES_MAX;
        strcpy(notice.servicedesk_url, "https://a");
        strcpy(notice.leak_report_url, "https://b");
        compose();
        assert_int_equal(words.n_buttons, WORDS_BUTTONS_MAX);
}

/* Each kind has a title, a reason and a picture of its own; none blames or alarms. */
static void kinds(void **state)
{
        static const char *const never[] = { "!",       "forbidden",   "blocked", "violation",
                                             "warning", "not allowed", "policy",  "you may not" };
        char *titles[_NOTICE_DEVICE_MAX];

        (void) state;
        for (unsigned i = 0; i < _NOTICE_DEVICE_MAX; i++) {
                notice.device = (enum notice_device) i;
                compose();
                titles[i] = g_strdup(words.title);
                assert_has("OneDrive or Teams");
                assert_has("your school");
                assert_true(strlen(words.title) > 10 && strlen(words.title) <= 50);
                assert_non_null(words.icon);
                for (unsigned j = 0; j < i; j++)
                        assert_string_not_equal(titles[i], titles[j]);
                for (size_t j = 0; j < sizeof(never) / sizeof(*never); j++)
                        assert_null(strcasestr(words.title, never[j]) ?: strcasestr(words.body, never[j]));
        }
        for (unsigned i = 0; i < _NOTICE_DEVICE_MAX; i++)
                g_free(titles[i]);
}

static void places(void **state)
{
        static const char *const sentences[] = {
                "Your servicedesk knows where your files are safe.",
                "Please use A instead.",
                "Please use A or B instead.",
                "Please use A, B or C instead.",
                "Please use A, B, C or another place of your school instead.",
                "Please use A, B, C or another place of your school instead.",
        };

        (void) state;
        for (size_t n = 0; n < sizeof(sentences) / sizeof(*sentences); n++) {
                notice.n_places = n;
                for (size_t i = 0; i < n; i++)
                        sprintf(notice.places[i].label, "%c", (char) ('A' + i));
                compose();
                assert_has(sentences[n]);
        }
}

static void left_out(void **state)
{
        (void) state;
        notice.servicedesk[0] = notice.leak_report[0] = '\0';
        compose();
        assert_has_not("Questions");
        assert_has_not("\n\n");
        assert_has("\nDe Regenboog · “DataTraveler” · code 7Q3XYZ");
        notice.name[0] = '\0';
        compose();
        assert_has("\nDe Regenboog · code 7Q3XYZ");
        notice.school[0] = '\0';
        compose();
        assert_has("\ncode 7Q3XYZ");
        assert_has_not("·");
        strcpy(notice.name, "X");
        compose();
        assert_has("\n“X” · code 7Q3XYZ");
        notice.code[0] = '\0';
        compose();
        assert_has("\n“X”");
        assert_has_not("·");
        notice.name[0] = '\0';
        compose();
        assert_has_not("\n");
}

/* A telephone number is read, an address is a button; where there is no button, all is read. */
static void leak(void **state)
{
        (void) state;
        compose();
        assert_has("\nData leak? Report it: 0800 1234\n");
        assert_int_equal(words.n_buttons, 4);
        strcpy(notice.leak_report, "the servicedesk, room 1.04");
        compose();
        assert_has_not("Data leak");
        notice.leak_report_url[0] = '\0';
        compose();
        assert_has("\nData leak? Report it: the servicedesk, room 1.04\n");
        assert_int_equal(words.n_buttons, 3);
}

/* What is the same whatever it is about. */
static void news(void **state)
{
        static const struct {
                enum notice_news news;
                const char *title, *what;
        } all[] = {
                { NOTICE_GRANT_OPENED, "This device is open for a while",
                  "You can use it for 30 minutes. Before it closes you get a notice here, so that you can save your "
                  "work.\n" },
                { NOTICE_CLIENT_STOPPED, "This app has been closed",
                  "It works with a place outside your school. Your own files are still where they were. Please "
                  "use OneDrive or Teams instead.\n" },
                { NOTICE_SEVERAL, "Several devices, told at once",
                  "3 more devices were plugged in, and do not open as usual. Small devices get lost easily, so your "
                  "school keeps files off them. Please use OneDrive or Teams instead.\n" },
                { NOTICE_EARLIER, "Plugged in before you were here",
                  "3 devices were plugged in before, and do not open as usual. Small devices get lost easily, so your "
                  "school keeps files off them. Please use OneDrive or Teams instead.\n" },
        };

        (void) state;
        notice.minutes = 30;
        notice.count = 3;
        for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
                notice.news = all[i].news;
                compose();
                assert_string_equal(words.title, all[i].title);
                assert_true(strncmp(words.body, all[i].what, strlen(all[i].what)) == 0);
                assert_non_null(words.icon);
        }
        notice.minutes = notice.count = 1;
        compose();
        assert_has("1 device was plugged in before, and does not");
        notice.news = NOTICE_SEVERAL;
        compose();
        assert_has("1 more device was plugged in, and does not");
        notice.news = NOTICE_GRANT_OPENED;
        compose();
        assert_has("for 1 minute.");
        notice.minutes = 0;
        compose();
        assert_true(strncmp(words.body, "Before it closes", 16) == 0);
}

/* The school's own words take the place of ours; whom to ask and the code stay. */
static void own_words(void **state)
{
        (void) state;
        strcpy(notice.own.title, "100%s dicht");
        compose();
        assert_string_equal(words.title, "100%s dicht");
        assert_has("USB sticks and disks");
        strcpy(notice.own.text, "Zet het op de N-schijf. %n");
        compose();
        assert_true(strncmp(words.body, "Zet het op de N-schijf. %n\nQuestions?", 36) == 0);
        assert_has("code 7Q3XYZ");
        assert_int_equal(words.n_buttons, 4);
        notice.simulated = true;
        compose();
        assert_string_equal(words.title, "100%s dicht (simulated)");
}

static void last_day(void **state)
{
        (void) state;
        notice.news = NOTICE_READ_ONLY;
        notice.until = (struct notice_day){ .month = 2, .day = 1 };
        compose();
        assert_has("but not change. You can do so through 1 February; after that it stays shut. USB sticks");
        notice.until = (struct notice_day){ .month = 12, .day = 31 };
        compose();
        assert_has("through 31 December;");
}

static void simulated(void **state)
{
        (void) state;
        notice.simulated = true;
        compose();
        assert_string_equal(words.title, "This USB stick stays shut (simulated)");
}

/* Formats, markup and length are the giver's; the words pass them on as they are. */
static void strange(void **state)
{
        (void) state;
        strcpy(notice.name, "%s%n%s <b>&amp;</b>");
        strcpy(notice.servicedesk, "100%n");
        strcpy(notice.places[0].label, "%99999d");
        compose();
        assert_has("“%s%n%s <b>&amp;</b>”");
        assert_has("? 100%n\n");
        assert_has("use %99999d or");
}

static void longest(void **state)
{
        (void) state;
        notice.n_places = NOTICE_PLACES_MAX;
        for (size_t i = 0; i < NOTICE_PLACES_MAX; i++)
                memset(notice.places[i].label, 'x', NOTICE_LABEL_MAX - 1);
        memset(notice.name, 'x', NOTICE_NAME_MAX - 1);
        memset(notice.code, 'X', NOTICE_CODE_MAX - 1);
        memset(notice.school, 'x', NOTICE_TEXT_MAX - 1);
        memset(notice.servicedesk, 'x', NOTICE_TEXT_MAX - 1);
        memset(notice.leak_report, 'x', NOTICE_TEXT_MAX - 1);
        notice.leak_report_url[0] = '\0';
        for (unsigned i = 0; i < _NOTICE_DEVICE_MAX; i++) {
                notice.device = (enum notice_device) i;
                compose();
                assert_true(strlen(words.body) <= BODY_MAX);
        }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(whole),     TEST(buttons),   TEST(kinds),     TEST(places),  TEST(left_out),
                TEST(read_only), TEST(plain),     TEST(grants),    TEST(leak),    TEST(news),
                TEST(last_day),  TEST(own_words), TEST(simulated), TEST(strange), TEST(longest),
        };

        return cmocka_run_group_tests_name("notifier-words", tests, NULL, NULL);
}
