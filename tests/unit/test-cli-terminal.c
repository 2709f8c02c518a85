/* links: cli/terminal.c cli/table.c cli/when.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What reaches the terminal: cleaned text, aligned tables, points in time. */

#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/when.h"

static void assert_clean(const char *text, const char *expected, size_t width)
{
        char *clean = terminal_clean(text);

        assert_string_equal(clean, expected);
        assert_int_equal(terminal_width(clean), width);
        free(clean);
}

static void nothing_steers_the_terminal(void **state)
{
        (void) state;
        assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
        assert_clean(NULL, "", 0);
        assert_clean("DataTraveler 3.0", "DataTraveler 3.0", 16);
        assert_clean("a\x1b[2Jb", "a\\u001b[2Jb", 11);
        assert_clean("\r\n\t\x7f", "\\u000d\\u000a\\u0009\\u007f", 24);
        assert_clean("\xc2\x9b"
                     "2J",
                     "\\u009b2J", 8);
        assert_clean("\xe2\x80\xae"
                     "gpj",
                     "\\u202egpj", 9);
        assert_clean("\xf3\xa0\x81\x81", "\\U000e0041", 10);
        assert_clean("\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd", 2);
        assert_clean("caf\xc3\xa9", "caf\xc3\xa9", 4);
        assert_clean("\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 4); /* two wide characters */
        assert_clean("e\xcc\x81\xcc\x81", "e\xcc\x81\xcc\x81", 1);
        assert_clean("e\xcc\x81\xcc\x81\xcc\x81", "e\xcc\x81\xcc\x81\\u0301", 7);
}

static void other_locales_get_ascii(void **state)
{
        (void) state;
        assert_non_null(setlocale(LC_CTYPE, "C"));
        assert_clean("caf\xc3\xa9 \xff \x1b", "caf\\u00e9 ? \\u001b", 18);
        assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void tables_align_by_what_is_seen(void **state)
{
        struct table *table = NULL;
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        (void) state;
        assert_int_equal(table_new(0, &table), -EINVAL);
        assert_int_equal(table_new(TABLE_COLUMNS_MAX + 1, &table), -EINVAL);
        assert_null(table);
        assert_int_equal(table_new(3, &table), 0);
        assert_int_equal(table_add(table, (const char *const[]){ "DEVICE", "NAME", "RULE" }), 0);
        assert_int_equal(table_add(table, (const char *const[]){ "1-2", "\xe6\x97\xa5", "[storage] usb-disk" }), 0);
        assert_int_equal(table_add(table, (const char *const[]){ "1-2.1:1.0", "caf\xc3\xa9s", NULL }), 0);
        assert_int_equal(
                table_add(table, (const char *const[]){ "x", "\x1b", "a rule that is very long and is never cut off" }),
                0);
        table_print(table, file);
        fclose(file);
        assert_string_equal(text, "DEVICE     NAME    RULE\n"
                                  "1-2        \xe6\x97\xa5      [storage] usb-disk\n"
                                  "1-2.1:1.0  caf\xc3\xa9s   \n"
                                  "x          \\u001b  a rule that is very long and is never cut off\n");
        free(text);
        assert_null(table_free(table));
        assert_null(table_free(NULL));
}

static void tables_take_many_rows(void **state)
{
        struct table *table = NULL;
        char *text = NULL;
        size_t size, lines = 0;
        FILE *file = open_memstream(&text, &size);

        (void) state;
        assert_int_equal(table_new(1, &table), 0);
        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(table_add(table, (const char *const[]){ "row" }), 0);
        table_print(table, file);
        fclose(file);
        for (size_t i = 0; i < size; i++)
                lines += text[i] == '\n';
        assert_int_equal(lines, 1000);
        free(text);
        table_free(table);
}

#define SECOND UINT64_C(1000000)
#define MOMENT (UINT64_C(1763712902) * SECOND + 123456) /* 2025-11-21 08:15:02.123456 UTC */

static void times_are_for_people_and_programs(void **state)
{
        char text[WHEN_MAX];

        (void) state;
        setenv("TZ", "UTC", 1);
        tzset();
        when_short(MOMENT, MOMENT + 60 * SECOND, text);
        assert_string_equal(text, "08:15:02");
        when_short(MOMENT, MOMENT + 86400 * SECOND, text);
        assert_string_equal(text, "2025-11-21 08:15:02");
        when_short(MOMENT, MOMENT + 365 * 86400 * SECOND, text); /* the same day, another year */
        assert_string_equal(text, "2025-11-21 08:15:02");
        when_short(0, MOMENT, text);
        assert_string_equal(text, "unknown");
        when_short(UINT64_MAX, MOMENT, text);
        assert_string_equal(text, "unknown");
        when_utc(MOMENT, text);
        assert_string_equal(text, "2025-11-21T08:15:02.123456Z");
        when_utc(0, text);
        assert_string_equal(text, "");
        when_utc(UINT64_MAX, text);
        assert_string_equal(text, "");
        when_ago(MOMENT, MOMENT + SECOND, text);
        assert_string_equal(text, "1 second");
        when_ago(MOMENT, MOMENT + 59 * SECOND, text);
        assert_string_equal(text, "59 seconds");
        when_ago(MOMENT, MOMENT + 119 * SECOND, text);
        assert_string_equal(text, "1 minute");
        when_ago(MOMENT, MOMENT + 7200 * SECOND, text);
        assert_string_equal(text, "2 hours");
        when_ago(MOMENT, MOMENT + 3 * 86400 * SECOND, text);
        assert_string_equal(text, "3 days");
        when_ago(MOMENT + 1, MOMENT, text);
        assert_string_equal(text, "less than a second");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_steers_the_terminal),       cmocka_unit_test(other_locales_get_ascii),
                cmocka_unit_test(tables_align_by_what_is_seen),      cmocka_unit_test(tables_take_many_rows),
                cmocka_unit_test(times_are_for_people_and_programs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
