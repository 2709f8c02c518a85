/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "notifier/preview.h"

#include <glib/gi18n.h>

/* What the agent would have sent. */
static const struct {
        enum notice_news news;
        enum notice_device device;
        const char *name; /* what it calls itself */
} samples[_NOTICE_KIND_MAX] = {
        [NOTICE_KIND_USB_DISK] = { NOTICE_REFUSED, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_SD_CARD] = { NOTICE_REFUSED, NOTICE_SD_CARD, "SD32G" },
        [NOTICE_KIND_OPTICAL] = { NOTICE_REFUSED, NOTICE_OPTICAL, "DVD-RAM GH24" },
        [NOTICE_KIND_EXTERNAL_DISK] = { NOTICE_REFUSED, NOTICE_EXTERNAL_DISK, "Elements 25A2" },
        [NOTICE_KIND_PHONE] = { NOTICE_REFUSED, NOTICE_PHONE, "" },
        [NOTICE_KIND_CAMERA] = { NOTICE_REFUSED, NOTICE_CAMERA, "PowerShot SX" },
        [NOTICE_KIND_OTHER] = { NOTICE_REFUSED, NOTICE_OTHER, "" },
        [NOTICE_KIND_NOT_ENCRYPTED] = { NOTICE_NOT_ENCRYPTED, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_READ_ONLY] = { NOTICE_READ_ONLY, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_OPENED] = { NOTICE_GRANT_OPENED, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_CLOSING] = { NOTICE_GRANT_ENDING, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_IN_USE] = { NOTICE_GRANT_EXTENDED, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_CLOSED] = { NOTICE_GRANT_ENDED, NOTICE_USB_DISK, "DataTraveler 3.0" },
        [NOTICE_KIND_SYNC] = { NOTICE_CLIENT, NOTICE_SYNC, "Dropbox" },
        [NOTICE_KIND_CHAT] = { NOTICE_CLIENT, NOTICE_CHAT, "WhatsApp" },
        [NOTICE_KIND_BACKUP] = { NOTICE_CLIENT, NOTICE_BACKUP, "Backblaze" },
        [NOTICE_KIND_STOPPED] = { NOTICE_CLIENT_STOPPED, NOTICE_SYNC, "Dropbox" },
        [NOTICE_KIND_SEVERAL] = { NOTICE_SEVERAL, NOTICE_OTHER, "" },
        [NOTICE_KIND_EARLIER] = { NOTICE_EARLIER, NOTICE_OTHER, "" },
};

static const struct notice school = {
        .plug = "preview",
        .code = "7Q3XYZ",
        .school = "De Regenboog",
        .servicedesk_url = "mailto:servicedesk@school.example",
        .leak_report_url = "https://datalek.school.example/",
        .places = { { "OneDrive", "https://www.office.com/launch/onedrive" },
                    { "Teams", "https://teams.microsoft.com/" } },
        .n_places = 2,
        .count = 3,
        .minutes = 30,
        .until = { .month = 2, .day = 1 },
};

void preview_sample(enum notice_kind kind, struct notice *ret)
{
        *ret = school;
        ret->news = samples[kind].news;
        ret->device = samples[kind].device;
        g_strlcpy(ret->name, samples[kind].name, sizeof(ret->name));
        g_strlcpy(ret->servicedesk, _("Servicedesk, room 1.04, telephone 1234"), sizeof(ret->servicedesk));
        g_strlcpy(ret->leak_report, _("0800 1234, day and night"), sizeof(ret->leak_report));
}
