/* links: policy/glob.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Patterns of paths, each both ways: what fits, and what fits nearly. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/glob.h"

static void what_fits(void **state)
{
        static const char *const pairs[][2] = {
                { "", "" },
                { "*", "" },
                { "*", "anything/at all" },
                { "/usr/bin/a", "/usr/bin/a" },
                { "*/a", "/usr/bin/a" },
                { "*ab", "aab" }, /* the star has to take another letter after a beginning that fitted */
                { "*/x/x/y", "/x/x/x/y" },
                { "a*b*c", "a-b-b-c" },
                { "a**c", "abc" },
                { "a*", "a" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
                assert_true(glob_fits(pairs[i][0], pairs[i][1]));
}

static void what_does_not(void **state)
{
        static const char *const pairs[][2] = {
                { "", "a" },
                { "a", "" },
                { "/usr/bin/a", "/usr/bin/ab" },
                { "/usr/bin/ab", "/usr/bin/a" },
                { "*ab", "aabc" },
                { "a*b", "b" },
                { "a*b*c", "a-c-b" },
                { "*/a", "a" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
                assert_false(glob_fits(pairs[i][0], pairs[i][1]));
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(what_fits), cmocka_unit_test(what_does_not) };

        return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
