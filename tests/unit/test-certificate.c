/* links: cli/certificate.c libs: libcrypto */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Until when: both kinds of time, what is before and behind the certificate, and every way of being cut off. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/certificate.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

/* Of 30 years: after 2049 a time has four digits for the year. */
#define LONG_LIVED                                                                                                     \
        "MIIBejCCAR+gAwIBAgIUGJws3J+GDIBUBozuR4EKzdRu48EwCgYIKoZIzj0EAwIw\n"                                           \
        "ETEPMA0GA1UEAwwGc2Nob29sMCAXDTI2MTEyMjIyNTg1N1oYDzIwNTYxMTE0MjI1\n"                                           \
        "ODU3WjARMQ8wDQYDVQQDDAZzY2hvb2wwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"                                           \
        "AASJD4LPdWLjUOqdXEBf86upd1K88TU1P1XDkFLLC+yHzvn0dbBSpg+py4uGVMQw\n"                                           \
        "vxCqagy93Ngl+h1hR5PpbLPOo1MwUTAdBgNVHQ4EFgQUsuTwp7TKVPsBkWz39x3U\n"                                           \
        "5wqF0A4wHwYDVR0jBBgwFoAUsuTwp7TKVPsBkWz39x3U5wqF0A4wDwYDVR0TAQH/\n"                                           \
        "BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAhZbOnx4UUqS5HwhtN2DxFUBBqPDu\n"                                           \
        "gen61CezFar5t+QCIQD6DLarb5vZnYC+wJh97wJjORX52pYSp5y7wrJmf9MJ0Q==\n"
#define LONG_LIVED_END INT64_C(2741468337)

static void end_is_read(void **state)
{
        int64_t end = 0;

        (void) state;
        assert_int_equal(certificate_end("the school's\n" BEGIN LONG_LIVED END BEGIN "x" END, &end), 0);
        assert_int_equal(end, LONG_LIVED_END);
}

static void what_is_none_is_refused(void **state)
{
        static const struct {
                const char *text;
                int answer;
        } cases[] = {
                { "", -ENOENT },
                { "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", -ENOENT },
                { BEGIN LONG_LIVED, -ENOENT }, /* no end */
                { BEGIN END, -EBADMSG },
                { BEGIN "MIIB*ejCC" END, -EBADMSG },
                { BEGIN "MIAAAA==" END, -EBADMSG },     /* a length that is not told */
                { BEGIN "MIT/////" END, -EBADMSG },     /* one of four bytes */
                { BEGIN "MAAwADAAMAA=" END, -EBADMSG }, /* empty */
                { BEGIN "MAwwCgIBATAAMAAwAAA=" END, -EBADMSG },
        };
        int64_t end = 7;

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                if (certificate_end(cases[i].text, &end) != cases[i].answer)
                        fail_msg("case %zu", i);
        assert_int_equal(end, 7);
}

/* Cut off anywhere before its times it is damaged, and nothing behind its end is read (the sanitizers would tell). */
static void cut_off_is_damaged(void **state)
{
        static const char whole[] = LONG_LIVED;
        int64_t end;

        (void) state;
        for (size_t i = 0; i < 152; i++) {
                char *text = NULL;

                assert_true(asprintf(&text, BEGIN "%.*s\n" END, (int) i, whole) > 0);
                assert_int_equal(certificate_end(text, &end), -EBADMSG);
                free(text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(end_is_read),
                cmocka_unit_test(what_is_none_is_refused),
                cmocka_unit_test(cut_off_is_damaged),
        };

        return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
