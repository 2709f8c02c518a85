/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The teacher meets the product here, in the middle of something else. So: what happened, why, what to do instead, whom to
 * ask; words of every day; no blame and no alarm, for nothing went wrong. Where files do belong is the policy's to say:
 * no place is named in this file.
 *
 * What a device calls itself stands in quotation marks on a line of its own, so that a stick cannot speak for the
 * school. */

#include "notifier/words.h"

#include <glib/gi18n.h>

#define NAMED_MAX 3U /* places that the sentence names; all of them are buttons */

struct kind {
        const char *title;
        const char *read_only; /* the title when it is open for reading; NULL: it never is */
        const char *why;
        const char *plain; /* why, when it is for not being encrypted; NULL: that is never asked of it */
        const char *icon;
};

static const struct kind kinds[_NOTICE_DEVICE_MAX] = {
        [NOTICE_USB_DISK] = {
                N_("This USB stick stays shut"),
                N_("This USB stick is for reading only"),
                N_("USB sticks and disks get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. USB sticks and disks get lost easily, so your school opens only encrypted ones."),
                "drive-removable-media",
        },
        [NOTICE_SD_CARD] = {
                N_("This memory card stays shut"),
                N_("This memory card is for reading only"),
                N_("Memory cards get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. Memory cards get lost easily, so your school opens only encrypted ones."),
                "media-flash",
        },
        [NOTICE_OPTICAL] = {
                N_("This CD or DVD stays shut"),
                N_("This CD or DVD is for reading only"),
                N_("CDs and DVDs get lost easily, so your school keeps files off them."),
                NULL,
                "media-optical",
        },
        [NOTICE_EXTERNAL_DISK] = {
                N_("This external disk stays shut"),
                N_("This external disk is for reading only"),
                N_("External disks get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. External disks get lost easily, so your school opens only encrypted ones."),
                "drive-harddisk",
        },
        [NOTICE_PHONE] = {
                N_("Your phone can charge here, but not share files"),
                NULL,
                N_("Phones get lost easily, so your school keeps files off them."),
                NULL,
                "phone",
        },
        [NOTICE_CAMERA] = {
                N_("The photos on this device stay shut"),
                NULL,
                N_("Cameras and phones get lost easily, so your school keeps files off them. Charging works as usual."),
                NULL,
                "camera-photo",
        },
        [NOTICE_SYNC] = {
                N_("This app copies files to a place of its own"),
                NULL,
                N_("Files about pupils and colleagues are only safe where your school looks after them, so please keep them out of it."),
                NULL,
                "dialog-information",
        },
        [NOTICE_CHAT] = {
                N_("This app is not for school"),
                NULL,
                N_("Messages about pupils and colleagues are only safe where your school looks after them."),
                NULL,
                "dialog-information",
        },
        [NOTICE_BACKUP] = {
                N_("This app backs up files to a place of its own"),
                NULL,
                N_("Files about pupils and colleagues are only safe where your school looks after them, so please keep them out of it."),
                NULL,
                "dialog-information",
        },
        [NOTICE_OTHER] = {
                N_("This device stays shut"),
                N_("This device is for reading only"),
                N_("Small devices get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. Small devices get lost easily, so your school opens only encrypted ones."),
                "drive-removable-media",
        },
};

/* Of what was opened for a while, whatever it is. */
static const struct {
        const char *title, *what;
} grants[_NOTICE_NEWS_MAX] = {
        [NOTICE_GRANT_ENDING] = {
                N_("Two more minutes for this device"),
                N_("It was opened for you for a while, and closes in two minutes. Please save your work and close what is "
                   "open on it."),
        },
        [NOTICE_GRANT_EXTENDED] = {
                N_("Please close what is open on this device"),
                N_("Its time is over, and something on it is still in use. It closes in two minutes. Please save your work "
                   "now."),
        },
        [NOTICE_GRANT_ENDED] = {
                N_("This device is closed again"),
                N_("What was saved on it is safe, and you can take it out."),
        },
};

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

static void say_whom_to_ask(GString *body, const struct notice *notice)
{
        if (*notice->servicedesk) {
                g_string_append_c(body, '\n');
                /* TRANSLATORS: %s is the school's own words, such as "Servicedesk, room 1.04, telephone 1234". */
                g_string_append_printf(body, _("Questions? %s"), notice->servicedesk);
        }
        /* An address becomes a button; a telephone number has to be read. */
        if (*notice->leak_report && !*notice->leak_report_url) {
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
        const struct kind *kind = &kinds[notice->device];

        if (grants[notice->news].title)
                return grants[notice->news].title;
        if (notice->news == NOTICE_READ_ONLY)
                return kind->read_only ?: kinds[NOTICE_OTHER].read_only;
        return kind->title;
}

/* What happened, why, and what to do instead. */
static void say_what(GString *body, const struct notice *notice)
{
        const struct kind *kind = &kinds[notice->device];
        const char *why = kind->why;

        if (grants[notice->news].what) {
                g_string_append(body, _(grants[notice->news].what));
                return;
        }
        if (notice->news == NOTICE_READ_ONLY) {
                /* TRANSLATORS: of a stick, a card, a disc; the reason follows. */
                const char *what = _("What is on it you can open and copy, but not change.");

                g_string_append_printf(body, "%s ", what);
        }
        if (notice->news == NOTICE_NOT_ENCRYPTED)
                why = kind->plain ?: kinds[NOTICE_OTHER].plain;
        g_string_append_printf(body, "%s ", _(why));
        say_places(body, notice);
}

void words_compose(const struct notice *notice, struct words *ret)
{
        const char *title = title_of(notice);
        GString *body = g_string_new(NULL);

        *ret = (struct words){ .icon = kinds[notice->device].icon };
        /* TRANSLATORS: %s is the title. The demonstration plays a device that is not there. */
        ret->title = notice->simulated ? g_strdup_printf(_("%s (simulated)"), _(title)) : g_strdup(_(title));

        say_what(body, notice);
        say_whom_to_ask(body, notice);
        say_details(body, notice);
        ret->body = g_string_free(body, FALSE);

        for (size_t i = 0; i < notice->n_places; i++)
                add_button(ret, notice->places[i].label, notice->places[i].url);
        if (*notice->servicedesk_url)
                add_button(ret, _("Ask the servicedesk"), notice->servicedesk_url);
        if (*notice->leak_report_url)
                add_button(ret, _("Report a data leak"), notice->leak_report_url);
}

void words_clear(struct words *words)
{
        g_free(words->title);
        g_free(words->body);
        *words = (struct words){ 0 };
}
