/* links: collector/interval.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Received numbers as intervals, by hand and against a plain list of bits. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/interval.h"

#define NUMBERS 200U
#define ROUNDS  400U

static void add(struct intervals *intervals, uint64_t first, uint64_t last)
{
        assert_int_equal(intervals_add(intervals, (struct interval){ first, last }), 0);
}

static void expect(const struct intervals *intervals, size_t n, const uint64_t *numbers)
{
        assert_int_equal(intervals->n, n);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(intervals->items[i].first, numbers[2 * i]);
                assert_int_equal(intervals->items[i].last, numbers[2 * i + 1]);
        }
}

#define EXPECT(intervals, ...)                                                                                         \
        expect(intervals, sizeof((const uint64_t[]){ __VA_ARGS__ }) / 16, (const uint64_t[]){ __VA_ARGS__ })

static void in_order_one_interval_grows(void **state)
{
        struct intervals set = { 0 };

        (void) state;
        assert_false(intervals_contain(&set, 1));
        add(&set, 1, 1);
        EXPECT(&set, 1, 1);
        add(&set, 2, 50);
        EXPECT(&set, 1, 50);
        add(&set, 51, 51);
        EXPECT(&set, 1, 51);
        intervals_clear(&set);
        assert_int_equal(set.n, 0);
}

static void a_gap_stays_until_it_is_filled(void **state)
{
        struct intervals set = { 0 };

        (void) state;
        add(&set, 1, 10);
        add(&set, 12, 20);
        EXPECT(&set, 1, 10, 12, 20);
        assert_true(intervals_contain(&set, 10));
        assert_false(intervals_contain(&set, 11));
        assert_true(intervals_contain(&set, 12));
        add(&set, 30, 30);
        EXPECT(&set, 1, 10, 12, 20, 30, 30);
        add(&set, 11, 11);
        EXPECT(&set, 1, 20, 30, 30);
        add(&set, 22, 28);
        EXPECT(&set, 1, 20, 22, 28, 30, 30);
        add(&set, 21, 29);
        EXPECT(&set, 1, 30);
        intervals_clear(&set);
}

static void what_came_before_changes_nothing(void **state)
{
        struct intervals set = { 0 };

        (void) state;
        add(&set, 5, 9);
        add(&set, 5, 9);
        add(&set, 6, 7);
        add(&set, 5, 5);
        add(&set, 9, 9);
        EXPECT(&set, 5, 9);
        intervals_clear(&set);
}

static void overlaps_merge_on_both_sides(void **state)
{
        struct intervals set = { 0 };

        (void) state;
        add(&set, 10, 20);
        add(&set, 30, 40);
        add(&set, 50, 60);
        add(&set, 70, 80);
        add(&set, 35, 55);
        EXPECT(&set, 10, 20, 30, 60, 70, 80);
        add(&set, 1, 9);
        EXPECT(&set, 1, 20, 30, 60, 70, 80);
        add(&set, 81, 90);
        EXPECT(&set, 1, 20, 30, 60, 70, 90);
        add(&set, 2, 89);
        EXPECT(&set, 1, 90);
        intervals_clear(&set);
}

static void the_ends_of_the_numbers(void **state)
{
        struct intervals set = { 0 };

        (void) state;
        assert_int_equal(intervals_add(&set, (struct interval){ 0, 5 }), -EINVAL);
        assert_int_equal(intervals_add(&set, (struct interval){ 0, 0 }), -EINVAL);
        assert_int_equal(intervals_add(&set, (struct interval){ 6, 5 }), -EINVAL);
        assert_int_equal(set.n, 0);
        add(&set, UINT64_MAX, UINT64_MAX);
        add(&set, 1, 1);
        EXPECT(&set, 1, 1, UINT64_MAX, UINT64_MAX);
        assert_true(intervals_contain(&set, UINT64_MAX));
        assert_false(intervals_contain(&set, 0));
        add(&set, UINT64_MAX - 1, UINT64_MAX - 1);
        EXPECT(&set, 1, 1, UINT64_MAX - 1, UINT64_MAX);
        add(&set, 1, UINT64_MAX);
        EXPECT(&set, 1, UINT64_MAX);
        intervals_clear(&set);
}

static void touching_is_symmetric(void **state)
{
        static const struct {
                struct interval a, b;
                bool touch;
        } cases[] = {
                { { 1, 1 }, { 2, 2 }, true },          { { 1, 1 }, { 3, 3 }, false },
                { { 1, 5 }, { 3, 9 }, true },          { { 1, 9 }, { 3, 4 }, true },
                { { 1, UINT64_MAX }, { 1, 1 }, true }, { { UINT64_MAX, UINT64_MAX }, { 1, 1 }, false },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(interval_touches(cases[i].a, cases[i].b), cases[i].touch);
                assert_int_equal(interval_touches(cases[i].b, cases[i].a), cases[i].touch);
        }
}

/* The set is exactly the bits, sorted, and as few intervals as can be. */
static void compare(const struct intervals *set, const bool *bits)
{
        size_t runs = 0;

        for (uint64_t number = 0; number <= NUMBERS + 1; number++) {
                assert_int_equal(intervals_contain(set, number), bits[number]);
                runs += bits[number] && !bits[number - 1];
        }
        assert_int_equal(set->n, runs);
        for (size_t i = 0; i < set->n; i++) {
                assert_true(set->items[i].first <= set->items[i].last);
                if (i > 0)
                        assert_true(set->items[i].first > set->items[i - 1].last + 1);
        }
}

static void random_order_and_duplicates_against_bits(void **state)
{
        (void) state;
        srandom(20251122);
        for (unsigned round = 0; round < ROUNDS; round++) {
                struct intervals set = { 0 };
                bool bits[NUMBERS + 2] = { false };
                uint64_t longest = 1 + (uint64_t) random() % 20;
                unsigned steps = 1 + (unsigned) random() % 150;

                for (unsigned step = 0; step < steps; step++) {
                        uint64_t first = 1 + (uint64_t) random() % NUMBERS;
                        uint64_t last = first + (uint64_t) random() % longest;

                        if (last > NUMBERS)
                                last = NUMBERS;
                        add(&set, first, last);
                        memset(bits + first, true, last - first + 1);
                }
                compare(&set, bits);
                intervals_clear(&set);
        }
}

static void any_order_of_all_ends_as_one(void **state)
{
        uint64_t order[NUMBERS];

        (void) state;
        for (uint64_t i = 0; i < NUMBERS; i++)
                order[i] = i + 1;
        for (unsigned round = 0; round < 50; round++) {
                struct intervals set = { 0 };

                for (size_t i = NUMBERS - 1; i > 0; i--) {
                        size_t j = (size_t) random() % (i + 1);
                        uint64_t other = order[i];

                        order[i] = order[j];
                        order[j] = other;
                }
                for (size_t i = 0; i < NUMBERS; i++) {
                        assert_false(intervals_contain(&set, order[i]));
                        add(&set, order[i], order[i]);
                        if (i % 3 == 0)
                                add(&set, order[i / 2], order[i / 2]); /* again */
                }
                EXPECT(&set, 1, NUMBERS);
                intervals_clear(&set);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(in_order_one_interval_grows),
                cmocka_unit_test(a_gap_stays_until_it_is_filled),
                cmocka_unit_test(what_came_before_changes_nothing),
                cmocka_unit_test(overlaps_merge_on_both_sides),
                cmocka_unit_test(the_ends_of_the_numbers),
                cmocka_unit_test(touching_is_symmetric),
                cmocka_unit_test(random_order_and_duplicates_against_bits),
                cmocka_unit_test(any_order_of_all_ends_as_one),
        };

        return cmocka_run_group_tests_name("collector interval", tests, NULL, NULL);
}
