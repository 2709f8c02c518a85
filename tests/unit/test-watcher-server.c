/* links: watcher/server.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The server in an address that a user wrote. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "watcher/server.h"

static void each_server_once(void **state)
{
        static const char text[] = "[Accounts]\n0\\url=https://cloud.school.example/nc\n0\\user=jan@home.example\n"
                                   "1\\url=https://CLOUD.school.example\r\n"
                                   "2\\url=https://u:p@files.example:8443/x@y\n"
                                   "webflow_url=https://other.example\n"
                                   "url=http://[2001:db8::1]/\n";
        struct servers servers = { 0 };

        (void) state;
        server_find(text, strlen(text), "url=", &servers);
        assert_int_equal(servers.n, 3);
        assert_string_equal(servers.names[0], "cloud.school.example");
        assert_string_equal(servers.names[1], "files.example");
        assert_string_equal(servers.names[2], ""); /* one that no policy can name */
}

static void what_is_no_name_is_not_known(void **state)
{
        static const char *const lines[] = { "url=",  "url=https://", "url=https://a b/", "url=https://a\nb",
                                             "url=@", "url=///" };
        char line[SERVER_NAME_MAX + 32];

        (void) state;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                struct servers servers = { 0 };

                server_find(lines[i], strlen(lines[i]), "url=", &servers);
                assert_int_equal(servers.n, 1);
                assert_true(servers.names[0][0] == '\0' || strcmp(servers.names[0], "a") == 0);
        }
        for (size_t size = SERVER_NAME_MAX - 1; size <= SERVER_NAME_MAX + 1; size++) {
                struct servers servers = { 0 };

                strcpy(line, "url=");
                memset(line + 4, 'a', size);
                server_find(line, 4 + size, "url=", &servers);
                assert_int_equal(strlen(servers.names[0]), size < SERVER_NAME_MAX ? size : 0);
        }
}

static void there_is_an_end_to_them(void **state)
{
        struct servers servers = { 0 };
        char name[] = "a.example";

        (void) state;
        for (char c = 'a'; c <= 'z'; c++) {
                name[0] = c;
                server_add(name, strlen(name), &servers);
        }
        assert_int_equal(servers.n, SERVER_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_server_once),
                cmocka_unit_test(what_is_no_name_is_not_known),
                cmocka_unit_test(there_is_an_end_to_them),
        };

        return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
