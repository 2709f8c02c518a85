/* links: collector/filter.c collector/form.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "collector/filter.h"

#define HOUR INT64_C(3600000000000)

static int amsterdam(void **state)
{
        (void) state;
        setenv("TZ", "Europe/Amsterdam", 1);
        tzset();
        return 0;
}

static void a_day_is_whole_also_when_the_clock_changes(void **state)
{
        struct filter filter = { 0 };
        struct store_wish wish;

        (void) state;
        filter_wish(&filter, &wish);
        assert_true(wish.from_ns == 0 && wish.until_ns == INT64_MAX && !wish.laptop && !wish.site);
        assert_true(filter_set(&filter, FILTER_FROM, "2026-11-22"));
        assert_true(filter_set(&filter, FILTER_TO, "2026-11-22"));
        filter_wish(&filter, &wish);
        assert_true(wish.from_ns == INT64_C(1795302000000000000) && wish.until_ns - wish.from_ns == 24 * HOUR);
        filter_set(&filter, FILTER_FROM, "2026-03-29");
        filter_set(&filter, FILTER_TO, "2026-03-29");
        filter_wish(&filter, &wish);
        assert_true(wish.until_ns - wish.from_ns == 23 * HOUR);
        filter_set(&filter, FILTER_FROM, "2026-10-25");
        filter_set(&filter, FILTER_TO, "2026-10-25");
        filter_wish(&filter, &wish);
        assert_true(wish.until_ns - wish.from_ns == 25 * HOUR);
}

static void what_is_no_day(void **state)
{
        static const char *const wrong[] = { "2026-02-30", "2026-13-01", "2026-1-1", "x",          "2026-11-22x",
                                             "26-11-22",   "1960-01-01", "",         "2026-11-22 " };
        struct filter filter = { 0 };

        (void) state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                if (wrong[i][0] && filter_set(&filter, FILTER_FROM, wrong[i]))
                        fail_msg("'%s' is taken", wrong[i]);
        assert_true(filter_set(&filter, FILTER_FROM, ""));
        assert_true(filter_set(&filter, FILTER_FROM, NULL));
}

static void what_comes_back_in_an_address(void **state)
{
        struct filter filter = { 0 }, again = { 0 };
        char query[FILTER_QUERY_MAX], text[3 * FILTER_VALUE_MAX + 8];

        (void) state;
        filter_write(&filter, query);
        assert_string_equal(query, "");
        assert_true(filter_set(&filter, FILTER_RULE, "[storage] usb%2ddisk"));
        assert_true(filter_set(&filter, FILTER_SITE, "%22%3E%3Cscript%3E%26x=1"));
        filter_write(&filter, query);
        assert_string_equal(query, "rule=%5Bstorage%5D%20usb-disk&site=%22%3E%3Cscript%3E%26x%3D1");
        assert_true(filter_set(&again, FILTER_RULE, "%5Bstorage%5D%20usb-disk"));
        assert_string_equal(again.values[FILTER_RULE], filter.values[FILTER_RULE]);

        /* As long as can be, all of them. */
        text[0] = '\0';
        for (size_t i = 0; i < FILTER_VALUE_MAX; i++)
                strcat(text, "%26");
        for (int i = 0; i < FILTER_FROM; i++)
                assert_true(filter_set(&filter, (enum filter_field) i, text));
        filter_write(&filter, query);
        assert_true(strlen(query) > FILTER_FROM * 3 * FILTER_VALUE_MAX);
        strcat(text, "x");
        assert_false(filter_set(&filter, FILTER_RULE, text));
        assert_false(filter_set(&filter, FILTER_RULE, "%zz"));
        assert_false(filter_set(&filter, FILTER_RULE, "a%00b"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_day_is_whole_also_when_the_clock_changes),
                cmocka_unit_test(what_is_no_day),
                cmocka_unit_test(what_comes_back_in_an_address),
        };

        return cmocka_run_group_tests_name("collector filter", tests, amsterdam, NULL);
}
