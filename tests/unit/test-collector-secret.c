/* links: collector/secret.c libs: libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which texts are a secret, and that two are the same only when all of them is. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "collector/secret.h"

#define HOST   "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define SECRET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ-_01234"

static void a_secret_has_one_form(void **state)
{
        static const char *const wrong[] = { "",
                                             ".",
                                             "0123abcd." SECRET "x",
                                             "0123abcd" SECRET,
                                             "0123ABCD." SECRET,
                                             "123abcd." SECRET,
                                             HOST "0." SECRET,
                                             "0123abcd.." SECRET,
                                             HOST "." SECRET "\n",
                                             "0123abcd.abcdefghijklmnopqrstuvwxyzABCDEFGHIJ-_0123+" };
        struct secret secret;

        (void) state;
        assert_true(secret_read("0123abcd." SECRET, &secret));
        assert_string_equal(secret.id, "0123abcd");
        assert_true(secret_read(HOST "." SECRET, &secret));
        assert_string_equal(secret.id, HOST);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                assert_false(secret_read(wrong[i], &secret));
}

static void the_same_only_when_all_of_it_is(void **state)
{
        char text[] = "0123abcd." SECRET;
        struct secret right, other;

        (void) state;
        assert_true(secret_read(text, &right) && secret_read(text, &other));
        assert_true(secret_same(right.hash, other.hash));
        for (size_t i = 0; text[i]; i++) {
                char kept = text[i];

                if (kept == '.')
                        continue;
                text[i] = kept == '0' ? '1' : '0';
                assert_true(secret_read(text, &other));
                assert_false(secret_same(right.hash, other.hash));
                text[i] = kept;
        }
        assert_null(memmem(&right, sizeof(right), SECRET, 8));
}

static void a_header_shows_it_after_bearer(void **state)
{
        struct secret secret;

        (void) state;
        assert_true(secret_read_bearer("Bearer " HOST "." SECRET, &secret));
        assert_true(secret_read_bearer("bEARER   " HOST "." SECRET, &secret));
        assert_false(secret_read_bearer(NULL, &secret));
        assert_false(secret_read_bearer(HOST "." SECRET, &secret));
        assert_false(secret_read_bearer("Basic " HOST "." SECRET, &secret));
        assert_false(secret_read_bearer("Bearer " HOST "." SECRET " ", &secret));
}

static void new_tokens_are_secrets_and_differ(void **state)
{
        char a[SECRET_TEXT_SIZE], b[SECRET_TEXT_SIZE];
        struct secret secret;

        (void) state;
        assert_int_equal(secret_new_token(a), 0);
        assert_int_equal(secret_new_token(b), 0);
        assert_true(secret_read(a, &secret));
        assert_int_equal(strlen(secret.id), SECRET_TOKEN_ID_LENGTH);
        assert_string_not_equal(a, b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_secret_has_one_form),
                cmocka_unit_test(the_same_only_when_all_of_it_is),
                cmocka_unit_test(a_header_shows_it_after_bearer),
                cmocka_unit_test(new_tokens_are_secrets_and_differ),
        };

        return cmocka_run_group_tests_name("collector secret", tests, NULL, NULL);
}
