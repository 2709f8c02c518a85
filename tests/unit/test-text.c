/* links: common/text.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"
#include "common/utf8.h"

static void is_cleaned_to(const char *in, size_t size, const char *expected)
{
        char out[256];

        assert_int_equal(text_clean(in, size, out, sizeof(out)), strlen(expected));
        assert_string_equal(out, expected);
}

#define CLEAN(in, expected) is_cleaned_to(in, sizeof(in) - 1, expected)

static void plain_text_stays(void **state)
{
        (void) state;
        CLEAN("DataTraveler 3.0", "DataTraveler 3.0");
        CLEAN("Müller & Söhne €", "Müller & Söhne €");
        CLEAN("日本語", "日本語");
        CLEAN("", "");
        is_cleaned_to(NULL, 0, "");
}

static void blanks_at_the_ends_go(void **state)
{
        (void) state;
        CLEAN("  Kingston  \n", "Kingston");
        CLEAN("A  B", "A  B");
        CLEAN(" \t \n", "");
        CLEAN("Flash Disk      \n", "Flash Disk");
        CLEAN("serial\0\0\0", "serial");
        CLEAN("serial\n\0", "serial");
}

static void control_characters_become_strangers(void **state)
{
        (void) state;
        CLEAN("a\033[31mb", "a?[31mb");
        CLEAN("a\nb", "a?b");
        CLEAN("a\tb", "a?b");
        CLEAN("a\0b", "a?b");
        CLEAN("a\x7f"
              "b",
              "a?b");
        CLEAN("a\xc2\x85"
              "b",
              "a?b"); /* C1 */
        CLEAN("a\xe2\x80\xae"
              "b",
              "a?b"); /* right-to-left override */
        CLEAN("a\xe2\x80\xa8"
              "b",
              "a?b"); /* line separator */
        CLEAN("a\xef\xbb\xbf"
              "b",
              "a?b"); /* byte order mark */
        CLEAN("\033", "?");
}

static void broken_utf8_becomes_strangers(void **state)
{
        (void) state;
        CLEAN("a\xff"
              "b",
              "a?b");
        CLEAN("a\xc0\xaf"
              "b",
              "a??b"); /* overlong */
        CLEAN("a\xed\xa0\x80"
              "b",
              "a???b"); /* surrogate */
        CLEAN("a\xe2\x82", "a?");
        CLEAN("\xf4\x90\x80\x80", "????"); /* above U+10FFFF */
}

static void cut_at_a_character(void **state)
{
        char out[8];

        (void) state;
        assert_int_equal(text_clean("abcdefghij", 10, out, sizeof(out)), 7);
        assert_string_equal(out, "abcdefg");
        assert_int_equal(text_clean("abcdef€", 9, out, sizeof(out)), 6);
        assert_string_equal(out, "abcdef");
        assert_int_equal(text_clean("abcde  xyz", 10, out, sizeof(out)), 5);
        assert_string_equal(out, "abcde");
        assert_int_equal(text_clean("abc", 3, out, 1), 0);
        assert_string_equal(out, "");
}

static void in_place(void **state)
{
        char text[] = "  a\xe2\x80\xae\033b \n";

        (void) state;
        text_clean(text, strlen(text), text, sizeof(text));
        assert_string_equal(text, "a??b");
}

/* Whatever comes in, what comes out is printable and cleaning it again changes nothing. */
static void twice_is_once(void **state)
{
        uint32_t seed = 1;

        (void) state;
        for (unsigned round = 0; round < 20000; round++) {
                char in[24], once[24], twice[24];
                size_t size = seed % sizeof(in), n;

                for (size_t i = 0; i < size; i++) {
                        seed = seed * 1664525U + 1013904223U;
                        in[i] = (char) (seed >> 24);
                }
                seed = seed * 1664525U + 1013904223U;
                n = text_clean(in, size, once, sizeof(once));
                assert_true(n < sizeof(once));
                text_clean(once, n, twice, sizeof(twice));
                assert_string_equal(once, twice);
                for (size_t i = 0; i < n;) {
                        uint32_t code;

                        i += utf8_decode(once + i, n - i, &code);
                        assert_true(code != UTF8_REPLACEMENT && !utf8_is_control(code));
                }
        }
}

static void has(void **state)
{
        (void) state;
        assert_true(text_has("USB3.0 CARD Reader", "card reader"));
        assert_false(text_has("USB3.0 CARD", "card reader"));
        assert_true(text_has("x", ""));
}

static void below(void **state)
{
        (void) state;
        assert_true(text_path_below("/a/b", "/a/b"));
        assert_true(text_path_below("/a/b/c", "/a/b"));
        assert_false(text_path_below("/a/bc", "/a/b"));
        assert_false(text_path_below("/a", "/a/b"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_text_stays),
                cmocka_unit_test(blanks_at_the_ends_go),
                cmocka_unit_test(control_characters_become_strangers),
                cmocka_unit_test(broken_utf8_becomes_strangers),
                cmocka_unit_test(cut_at_a_character),
                cmocka_unit_test(in_place),
                cmocka_unit_test(twice_is_once),
                cmocka_unit_test(has),
                cmocka_unit_test(below),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
