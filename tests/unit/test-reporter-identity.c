/* links: reporter/identity.c reporter/answer.c reporter/retry.c libs: jansson inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* In whose name: when a credential is made, kept, asked for again, and when not. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "reporter/identity.h"

#define HOST  "7d444840-9dc0-41d1-b245-5ffdce74fad2"
#define CLONE "0e0b0c0d-1111-4222-8333-444455556666"

static char folder[] = "/tmp/lekdicht-identity-XXXXXX", path[64];
static struct enrolment enrolment = { .token = "0123abcd.secret",
                                      .label = "L-0421",
                                      .attempt = "00000000000000000000000000000001" };
static struct identity identity;
static char *body;

static void load(void)
{
        assert_int_equal(identity_load(&identity, &enrolment, path), 0);
}

static void ask(const char *host)
{
        size_t size;

        free(body);
        assert_int_equal(identity_ask(&identity, host, &body, &size), 0);
        assert_int_equal(strlen(body), size);
}

static int take(const char *text)
{
        static struct reply reply;

        reply = (struct reply){ .status = 200, .content_type = "application/json", .size = strlen(text) };
        memcpy(reply.body, text, reply.size);
        return identity_take(&identity, &reply);
}

static void be_let_in(const char *host)
{
        ask(host);
        assert_int_equal(take(host[0] == '7' ? "{\"host_id\":\"" HOST "\"}" : "{\"host_id\":\"" CLONE "\"}"), 0);
        assert_true(identity_holds(&identity, host));
}

static int empty(void **state)
{
        (void) state;
        (void) unlink(path);
        memset(enrolment.attempt, '1', ENROLMENT_ATTEMPT);
        load();
        return 0;
}

static void what_is_asked_with_is_on_the_disk_first(void **state)
{
        char credential[IDENTITY_CREDENTIAL_SIZE];
        struct stat st;

        (void) state;
        ask(HOST);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_non_null(strstr(body, "\"token\":\"0123abcd.secret\""));
        assert_non_null(strstr(body, "\"label\":\"L-0421\""));
        assert_null(strstr(body, "previous"));
        strcpy(credential, identity.credential);
        assert_non_null(strstr(body, credential));
        assert_memory_equal(credential, HOST ".", BATCH_HOST_SIZE);

        /* Killed before the answer came: the same is asked again. */
        load();
        assert_false(identity_holds(&identity, HOST));
        ask(HOST);
        assert_string_equal(identity.credential, credential);
        assert_int_equal(take("{\"host_id\":\"" HOST "\"}"), 0);
        load();
        assert_true(identity_holds(&identity, HOST));
        assert_string_equal(identity.credential, credential);
}

static void only_a_collector_lets_in(void **state)
{
        static const char *const wrong[] = { "{}",
                                             "",
                                             "<html>",
                                             "{\"host_id\":\"" CLONE "\"}",
                                             "{\"host_id\":5}",
                                             "{\"host_id\":\"" HOST "\",\"x\":1}",
                                             "{\"host_id\":\"\"}" };

        (void) state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                ask(HOST);
                assert_int_equal(take(wrong[i]), -EBADMSG);
                assert_false(identity_holds(&identity, HOST));
        }
}

static void what_cannot_be_kept_is_not_asked_with(void **state)
{
        size_t size;

        (void) state;
        assert_int_equal(identity_load(&identity, &enrolment, "/nowhere/credential"), 0);
        assert_int_equal(identity_ask(&identity, HOST, &body, &size), -ENOENT);
        assert_false(identity_holds(&identity, HOST));
        assert_string_equal(identity.credential, "");
}

static void another_laptop_gets_another(void **state)
{
        char first[IDENTITY_CREDENTIAL_SIZE];

        (void) state;
        be_let_in(HOST);
        strcpy(first, identity.credential);
        assert_false(identity_holds(&identity, CLONE));
        ask(CLONE);
        assert_null(strstr(body, "previous"));
        assert_null(strstr(body, first + BATCH_HOST_SIZE));
        be_let_in(CLONE);
}

static void enrolled_anew_shows_who_it_was(void **state)
{
        char first[IDENTITY_CREDENTIAL_SIZE];

        (void) state;
        be_let_in(HOST);
        strcpy(first, identity.credential);
        load(); /* the same enrolment: nothing new, or who was revoked would come back by itself */
        assert_true(identity_holds(&identity, HOST));

        enrolment.attempt[0] = '2';
        load();
        assert_false(identity_holds(&identity, HOST));
        ask(HOST);
        assert_string_not_equal(identity.credential, first);
        assert_non_null(strstr(body, "previous"));
        assert_non_null(strstr(body, first));
        load();
        ask(HOST);
        assert_non_null(strstr(body, first)); /* also after a restart in between */
        be_let_in(HOST);
        ask(HOST);
        assert_null(strstr(body, "previous"));
}

static void a_file_that_makes_no_sense_is_none(void **state)
{
        static const char *const wrong[] = { "",
                                             "x",
                                             "a b c d",
                                             "a b c d\n",
                                             "0123abcd/11111111111111111111111111111111 x - accepted\n",
                                             "0123abcd/11111111111111111111111111111111 - -\n" };

        (void) state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                FILE *file = fopen(path, "w");

                fputs(wrong[i], file);
                fclose(file);
                load();
                assert_false(identity_holds(&identity, HOST));
                be_let_in(HOST);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_is_asked_with_is_on_the_disk_first, empty),
                cmocka_unit_test_setup(only_a_collector_lets_in, empty),
                cmocka_unit_test_setup(what_cannot_be_kept_is_not_asked_with, empty),
                cmocka_unit_test_setup(another_laptop_gets_another, empty),
                cmocka_unit_test_setup(enrolled_anew_shows_who_it_was, empty),
                cmocka_unit_test_setup(a_file_that_makes_no_sense_is_none, empty),
        };
        int failed;

        if (!mkdtemp(folder))
                return 1;
        snprintf(path, sizeof(path), "%s/credential", folder);
        failed = cmocka_run_group_tests_name("reporter identity", tests, NULL, NULL);
        free(body);
        (void) unlink(path);
        (void) rmdir(folder);
        return failed;
}
