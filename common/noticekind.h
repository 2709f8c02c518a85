/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The kinds of notice that a teacher can get, by the names under which a policy gives its own words for them
 * ([notice KIND.LANGUAGE]) and `lekdicht-notifier --preview` shows them. Pure. */

#include <stdbool.h>
#include <stddef.h>

enum notice_kind {
        /* It stays shut. */
        NOTICE_KIND_USB_DISK,
        NOTICE_KIND_SD_CARD,
        NOTICE_KIND_OPTICAL,
        NOTICE_KIND_EXTERNAL_DISK,
        NOTICE_KIND_PHONE,
        NOTICE_KIND_CAMERA,
        NOTICE_KIND_OTHER,
        NOTICE_KIND_NOT_ENCRYPTED,
        NOTICE_KIND_READ_ONLY,
        /* Opened for a while. */
        NOTICE_KIND_OPENED,
        NOTICE_KIND_CLOSING,
        NOTICE_KIND_IN_USE,
        NOTICE_KIND_CLOSED,
        /* Programs. */
        NOTICE_KIND_SYNC,
        NOTICE_KIND_CHAT,
        NOTICE_KIND_BACKUP,
        NOTICE_KIND_STOPPED,
        /* One notice for many. */
        NOTICE_KIND_SEVERAL,
        NOTICE_KIND_EARLIER,
        _NOTICE_KIND_MAX,
};

/* The languages of the notices: English, which is the source, and those of po/. */
#define NOTICE_LANGUAGES     2U
#define NOTICE_LANGUAGE_SIZE sizeof("nl")
extern const char *const notice_languages[NOTICE_LANGUAGES];

/* What the notifier fills in, in the policy's address of the servicedesk. */
#define NOTICE_FIELD_CODE "{code}" /* by which IT finds the event */
#define NOTICE_FIELD_KIND "{kind}" /* "USB stick", in the teacher's language */

/* Copy the address to out without its fields, to see whether it is one. False: it does not fit in size > 0. */
bool notice_without_fields(const char *address, char *out, size_t size);

/* "usb-disk", "read-only"; never NULL for a kind. */
const char *notice_kind_name(enum notice_kind kind);
/* False: there is no kind of that name. */
bool notice_kind_find(const char *name, enum notice_kind *ret);
