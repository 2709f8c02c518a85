/* links: collector/rate.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "collector/rate.h"

#define SECOND UINT64_C(1000000)
#define START  (1000 * SECOND)

static const char host[] = "7d444840-9dc0-41d1-b245-5ffdce74fad2", other[] = "0e0b0c0d-1111-4222-8333-444455556666";

static unsigned take_all(struct rate *rate, const char *whose, uint64_t now)
{
        unsigned n = 0;

        while (n < 10000 && rate_take(rate, whose, now))
                n++;
        return n;
}

static void a_minute_at_once_and_then_evenly(void **state)
{
        struct rate *rate = rate_new(60, 60 * SECOND);

        (void) state;
        assert_int_equal(take_all(rate, host, START), 60);
        assert_false(rate_take(rate, host, START + SECOND - 1));
        assert_int_equal(take_all(rate, host, START + SECOND), 1);
        assert_int_equal(take_all(rate, host, START + 11 * SECOND), 10);
        assert_int_equal(take_all(rate, host, START + 3600 * SECOND), 60); /* no more is saved up than that */
        rate_free(rate);
}

static void one_takes_nothing_from_another(void **state)
{
        struct rate *rate = rate_new(600, 60 * SECOND);

        (void) state;
        assert_int_equal(take_all(rate, host, START), 600);
        assert_int_equal(take_all(rate, other, START), 600);
        assert_false(rate_take(rate, host, START));
        rate_give(rate, host);
        assert_true(rate_take(rate, host, START));
        assert_false(rate_take(rate, host, START));
        rate_free(rate);
}

static void more_keys_than_places(void **state)
{
        struct rate *rate = rate_new(1, 60 * SECOND);
        char name[RATE_KEY_MAX + 1];

        (void) state;
        for (unsigned i = 0; i < 3 * RATE_KEYS; i++) {
                snprintf(name, sizeof(name), "%08x-0000-4000-8000-000000000000", i);
                assert_true(rate_take(rate, name, START));
                assert_false(rate_take(rate, name, START));
        }
        rate_free(rate);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_minute_at_once_and_then_evenly),
                cmocka_unit_test(one_takes_nothing_from_another),
                cmocka_unit_test(more_keys_than_places),
        };

        return cmocka_run_group_tests_name("collector rate", tests, NULL, NULL);
}
