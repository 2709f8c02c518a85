/* links: notifier/request.c notifier/kind.c notifier/link.c common/noticekind.c libs: glib-2.0 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The request to the servicedesk: a mail that is right by RFC 6068, or a page's address with its fields filled in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notifier/request.h"

#define SUBJECT "Question%20about%20a%20notice%3A%20USB%20stick%2C%20code%207Q3XYZ"
#define BODY                                                                                                           \
        "Hello%2C%0D%0A%0D%0AI%20got%20a%20notice%20on%20my%20laptop%20about%3A%20USB%20stick%0D%0ACode%3A%207Q3XYZ"   \
        "%0D%0A%0D%0AMy%20question%3A%0D%0A"

/* wanted: NULL for no link at all. */
static void assert_link(const char *url, const char *wanted)
{
        struct notice notice = { .device = NOTICE_USB_DISK, .name = "&body=x <a href='file:///'>", .code = "7Q3XYZ" };
        g_autofree char *link = NULL;

        strcpy(notice.servicedesk_url, url);
        link = request_link(&notice);
        if (wanted)
                assert_string_equal(link, wanted);
        else
                assert_null(link);
}

static void mail(void **state)
{
        (void) state;
        assert_link("mailto:desk@school.example", "mailto:desk@school.example?subject=" SUBJECT "&body=" BODY);
        assert_link("MAILTO:desk@school.example?cc=jan@school.example",
                    "MAILTO:desk@school.example?cc=jan@school.example&subject=" SUBJECT "&body=" BODY);
        /* The policy's own come first. */
        assert_link("mailto:desk@school.example?Subject=Stick", "mailto:desk@school.example?Subject=Stick&body=" BODY);
        assert_link("mailto:desk@school.example?subject={kind}&BODY={code}",
                    "mailto:desk@school.example?subject=USB%20stick&BODY=7Q3XYZ");
        assert_link("mailto:desk@school.example?mysubject=x",
                    "mailto:desk@school.example?mysubject=x&subject=" SUBJECT "&body=" BODY);
}

static void page(void **state)
{
        (void) state;
        assert_link("https://desk.example/", "https://desk.example/");
        assert_link("https://desk.example/new?about={kind}&ref={code}#{code}",
                    "https://desk.example/new?about=USB%20stick&ref=7Q3XYZ#7Q3XYZ");
        assert_link("https://desk.example/?mailto:", "https://desk.example/?mailto:");
}

static void none(void **state)
{
        (void) state;
        assert_link("", NULL);
        assert_link("file:///{code}", NULL);
        assert_link("https://desk.example/{name}", NULL);
}

/* The longest that a policy can have still is a link. */
static void longest(void **state)
{
        struct notice notice = { .device = NOTICE_BACKUP, .code = "7Q3XYZ" };
        g_autofree char *link = NULL;

        (void) state;
        memset(notice.servicedesk_url, 'x', sizeof(notice.servicedesk_url) - 1);
        memcpy(notice.servicedesk_url, "mailto:desk@", 12);
        link = request_link(&notice);
        assert_non_null(link);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(mail), cmocka_unit_test(page), cmocka_unit_test(none),
                                            cmocka_unit_test(longest) };

        return cmocka_run_group_tests_name("notifier-request", tests, NULL, NULL);
}
