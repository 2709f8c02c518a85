/* links: notifier/preview.c notifier/notice.c notifier/link.c notifier/words.c notifier/kind.c notifier/request.c common/noticekind.c common/text.c common/utf8.c libs: glib-2.0 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Each kind has a name, a sample that is of that kind, and words of its own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notifier/link.h"
#include "notifier/preview.h"
#include "notifier/words.h"

static void names(void **state)
{
        enum notice_kind found;

        (void) state;
        for (unsigned kind = 0; kind < _NOTICE_KIND_MAX; kind++) {
                assert_true(notice_kind_find(notice_kind_name((enum notice_kind) kind), &found));
                assert_int_equal(found, kind);
        }
        assert_false(notice_kind_find("list", &found));
        assert_false(notice_kind_find("", &found));
}

static void samples(void **state)
{
        struct notice notice;
        struct words words;
        GHashTable *said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        (void) state;
        for (unsigned kind = 0; kind < _NOTICE_KIND_MAX; kind++) {
                preview_sample((enum notice_kind) kind, &notice);
                assert_int_equal(notice_kind_of(&notice), kind);
                assert_true(link_allowed(notice.servicedesk_url) && link_allowed(notice.leak_report_url));
                words_compose(&notice, &words);
                assert_true(g_hash_table_add(said, g_strdup_printf("%s %s", words.title, words.body)));
                words_clear(&words);
        }
        g_hash_table_unref(said);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(samples) };

        return cmocka_run_group_tests_name("notifier-preview", tests, NULL, NULL);
}
