/* links: notifier/link.c libs: glib-2.0 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which addresses a button may open, and, mostly, which not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "notifier/link.h"

static void allowed(void **state)
{
        static const char *const urls[] = {
                "https://www.office.com/launch/onedrive",
                "http://intranet/",
                "HTTPS://School.Example",
                "https://[2001:db8::1]:8443/a?b=c&d=%20#e",
                "mailto:datalek@school.example",
                "MailTo:a@b?subject=x",
                "https://school.example/;$(reboot)", /* one argument, no shell */
        };

        (void) state;
        for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++)
                if (!link_allowed(urls[i]))
                        fail_msg("%s is not allowed", urls[i]);
}

static void refused(void **state)
{
        static const char *const urls[] = {
                "",
                "/usr/bin/id",
                "id",
                "--version",
                "-https://school.example",
                " https://school.example",
                "https://school.example/ x",
                "https://school.example/\n",
                "https://school.example/\x7f",
                "https://school.example/\"x\"",
                "https://school.example/<b>",
                "https://school.example/a\\b",
                "https://school.example/`id`",
                "https://sch\xc3\xb6ol.example/",
                "https://school.example/\xe2\x80\xae",
                "https://\xff",
                "https:/school.example",
                "https:school.example",
                "https://",
                "https:///etc/passwd",
                "http://?",
                "https://@school.example",
                "file:///etc/passwd",
                "FILE://school.example/x",
                "javascript:alert(1)",
                "data:text/html,x",
                "smb://school.example/share",
                "ftp://school.example/",
                "ssh://school.example",
                "tel:0800",
                "mailto:",
                "mailto:school",
                "mailto:@school.example",
                "mailto:a@",
                "mailto:a@?cc=b",
                "xhttps://school.example",
                "httpsx://school.example",
        };

        (void) state;
        for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++)
                if (link_allowed(urls[i]))
                        fail_msg("%s is allowed", urls[i]);
}

static void length(void **state)
{
        char url[LINK_URL_MAX + 2] = "https://";

        (void) state;
        memset(url + strlen(url), 'a', sizeof(url) - 1 - strlen(url));
        url[LINK_URL_MAX + 1] = '\0';
        assert_false(link_allowed(url));
        url[LINK_URL_MAX] = '\0';
        assert_true(link_allowed(url));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(allowed),
                cmocka_unit_test(refused),
                cmocka_unit_test(length),
        };

        return cmocka_run_group_tests_name("notifier-link", tests, NULL, NULL);
}
