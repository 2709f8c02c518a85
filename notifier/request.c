/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "notifier/request.h"

#include <string.h>

#include <glib/gi18n.h>

#include "notifier/kind.h"
#include "notifier/link.h"

#define MAILTO  "mailto:"
#define NO_CODE "-" /* nothing was recorded */

/* Everything but the unreserved characters, so that a '&' in a sentence is not the next field. */
static void add_encoded(GString *link, const char *text)
{
        g_autofree char *encoded = g_uri_escape_string(text, NULL, FALSE);

        g_string_append(link, encoded);
}

/* Has the query, after its '?', a field of that name? */
static bool has_field(const char *query, const char *name)
{
        size_t length = strlen(name);

        for (const char *field = query; field; field = strchr(field, '&')) {
                field += *field == '&';
                if (g_ascii_strncasecmp(field, name, length) == 0 && field[length] == '=')
                        return true;
        }

        return false;
}

static void add_field(GString *link, const char *name, const char *value)
{
        const char *query = strchr(link->str, '?');

        if (query && has_field(query + 1, name))
                return;
        g_string_append_printf(link, "%c%s=", query ? '&' : '?', name);
        add_encoded(link, value);
}

static const char *what_of(const struct notice *notice)
{
        return _(kind_of(notice->device)->noun);
}

/* Lines end with CR LF (RFC 6068, 5). */
static char *letter(const struct notice *notice, const char *code)
{
        g_autofree char *about = NULL, *reference = NULL;

        /* TRANSLATORS: in a mail that the teacher goes on writing; %s is what it is about ("USB stick"). */
        about = g_strdup_printf(_("I got a notice on my laptop about: %s"), what_of(notice));
        /* TRANSLATORS: %s is six letters and digits. */
        reference = g_strdup_printf(_("Code: %s"), code);

        return g_strjoin("\r\n", _("Hello,"), "", about, reference, "", _("My question:"), "", NULL);
}

static void add_mail(GString *link, const struct notice *notice)
{
        const char *code = *notice->code ? notice->code : NO_CODE;
        g_autofree char *subject = NULL, *body = letter(notice, code);

        /* TRANSLATORS: the subject of a mail; what it is about ("USB stick"), then the code. */
        subject = g_strdup_printf(_("Question about a notice: %s, code %s"), what_of(notice), code);
        add_field(link, "subject", subject);
        add_field(link, "body", body);
}

static void fill_in(GString *link, const char *url, const struct notice *notice)
{
        while (*url) {
                if (g_str_has_prefix(url, NOTICE_FIELD_CODE)) {
                        add_encoded(link, notice->code);
                        url += strlen(NOTICE_FIELD_CODE);
                } else if (g_str_has_prefix(url, NOTICE_FIELD_KIND)) {
                        add_encoded(link, what_of(notice));
                        url += strlen(NOTICE_FIELD_KIND);
                } else {
                        g_string_append_c(link, *url++);
                }
        }
}

char *request_link(const struct notice *notice)
{
        const char *url = notice->servicedesk_url;
        GString *link = g_string_new(NULL);

        fill_in(link, url, notice);
        if (g_ascii_strncasecmp(url, MAILTO, strlen(MAILTO)) == 0)
                add_mail(link, notice);

        return g_string_free(link, !link_allowed(link->str));
}
