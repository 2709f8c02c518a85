/* links: reporter/retry.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Retry-After. The three forms of the same date are those of RFC 9110. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reporter/retry.h"

#define WALL INT64_C(1700000000) /* Tue, 14 Nov 2023 22:13:20 GMT */

static void dates(void **state)
{
        static const char *const same[] = {
                "Sun, 06 Nov 1994 08:49:37 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                "Sun Nov  6 08:49:37 1994",
        };
        static const char *const none[] = {
                "",
                "soon",
                "Sun, 06 Nov 1994 08:49:37",
                "Sun, 06 Nov 1994 08:49:37 CET",
                "Sun, 06 Nov 1994 08:49:37 GMT ",
                "Sun, 06 Nov 1994 08:49:37 GMT, 12",
                "Sun, 06 Nov 1994",
                "Sun, 32 Nov 1994 08:49:37 GMT",
                "Sun, 06 Nov 1994 25:49:37 GMT",
                "zo, 06 nov 1994 08:49:37 GMT",
                "784111777",
        };
        int64_t seconds;

        (void) state;
        for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
                seconds = 0;
                assert_int_equal(retry_date(same[i], &seconds), 0);
                assert_int_equal(seconds, 784111777);
        }
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
                seconds = 42;
                assert_int_equal(retry_date(none[i], &seconds), -EINVAL);
                assert_int_equal(seconds, 42);
        }
        assert_int_equal(retry_date("Tue, 14 Nov 2023 22:13:20 GMT", &seconds), 0);
        assert_int_equal(seconds, WALL);
}

static void assert_after(const char *value, const char *date, unsigned expected)
{
        unsigned seconds = 7777;

        assert_int_equal(retry_after(value, date, WALL, &seconds), 0);
        assert_int_equal(seconds, expected);
}

static void seconds_are_bounded(void **state)
{
        (void) state;
        assert_after("0", "", 0);
        assert_after("1", "", 1);
        assert_after("120", "", 120);
        assert_after("007", "", 7);
        assert_after("3600", "", 3600);
        assert_after("3601", "", RETRY_AFTER_MAX);
        assert_after("4294967296", "", RETRY_AFTER_MAX); /* 2^32: 0 in a word of 32 bits */
        assert_after("4294967297", "", RETRY_AFTER_MAX);
        assert_after("18446744073709551617", "", RETRY_AFTER_MAX);
        assert_after("99999999999999999999999999999999999999", "", RETRY_AFTER_MAX);
}

static void a_date_counts_from_the_servers_own(void **state)
{
        static const char at[] = "Tue, 14 Nov 2023 22:13:20 GMT", later[] = "Tue, 14 Nov 2023 22:15:00 GMT";

        (void) state;
        assert_after(later, "Tue, 14 Nov 2023 22:14:30 GMT", 30); /* not the laptop's 100 s */
        assert_after(later, at, 100);
        assert_after(later, later, 0);
        assert_after(at, later, 0);
        assert_after("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT", 30);
        assert_after("Wed, 14 Nov 2040 22:13:20 GMT", at, RETRY_AFTER_MAX);
        assert_after("Tue, 14 Nov 2023 23:13:19 GMT", at, 3599);
        assert_after("Tue, 14 Nov 2023 23:13:20 GMT", at, 3600);
        assert_after("Tue, 14 Nov 2023 23:13:21 GMT", at, RETRY_AFTER_MAX);
}

static void without_that_from_ours(void **state)
{
        (void) state;
        assert_after("Tue, 14 Nov 2023 22:15:00 GMT", "", 100);
        assert_after("Tue, 14 Nov 2023 22:15:00 GMT", "yesterday", 100);
        assert_after("Tue, 14 Nov 2023 22:13:19 GMT", "", 0);
        assert_after("Sun, 06 Nov 1994 08:49:37 GMT", "", 0);
        assert_after("Wed, 14 Nov 2040 22:13:20 GMT", "", RETRY_AFTER_MAX);
}

static void what_is_neither_says_nothing(void **state)
{
        static const char *const none[] = {
                "", " ", "-1", "+1", "1.5", "1 ", " 1", "0x10", "1e3", "soon", "12 s", "1,2"
        };
        unsigned seconds = 42;

        (void) state;
        for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
                assert_int_equal(retry_after(none[i], "", WALL, &seconds), -EINVAL);
                assert_int_equal(seconds, 42);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dates),
                cmocka_unit_test(seconds_are_bounded),
                cmocka_unit_test(a_date_counts_from_the_servers_own),
                cmocka_unit_test(without_that_from_ours),
                cmocka_unit_test(what_is_neither_says_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
