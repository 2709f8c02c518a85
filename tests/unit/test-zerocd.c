/* links: agent/zerocd.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The list is there and read to its end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "agent/zerocd.h"

static void ids_of_the_list(void **state)
{
        (void) state;
        assert_true(zerocd_is(0x0bda, 0x1a2b));
        assert_true(zerocd_is(0x0408, 0x1000));
        assert_true(zerocd_is(0x19d2, 0x2000));
        assert_true(zerocd_is(0x12d1, 0x1f01)); /* every product of this vendor */
        assert_true(zerocd_is(0x12d1, 0xffff));
        assert_false(zerocd_is(0x0951, 0x1666));
        assert_false(zerocd_is(0x0bda, 0x1a2c));
        assert_false(zerocd_is(0, 0));
        assert_false(zerocd_is(0xffff, 0xffff));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(ids_of_the_list) };

        return cmocka_run_group_tests_name("zerocd", tests, NULL, NULL);
}
