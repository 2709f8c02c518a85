/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent is trusted, but what it passes on is a stick's name and a file that people write. So nothing is taken that
 * does not fit: a string has a bound and no control characters, a link is one that may be opened, and whatever else is in
 * the dictionary is not looked at. */

#include "notifier/notice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "notifier/link.h"

#define TEXTS_MAX ((size_t) _NOTICE_KIND_MAX * NOTICE_LANGUAGES)

static void take(GVariant *dictionary, const char *key, char *out, size_t size)
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, key, G_VARIANT_TYPE_STRING);
        const char *text = value ? g_variant_get_string(value, NULL) : "";

        text_clean(text, strlen(text), out, size);
}

/* As it is or not at all: half an address is another address. */
static void copy_link(const char *url, char out[static NOTICE_TEXT_MAX])
{
        if (strlen(url) >= NOTICE_TEXT_MAX || !link_allowed(url))
                url = "";
        strcpy(out, url);
}

static void take_link(GVariant *dictionary, const char *key, char out[static NOTICE_TEXT_MAX])
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, key, G_VARIANT_TYPE_STRING);

        copy_link(value ? g_variant_get_string(value, NULL) : "", out);
}

/* The same for the one with fields to be filled in: what is around them is an address. */
static void take_request(GVariant *dictionary, char out[static NOTICE_TEXT_MAX])
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, "ServicedeskUrl", G_VARIANT_TYPE_STRING);
        const char *url = value ? g_variant_get_string(value, NULL) : "";
        char address[NOTICE_TEXT_MAX];

        if (strlen(url) < NOTICE_TEXT_MAX && notice_without_fields(url, address, sizeof(address)) &&
            link_allowed(address))
                strcpy(out, url);
}

static bool take_plug(GVariant *dictionary, char out[static NOTICE_PLUG_MAX])
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, "Plug", G_VARIANT_TYPE_STRING);
        const char *plug = value ? g_variant_get_string(value, NULL) : "";

        if (!*plug || strlen(plug) >= NOTICE_PLUG_MAX)
                return false;
        for (const char *c = plug; *c; c++)
                if (!g_ascii_isgraph(*c))
                        return false;
        strcpy(out, plug);

        return true;
}

static void take_code(GVariant *dictionary, char out[static NOTICE_CODE_MAX])
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, "Code", G_VARIANT_TYPE_STRING);
        const char *code = value ? g_variant_get_string(value, NULL) : "";

        if (strlen(code) >= NOTICE_CODE_MAX)
                return;
        for (const char *c = code; *c; c++)
                if (!g_ascii_isupper(*c) && !g_ascii_isdigit(*c))
                        return;
        strcpy(out, code);
}

static enum notice_device take_device(GVariant *dictionary)
{
        static const struct {
                const char *name;
                enum notice_device device;
        } known[] = {
                { "usb-disk", NOTICE_USB_DISK }, { "sd-card", NOTICE_SD_CARD },
                { "optical", NOTICE_OPTICAL },   { "external-disk", NOTICE_EXTERNAL_DISK },
                { "phone-mtp", NOTICE_PHONE },   { "phone-ptp", NOTICE_CAMERA },
                { "phone-apple", NOTICE_PHONE }, { "phone-adb", NOTICE_PHONE },
        };
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, "DeviceKind", G_VARIANT_TYPE_STRING);

        if (value)
                for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
                        if (strcmp(g_variant_get_string(value, NULL), known[i].name) == 0)
                                return known[i].device;

        return NOTICE_OTHER;
}

static enum notice_device take_category(GVariant *dictionary)
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, "Category", G_VARIANT_TYPE_STRING);

        if (value && strcmp(g_variant_get_string(value, NULL), "chat") == 0)
                return NOTICE_CHAT;
        if (value && strcmp(g_variant_get_string(value, NULL), "backup") == 0)
                return NOTICE_BACKUP;
        return NOTICE_SYNC;
}

/* False: this version has no words for it. */
static bool take_news(GVariant *dictionary, enum notice_news *ret)
{
        static const char *const known[_NOTICE_NEWS_MAX] = {
                [NOTICE_REFUSED] = "device-refused",        [NOTICE_NOT_ENCRYPTED] = "device-not-encrypted",
                [NOTICE_READ_ONLY] = "device-readonly",     [NOTICE_GRANT_OPENED] = "grant-opened",
                [NOTICE_GRANT_ENDING] = "grant-ending",     [NOTICE_GRANT_EXTENDED] = "grant-extended",
                [NOTICE_GRANT_ENDED] = "grant-ended",       [NOTICE_CLIENT] = "client-running",
                [NOTICE_CLIENT_STOPPED] = "client-stopped", [NOTICE_EARLIER] = "earlier",
        };
        g_autoptr(GVariant) kind = g_variant_lookup_value(dictionary, "Kind", G_VARIANT_TYPE_STRING);

        for (int news = 0; kind && news < _NOTICE_NEWS_MAX; news++) {
                *ret = (enum notice_news) news;
                if (known[news] && strcmp(g_variant_get_string(kind, NULL), known[news]) == 0)
                        return true;
        }

        return false;
}

static void take_places(GVariant *dictionary, struct notice *notice)
{
        g_autoptr(GVariant) places = g_variant_lookup_value(dictionary, "Places", G_VARIANT_TYPE("a(sss)"));
        const char *id, *label, *url;
        GVariantIter iterator;

        if (!places)
                return;
        g_variant_iter_init(&iterator, places);
        for (size_t seen = 0; seen < NOTICE_PLACES_MAX && g_variant_iter_next(&iterator, "(&s&s&s)", &id, &label, &url);
             seen++) {
                struct notice_place *place = &notice->places[notice->n_places];

                text_clean(label, strlen(label), place->label, sizeof(place->label));
                copy_link(url, place->url);
                if (*place->label && *place->url)
                        notice->n_places++;
        }
}

static unsigned take_number(GVariant *dictionary, const char *key)
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, key, G_VARIANT_TYPE_UINT32);

        return value ? MIN(g_variant_get_uint32(value), NOTICE_COUNT_MAX) : 0;
}

/* "2027-02-01", and nothing else. */
static void take_day(GVariant *dictionary, struct notice_day *ret)
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, "Until", G_VARIANT_TYPE_STRING);
        const char *text = value ? g_variant_get_string(value, NULL) : "";
        unsigned year, month, day;
        int end = 0;

        if (strlen(text) == strlen("2027-02-01") && sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end) == 3 &&
            text[end] == '\0' && g_date_valid_dmy((GDateDay) day, (GDateMonth) month, (GDateYear) year))
                *ret = (struct notice_day){ .month = month, .day = day };
}

static bool is_client(enum notice_news news)
{
        return news == NOTICE_CLIENT || news == NOTICE_CLIENT_STOPPED;
}

enum notice_kind notice_kind_of(const struct notice *notice)
{
        static const enum notice_kind of_device[_NOTICE_DEVICE_MAX] = {
                [NOTICE_USB_DISK] = NOTICE_KIND_USB_DISK, [NOTICE_SD_CARD] = NOTICE_KIND_SD_CARD,
                [NOTICE_OPTICAL] = NOTICE_KIND_OPTICAL,   [NOTICE_EXTERNAL_DISK] = NOTICE_KIND_EXTERNAL_DISK,
                [NOTICE_PHONE] = NOTICE_KIND_PHONE,       [NOTICE_CAMERA] = NOTICE_KIND_CAMERA,
                [NOTICE_SYNC] = NOTICE_KIND_SYNC,         [NOTICE_CHAT] = NOTICE_KIND_CHAT,
                [NOTICE_BACKUP] = NOTICE_KIND_BACKUP,     [NOTICE_OTHER] = NOTICE_KIND_OTHER,
        };

        switch (notice->news) {
        case NOTICE_NOT_ENCRYPTED:
                return NOTICE_KIND_NOT_ENCRYPTED;
        case NOTICE_READ_ONLY:
                return NOTICE_KIND_READ_ONLY;
        case NOTICE_GRANT_OPENED:
                return NOTICE_KIND_OPENED;
        case NOTICE_GRANT_ENDING:
                return NOTICE_KIND_CLOSING;
        case NOTICE_GRANT_EXTENDED:
                return NOTICE_KIND_IN_USE;
        case NOTICE_GRANT_ENDED:
                return NOTICE_KIND_CLOSED;
        case NOTICE_CLIENT_STOPPED:
                return NOTICE_KIND_STOPPED;
        case NOTICE_EARLIER:
                return NOTICE_KIND_EARLIER;
        case NOTICE_SEVERAL:
                return NOTICE_KIND_SEVERAL;
        case NOTICE_REFUSED:
        case NOTICE_CLIENT:
        case _NOTICE_NEWS_MAX:
                break;
        }

        return of_device[notice->device];
}

/* The words for that kind, if there are any. */
static void take_wording(GVariant *texts, const char *wanted, const char *spoken, struct notice_wording *ret)
{
        const char *kind, *language, *title, *text;
        GVariantIter iterator;

        g_variant_iter_init(&iterator, texts);
        for (size_t seen = 0;
             seen < TEXTS_MAX && g_variant_iter_next(&iterator, "(&s&s&s&s)", &kind, &language, &title, &text);
             seen++) {
                if (strcmp(kind, wanted) != 0 || strcmp(language, spoken) != 0)
                        continue;
                text_clean(title, strlen(title), ret->title, sizeof(ret->title));
                text_clean(text, strlen(text), ret->text, sizeof(ret->text));
                return;
        }
}

static void take_wordings(GVariant *dictionary, const char *language, struct notice *notice)
{
        g_autoptr(GVariant) texts = g_variant_lookup_value(dictionary, "Texts", G_VARIANT_TYPE("a(ssss)"));

        if (!texts)
                return;
        take_wording(texts, notice_kind_name(notice_kind_of(notice)), language, &notice->own);
        take_wording(texts, notice_kind_name(NOTICE_KIND_SEVERAL), language, &notice->several);
}

int notice_parse(GVariant *parameters, const char *language, struct notice *ret)
{
        g_autoptr(GVariant) dictionary = NULL, simulated = NULL;
        struct notice notice = { 0 };

        if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(a{sv})")))
                return -EINVAL;
        dictionary = g_variant_get_child_value(parameters, 0);
        if (!take_plug(dictionary, notice.plug))
                return -EINVAL;
        if (!take_news(dictionary, &notice.news))
                return -ENOTSUP;

        notice.device = is_client(notice.news) ? take_category(dictionary) : take_device(dictionary);
        take(dictionary, "Name", notice.name, sizeof(notice.name));
        take_code(dictionary, notice.code);
        take(dictionary, "School", notice.school, sizeof(notice.school));
        take(dictionary, "Servicedesk", notice.servicedesk, sizeof(notice.servicedesk));
        take_request(dictionary, notice.servicedesk_url);
        take(dictionary, "LeakReport", notice.leak_report, sizeof(notice.leak_report));
        take_link(dictionary, "LeakReportUrl", notice.leak_report_url);
        take_places(dictionary, &notice);
        notice.count = MAX(take_number(dictionary, "Count"), 1);
        notice.minutes = take_number(dictionary, "Minutes");
        take_day(dictionary, &notice.until);
        notice.per_hour = take_number(dictionary, "PerHour");
        if (notice.per_hour == 0)
                notice.per_hour = NOTICE_PER_HOUR;
        take_wordings(dictionary, language, &notice);
        simulated = g_variant_lookup_value(dictionary, "Simulated", G_VARIANT_TYPE_BOOLEAN);
        notice.simulated = simulated && g_variant_get_boolean(simulated);

        *ret = notice;
        return 0;
}
