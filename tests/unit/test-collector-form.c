/* links: collector/form.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collector/form.h"

static void expect(const char *body, const char *value)
{
        char got[8];
        bool good = form_value(body, strlen(body), "name", got, sizeof(got));

        assert_int_equal(good, value != NULL);
        assert_string_equal(got, value ? value : "");
}

static void values_are_decoded(void **state)
{
        (void) state;
        expect("name=jan", "jan");
        expect("name=", "");
        expect("x=1&name=jan&y=2", "jan");
        expect("name=a+b%20c", "a b c");
        expect("name=%C3%a9%26%3D", "\xC3\xA9&=");
        expect("name=1234567", "1234567");
        expect("&&name=a=b&", "a=b");
        expect("surname=x&name=y", "y");
}

static void what_is_none(void **state)
{
        char got[8];

        (void) state;
        expect("", NULL);
        expect("name", NULL);
        expect("nam=x", NULL);
        expect("name2=x", NULL);
        expect("name=12345678", NULL);
        expect("name=a&name=b", NULL);
        expect("name=a%00b", NULL);
        expect("name=%", NULL);
        expect("name=%4", NULL);
        expect("name=%4x", NULL);
        expect("name=%&x=41", NULL);
        assert_false(form_value("name=a\0b", 8, "name", got, sizeof(got)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_decoded),
                cmocka_unit_test(what_is_none),
        };

        return cmocka_run_group_tests_name("collector form", tests, NULL, NULL);
}
