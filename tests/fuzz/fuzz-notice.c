/* links: notifier/notice.c notifier/words.c notifier/kind.c notifier/request.c notifier/link.c common/noticekind.c common/text.c common/utf8.c libs: glib-2.0 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The signal Notice from a sender that is not to be trusted after all: any bytes as its argument. What comes out fits, is
 * text on one line, and leads nowhere but where a button may lead; and the words are made of it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "notifier/link.h"
#include "notifier/notice.h"
#include "notifier/words.h"
#include "tests/fuzz/check.h"

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void must_be_clean(const char *text, size_t room)
{
        size_t length = strnlen(text, room);

        must(length < room);
        for (size_t i = 0; i < length;) {
                uint32_t code;

                i += utf8_decode(text + i, length - i, &code);
                must(code != UTF8_REPLACEMENT && !utf8_is_control(code));
        }
}

static void must_be_link(const char *url)
{
        must(strnlen(url, NOTICE_TEXT_MAX) < NOTICE_TEXT_MAX && (!*url || link_allowed(url)));
}

static void look(const struct notice *notice)
{
        struct words words;

        must_be_clean(notice->plug, sizeof(notice->plug));
        must(*notice->plug && notice->device < _NOTICE_DEVICE_MAX && notice->n_places <= NOTICE_PLACES_MAX);
        must_be_clean(notice->name, sizeof(notice->name));
        must_be_clean(notice->code, sizeof(notice->code));
        must_be_clean(notice->school, sizeof(notice->school));
        must_be_clean(notice->servicedesk, sizeof(notice->servicedesk));
        must_be_clean(notice->leak_report, sizeof(notice->leak_report));
        /* It may have fields that are no part of an address; what is made of it is one. */
        must(strnlen(notice->servicedesk_url, NOTICE_TEXT_MAX) < NOTICE_TEXT_MAX);
        must_be_link(notice->leak_report_url);
        for (size_t i = 0; i < notice->n_places; i++) {
                must_be_clean(notice->places[i].label, sizeof(notice->places[i].label));
                must_be_link(notice->places[i].url);
                must(*notice->places[i].label && *notice->places[i].url);
        }
        words_compose(notice, &words);
        must(g_utf8_validate(words.title, -1, NULL) && g_utf8_validate(words.body, -1, NULL));
        must(words.n_buttons <= WORDS_BUTTONS_MAX);
        for (size_t i = 0; i < words.n_buttons; i++)
                must(link_allowed(words.buttons[i].url));
        must(!words.request || link_allowed(words.request));
        words_clear(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(GBytes) bytes = g_bytes_new(data, size);
        g_autoptr(GVariant) value =
                g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE("(a{sv})"), bytes, FALSE));
        static struct notice notice;
        char *text = malloc(size + 1);

        if (notice_parse(value, "nl", &notice) == 0)
                look(&notice);

        must(text != NULL);
        memcpy(text, data, size);
        text[size] = '\0';
        if (link_allowed(text))
                must(strlen(text) <= LINK_URL_MAX && !strpbrk(text, " \"<>\\^`{|}\n") && *text != '-' && *text != '/');
        free(text);

        return 0;
}
