/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The teacher meets the product here, in the middle of something else. So: what happened, why, what to do instead, whom to
 * ask; words of every day; no blame and no alarm, for nothing went wrong. Where files do belong is the policy's to say:
 * no place is named in this file.
 *
 * What a device calls itself stands in quotation marks on a line of its own, so that a stick cannot speak for the
 * school. */

#include "notifier/words.h"

#include <stdbool.h>

#include <glib/gi18n.h>

#include "notifier/kind.h"
#include "notifier/request.h"

#define NAMED_MAX        3U /* places that the sentence names; all of them are buttons */
#define TELEPHONE_DIGITS 6U /* the shortest that is dialled from outside; a room has less */

static void say_places(GString *body, const struct notice *notice)
{
        const struct notice_place *place = notice->places;

        switch (notice->n_places) {
        case 0:
                g_string_append(body, _("Your servicedesk knows where your files are safe."));
                break;
        case 1:
                /* TRANSLATORS: %s is the school's word for a place for files, such as OneDrive. */
                g_string_append_printf(body, _("Please use %s instead."), place[0].label);
                break;
        case 2:
                g_string_append_printf(body, _("Please use %s or %s instead."), place[0].label, place[1].label);
                break;
        case NAMED_MAX:
                g_string_append_printf(body, _("Please use %s, %s or %s instead."), place[0].label, place[1].label,
                                       place[2].label);
                break;
        default:
                g_string_append_printf(body, _("Please use %s, %s, %s or another place of your school instead."),
                                       place[0].label, place[1].label, place[2].label);
        }
}

/* An address becomes a button; a number to call, and when, has to be read. */
static bool has_telephone(const char *text)
{
        unsigned digits = 0;

        for (const char *c = text; *c; c++)
                digits += g_ascii_isdigit(*c);

        return digits >= TELEPHONE_DIGITS;
}

static void say_whom_to_ask(GString *body, const struct notice *notice)
{
        if (*notice->servicedesk) {
                g_string_append_c(body, '\n');
                /* TRANSLATORS: %s is the school's own words, such as "Servicedesk, room 1.04, telephone 1234". */
                g_string_append_printf(body, _("Questions? %s"), notice->servicedesk);
        }
        if (*notice->leak_report && (!*notice->leak_report_url || has_telephone(notice->leak_report))) {
                g_string_append_c(body, '\n');
                g_string_append_printf(body, _("Data leak? Report it: %s"), notice->leak_report);
        }
}

/* For the servicedesk: which school, which device, and the code by which IT finds the event. */
static void say_details(GString *body, const struct notice *notice)
{
        const char *separator = "\n";

        if (*notice->school) {
                g_string_append_printf(body, "%s%s", separator, notice->school);
                separator = " · ";
        }
        if (*notice->name) {
                g_string_append(body, separator);
                /* TRANSLATORS: what the device calls itself; only the quotation marks differ. */
                g_string_append_printf(body, _("“%s”"), notice->name);
                separator = " · ";
        }
        if (*notice->code) {
                g_string_append(body, separator);
                /* TRANSLATORS: six letters and digits, by which the servicedesk finds what happened. */
                g_string_append_printf(body, _("code %s"), notice->code);
        }
}

static void add_button(struct words *words, const char *label, const char *url)
{
        words->buttons[words->n_buttons++] = (struct words_button){ .label = label, .url = url };
}

static const char *title_of(const struct notice *notice)
{
        const struct kind_news *news = kind_news_of(notice->news);
        const struct kind *kind = kind_of(notice->device);

        if (news)
                return news->title;
        if (notice->news == NOTICE_READ_ONLY)
                return kind->read_only ?: kind_of(NOTICE_OTHER)->read_only;
        return kind->title;
}

static const char *icon_of(const struct notice *notice)
{
        return notice->news == NOTICE_CLIENT_STOPPED ? "dialog-information" : kind_of(notice->device)->icon;
}

static const char *month_name(unsigned month)
{
        static const char *const names[] = { N_("January"),   N_("February"), N_("March"),    N_("April"),
                                             N_("May"),       N_("June"),     N_("July"),     N_("August"),
                                             N_("September"), N_("October"),  N_("November"), N_("December") };

        return _(names[month - 1]);
}

static void say_read_only(GString *body, const struct notice_day *until)
{
        /* TRANSLATORS: of a stick, a card, a disc; the reason follows. */
        const char *what = _("What is on it you can open and copy, but not change.");

        g_string_append_printf(body, "%s ", what);
        if (until->month == 0)
                return;
        /* TRANSLATORS: %u is the day, %s the month. */
        g_string_append_printf(body, _("You can do so through %u %s; after that it stays shut."), until->day,
                               month_name(until->month));
        g_string_append_c(body, ' ');
}

/* How many, and why they stay shut, in the words for any small device. */
static void say_number(GString *body, const struct notice *notice)
{
        unsigned n = notice->count;

        if (notice->news == NOTICE_EARLIER)
                /* TRANSLATORS: nobody could be told then. The sentence that small devices get lost follows. */
                g_string_append_printf(body,
                                       ngettext("%u device was plugged in before, and does not open as usual.",
                                                "%u devices were plugged in before, and do not open as usual.", n),
                                       n);
        else
                /* TRANSLATORS: more than there are notices in an hour. The sentence that small devices get lost follows. */
                g_string_append_printf(body,
                                       ngettext("%u more device was plugged in, and does not open as usual.",
                                                "%u more devices were plugged in, and do not open as usual.", n),
                                       n);
        g_string_append_printf(body, " %s ", _(kind_of(NOTICE_OTHER)->why));
        say_places(body, notice);
}

static void say_news(GString *body, const struct notice *notice, const struct kind_news *news)
{
        if (!news->what) {
                say_number(body, notice);
                return;
        }
        if (notice->news == NOTICE_GRANT_OPENED && notice->minutes > 0) {
                g_string_append_printf(
                        body,
                        ngettext("You can use it for %u minute.", "You can use it for %u minutes.", notice->minutes),
                        notice->minutes);
                g_string_append_c(body, ' ');
        }
        g_string_append(body, _(news->what));
        if (notice->news == NOTICE_CLIENT_STOPPED) {
                g_string_append_c(body, ' ');
                say_places(body, notice);
        }
}

/* What happened, why, and what to do instead. */
static void say_what(GString *body, const struct notice *notice)
{
        const struct kind_news *news = kind_news_of(notice->news);
        const struct kind *kind = kind_of(notice->device);

        if (news) {
                say_news(body, notice, news);
                return;
        }
        if (notice->news == NOTICE_READ_ONLY)
                say_read_only(body, &notice->until);
        if (notice->news == NOTICE_NOT_ENCRYPTED)
                g_string_append_printf(body, "%s ", _(kind->plain ?: kind_of(NOTICE_OTHER)->plain));
        else
                g_string_append_printf(body, "%s ", _(kind->why));
        say_places(body, notice);
}

void words_compose(const struct notice *notice, struct words *ret)
{
        const char *title = *notice->own.title ? notice->own.title : _(title_of(notice));
        GString *body = g_string_new(NULL);

        *ret = (struct words){ .icon = icon_of(notice) };
        /* TRANSLATORS: %s is the title. The demonstration plays a device that is not there. */
        ret->title = notice->simulated ? g_strdup_printf(_("%s (simulated)"), title) : g_strdup(title);

        if (*notice->own.text)
                g_string_append(body, notice->own.text);
        else
                say_what(body, notice);
        say_whom_to_ask(body, notice);
        say_details(body, notice);
        ret->body = g_string_free(body, FALSE);

        for (size_t i = 0; i < notice->n_places; i++)
                add_button(ret, notice->places[i].label, notice->places[i].url);
        ret->request = request_link(notice);
        if (ret->request)
                add_button(ret, _("Ask the servicedesk"), ret->request);
        if (*notice->leak_report_url)
                add_button(ret, _("Report a data leak"), notice->leak_report_url);
}

void words_clear(struct words *words)
{
        g_free(words->title);
        g_free(words->body);
        g_free(words->request);
        *words = (struct words){ 0 };
}
