/* links: collector/html.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whatever a device calls itself, it stays text. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/html.h"

static void expect_text(const char *in, const char *expected)
{
        struct html html = { 0 };
        char *page;
        size_t size;

        html_markup(&html, "");
        html_text(&html, in);
        html_markup(&html, ".");
        assert_int_equal(html_finish(&html, &page, &size), 0);
        assert_int_equal(size, strlen(expected) + 1);
        assert_memory_equal(page, expected, size - 1);
        assert_int_equal(page[size - 1], '.');
        free(page);
}

#define SIGN "\xEF\xBF\xBD" /* U+FFFD */

static void text_is_escaped(void **state)
{
        (void) state;
        expect_text("", "");
        expect_text("plain", "plain");
        expect_text("<script>alert(\"x\" & 'y')</script>",
                    "&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;");
        expect_text("&lt;", "&amp;lt;");
        expect_text("caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80");
        expect_text("\x1b[2J\x7f\n\t", SIGN "[2J" SIGN SIGN SIGN);
        expect_text("a\xe2\x80\xaegpj.exe", "a" SIGN "gpj.exe");
        expect_text("\xff\xc0\xaf", SIGN SIGN SIGN);
        expect_text("\xc2", SIGN);
}

static void elements_and_attributes_are_escaped(void **state)
{
        struct html html = { 0 };
        static const char expected[] = "<a href=\"&quot;&gt;&lt;b&gt;\"><td>&lt;</td>";
        char *page;
        size_t size;

        (void) state;
        html_markup(&html, "<a");
        html_attribute(&html, "href", "\"><b>");
        html_markup(&html, ">");
        html_element(&html, "td", "<");
        assert_int_equal(html_finish(&html, &page, &size), 0);
        assert_int_equal(size, strlen(expected));
        assert_memory_equal(page, expected, size);
        free(page);
}

static void a_page_has_an_end(void **state)
{
        struct html html = { 0 };
        char *page = (char *) 5, piece[4097];
        size_t size;

        (void) state;
        memset(piece, 'x', sizeof(piece) - 1);
        piece[sizeof(piece) - 1] = '\0';
        for (size_t i = 0; i < HTML_MAX / 4096; i++)
                html_text(&html, piece);
        assert_int_equal(html.size, HTML_MAX);
        assert_int_equal(html.error, 0);
        html_text(&html, "<");
        html_text(&html, "x"); /* errors stick */
        assert_int_equal(html_finish(&html, &page, &size), -ENOBUFS);
        assert_ptr_equal(page, (char *) 5);
        assert_null(html.buffer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_is_escaped),
                cmocka_unit_test(elements_and_attributes_are_escaped),
                cmocka_unit_test(a_page_has_an_end),
        };

        return cmocka_run_group_tests_name("collector html", tests, NULL, NULL);
}
