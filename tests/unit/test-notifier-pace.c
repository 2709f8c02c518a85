/* links: notifier/pace.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* So many in any hour, and not one more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notifier/pace.h"

#define MINUTE (PACE_HOUR_USEC / 60)

static void in_an_hour(void **state)
{
        struct pace pace = { 0 };

        (void) state;
        for (unsigned i = 0; i < 3; i++)
                assert_true(pace_ask(&pace, MINUTE * (i + 1), 3));
        assert_false(pace_ask(&pace, MINUTE * 4, 3));
        assert_false(pace_ask(&pace, MINUTE * 61 - 1, 3));
        /* What was not told does not count; the hour goes on from the first. */
        assert_true(pace_ask(&pace, MINUTE * 61, 3));
        assert_false(pace_ask(&pace, MINUTE * 61, 3));
        assert_true(pace_ask(&pace, MINUTE * 62, 3));
        /* Another policy. */
        assert_false(pace_ask(&pace, MINUTE * 62, 1));
        assert_true(pace_ask(&pace, MINUTE * 62, 5));
}

static void never_more(void **state)
{
        struct pace pace = { 0 };
        unsigned n = 0;

        (void) state;
        for (unsigned i = 0; i < 500; i++)
                n += pace_ask(&pace, MINUTE + i, 9999);
        assert_int_equal(n, PACE_MAX);
        assert_true(pace_ask(&pace, MINUTE * 62, 9999));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(in_an_hour), cmocka_unit_test(never_more) };

        return cmocka_run_group_tests_name("notifier-pace", tests, NULL, NULL);
}
