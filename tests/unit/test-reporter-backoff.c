/* links: reporter/backoff.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How long the reporter waits: the ceilings, both ends of each draw, and that no number of failures breaks it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reporter/backoff.h"

#define SECOND UINT64_C(1000000)

static uint64_t fixed(void *userdata)
{
        return *(uint64_t *) userdata;
}

/* The longest wait after the next failure; a draw of the ceiling itself has to come out unchanged. */
static uint64_t next(struct backoff *backoff, uint64_t draw)
{
        const struct clock clock = { .userdata = &draw, .random = fixed };

        return backoff_next(backoff, &clock);
}

static void ceilings_double_up_to_a_quarter_of_an_hour(void **state)
{
        static const uint64_t ceilings[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900 };
        struct backoff backoff = { 0 };

        (void) state;
        for (size_t i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
                struct backoff same = backoff, above = backoff;

                assert_int_equal(next(&same, 0), 0);
                assert_int_equal(next(&above, ceilings[i] * SECOND + 1), 0); /* the draw is taken modulo ceiling + 1 */
                assert_int_equal(next(&backoff, ceilings[i] * SECOND), ceilings[i] * SECOND);
        }
}

static void it_never_overflows(void **state)
{
        struct backoff backoff = { 0 };

        (void) state;
        for (unsigned i = 0; i < 100000; i++)
                assert_true(next(&backoff, UINT64_MAX - i) <= BACKOFF_MAX_USEC);
        assert_int_equal(next(&backoff, BACKOFF_MAX_USEC), BACKOFF_MAX_USEC);
        backoff.failures = UINT32_MAX;
        assert_int_equal(next(&backoff, BACKOFF_MAX_USEC), BACKOFF_MAX_USEC);
        assert_int_equal(next(&backoff, BACKOFF_MAX_USEC), BACKOFF_MAX_USEC);
}

static void success_starts_anew(void **state)
{
        struct backoff backoff = { 0 };

        (void) state;
        for (unsigned i = 0; i < 20; i++)
                (void) next(&backoff, 0);
        backoff_reset(&backoff);
        assert_int_equal(next(&backoff, SECOND), SECOND);
        assert_int_equal(next(&backoff, 2 * SECOND), 2 * SECOND);
}

static void a_draw_stays_within_both_ends(void **state)
{
        uint64_t draw = 0;
        const struct clock clock = { .userdata = &draw, .random = fixed };

        (void) state;
        assert_int_equal(backoff_draw(10, 20, &clock), 10);
        draw = 10;
        assert_int_equal(backoff_draw(10, 20, &clock), 20);
        draw = 11;
        assert_int_equal(backoff_draw(10, 20, &clock), 10);
        assert_int_equal(backoff_draw(7, 7, &clock), 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ceilings_double_up_to_a_quarter_of_an_hour),
                cmocka_unit_test(it_never_overflows),
                cmocka_unit_test(success_starts_anew),
                cmocka_unit_test(a_draw_stays_within_both_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
