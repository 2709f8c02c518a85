/* links: collector/lockout.c collector/rate.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who tries is stopped, and nobody else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "collector/lockout.h"

#define MINUTE UINT64_C(60000000)
#define START  (1000 * MINUTE)

static unsigned try_all(struct lockout *lockout, const char *account, const char *address, bool known, uint64_t now)
{
        unsigned n = 0;

        while (n < 1000 && lockout_try(lockout, account, address, known, now))
                n++;
        return n;
}

static void an_account_is_shut_to_strangers_alone(void **state)
{
        struct lockout *lockout = lockout_new();

        (void) state;
        assert_int_equal(try_all(lockout, "jan", "10.0.0.1", false, START), LOCKOUT_ACCOUNT);
        assert_false(lockout_try(lockout, "jan", "10.0.0.2", false, START));
        assert_true(lockout_try(lockout, "jan", "10.0.0.1", true, START)); /* the browser of jan himself */
        assert_true(lockout_try(lockout, "els", "10.0.0.1", false, START));
        assert_true(lockout_try(lockout, "jan", "10.0.0.2", false, START + LOCKOUT_MINUTES * MINUTE));
        lockout_free(lockout);
}

static void an_address_is_shut_to_strangers_alone(void **state)
{
        struct lockout *lockout = lockout_new();
        char name[16];
        unsigned n = 0;

        (void) state;
        while (n < 1000 &&
               (snprintf(name, sizeof(name), "n%u", n), lockout_try(lockout, name, "10.0.0.1", false, START)))
                n++;
        assert_int_equal(n, LOCKOUT_ADDRESS);
        assert_true(lockout_try(lockout, "jan", "10.0.0.2", false, START));
        assert_true(lockout_try(lockout, "jan", "10.0.0.1", true, START)); /* the same school, but known */
        lockout_free(lockout);
}

static void a_known_browser_has_an_end_too(void **state)
{
        struct lockout *lockout = lockout_new();

        (void) state;
        assert_int_equal(try_all(lockout, "jan", "10.0.0.1", true, START), LOCKOUT_ACCOUNT);
        assert_true(lockout_try(lockout, "jan", "10.0.0.1", false, START));
        lockout_free(lockout);
}

static void what_was_right_does_not_count(void **state)
{
        struct lockout *lockout = lockout_new();

        (void) state;
        for (unsigned i = 0; i < 10 * LOCKOUT_ADDRESS; i++) {
                assert_true(lockout_try(lockout, "jan", "10.0.0.1", i % 2, START));
                lockout_take_back(lockout, "jan", "10.0.0.1", i % 2);
        }
        lockout_free(lockout);
}

static void a_name_that_is_shut_uses_up_no_address(void **state)
{
        struct lockout *lockout = lockout_new();

        (void) state;
        try_all(lockout, "jan", "10.0.0.1", false, START);
        for (unsigned i = 0; i < 10 * LOCKOUT_ADDRESS; i++)
                assert_false(lockout_try(lockout, "jan", "10.0.0.1", false, START));
        assert_true(lockout_try(lockout, "els", "10.0.0.1", false, START));
        lockout_free(lockout);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_account_is_shut_to_strangers_alone),
                cmocka_unit_test(an_address_is_shut_to_strangers_alone),
                cmocka_unit_test(a_known_browser_has_an_end_too),
                cmocka_unit_test(what_was_right_does_not_count),
                cmocka_unit_test(a_name_that_is_shut_uses_up_no_address),
        };

        return cmocka_run_group_tests_name("collector lock-out", tests, NULL, NULL);
}
