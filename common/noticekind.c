/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "common/noticekind.h"

#include <string.h>

const char *const notice_languages[NOTICE_LANGUAGES] = { "en", "nl" };

static const char *const names[_NOTICE_KIND_MAX] = {
        [NOTICE_KIND_USB_DISK] = "usb-disk",   [NOTICE_KIND_SD_CARD] = "sd-card",
        [NOTICE_KIND_OPTICAL] = "optical",     [NOTICE_KIND_EXTERNAL_DISK] = "external-disk",
        [NOTICE_KIND_PHONE] = "phone",         [NOTICE_KIND_CAMERA] = "camera",
        [NOTICE_KIND_OTHER] = "other",         [NOTICE_KIND_NOT_ENCRYPTED] = "not-encrypted",
        [NOTICE_KIND_READ_ONLY] = "read-only", [NOTICE_KIND_OPENED] = "opened",
        [NOTICE_KIND_CLOSING] = "closing",     [NOTICE_KIND_IN_USE] = "in-use",
        [NOTICE_KIND_CLOSED] = "closed",       [NOTICE_KIND_SYNC] = "sync",
        [NOTICE_KIND_CHAT] = "chat",           [NOTICE_KIND_BACKUP] = "backup",
        [NOTICE_KIND_STOPPED] = "stopped",     [NOTICE_KIND_SEVERAL] = "several",
        [NOTICE_KIND_EARLIER] = "earlier",
};

const char *notice_kind_name(enum notice_kind kind)
{
        return names[kind];
}

bool notice_kind_find(const char *name, enum notice_kind *ret)
{
        for (unsigned kind = 0; kind < _NOTICE_KIND_MAX; kind++) {
                if (strcmp(names[kind], name) != 0)
                        continue;
                *ret = (enum notice_kind) kind;
                return true;
        }

        return false;
}

bool notice_without_fields(const char *address, char *out, size_t size)
{
        static const char *const fields[] = { NOTICE_FIELD_CODE, NOTICE_FIELD_KIND };
        size_t n = 0;

        while (*address) {
                size_t field = 0;

                for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
                        if (strncmp(address, fields[i], strlen(fields[i])) == 0)
                                field = strlen(fields[i]);
                if (field > 0) {
                        address += field;
                        continue;
                }
                if (n + 1 >= size)
                        return false;
                out[n++] = *address++;
        }
        out[n] = '\0';

        return true;
}
