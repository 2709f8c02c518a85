/* links: collector/csv.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A device names itself; a spreadsheet must not calculate that. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/csv.h"

static void expect(const char *text, const char *field)
{
        char *got = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&got, &size);

        csv_field(file, true, text);
        fclose(file);
        assert_string_equal(got, field);
        free(got);
}

static void fields_are_quoted(void **state)
{
        (void) state;
        expect("", "\"\"");
        expect("a, b; c", "\"a, b; c\"");
        expect("say \"no\"", "\"say \"\"no\"\"\"");
        expect("caf\xC3\xA9", "\"caf\xC3\xA9\"");
        expect("a\r\nb\x1b", "\"a\xEF\xBF\xBD\xEF\xBF\xBD"
                             "b\xEF\xBF\xBD\"");
        expect("a\xFFz", "\"a\xEF\xBF\xBDz\"");
        expect("\xE2\x80\xAEx", "\"\xEF\xBF\xBDx\"");
}

static void formulas_are_texts(void **state)
{
        (void) state;
        expect("=1+2", "\"'=1+2\"");
        expect("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\"");
        expect("+1", "\"'+1\"");
        expect("-1", "\"'-1\"");
        expect("@SUM(A1)", "\"'@SUM(A1)\"");
        expect("  =1", "\"'  =1\"");
        expect("\t=1", "\"'\xEF\xBF\xBD=1\"");
        expect("1-2", "\"1-2\"");
        expect("a=b", "\"a=b\"");
}

static void a_line(void **state)
{
        char *got = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&got, &size);

        (void) state;
        csv_field(file, true, "a");
        csv_field(file, false, "b");
        csv_end(file);
        fclose(file);
        assert_string_equal(got, "\"a\",\"b\"\r\n");
        free(got);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fields_are_quoted),
                cmocka_unit_test(formulas_are_texts),
                cmocka_unit_test(a_line),
        };

        return cmocka_run_group_tests_name("collector csv", tests, NULL, NULL);
}
