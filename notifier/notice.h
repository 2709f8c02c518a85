/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the agent asks to be told: the signal Notice of org.lekdicht.Agent1, taken out of its a{sv}. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

#include "common/noticekind.h"

#define NOTICE_PLUG_MAX   64U /* bytes, with the NUL, as all of these */
#define NOTICE_NAME_MAX   64U
#define NOTICE_CODE_MAX   9U
#define NOTICE_LABEL_MAX  64U
#define NOTICE_TEXT_MAX   192U /* a line of a policy has 190 */
#define NOTICE_PLACES_MAX 16U  /* as in a policy */
#define NOTICE_COUNT_MAX  9999U
#define NOTICE_PER_HOUR   10U /* when the policy says nothing */

/* What was plugged in or started, as far as the words differ. */
enum notice_device {
        NOTICE_USB_DISK,
        NOTICE_SD_CARD,
        NOTICE_OPTICAL,
        NOTICE_EXTERNAL_DISK,
        NOTICE_PHONE,
        NOTICE_CAMERA, /* or a phone that speaks PTP */
        NOTICE_SYNC,   /* a program that copies files elsewhere */
        NOTICE_CHAT,
        NOTICE_BACKUP,
        NOTICE_OTHER, /* a kind that this version has no words for */
        _NOTICE_DEVICE_MAX,
};

/* What there is to say of it. */
enum notice_news {
        NOTICE_REFUSED,
        NOTICE_NOT_ENCRYPTED,  /* refused, and it would have opened if it were */
        NOTICE_READ_ONLY,      /* it opened, but for reading */
        NOTICE_GRANT_OPENED,   /* it is open for a while */
        NOTICE_GRANT_ENDING,   /* what was opened for a while closes soon */
        NOTICE_GRANT_EXTENDED, /* it was in use then, and closes a little later */
        NOTICE_GRANT_ENDED,    /* it is closed */
        NOTICE_CLIENT,         /* a program runs that the school does not approve of */
        NOTICE_CLIENT_STOPPED, /* and was ended */
        NOTICE_EARLIER,        /* devices, before anybody could be told */
        NOTICE_SEVERAL,        /* more devices than there are notices in an hour; made here, never sent */
        _NOTICE_NEWS_MAX,
};

/* A day of the calendar; month 0: not given. */
struct notice_day {
        unsigned month, day;
};

/* The school's own; "": as they are. */
struct notice_wording {
        char title[NOTICE_TEXT_MAX];
        char text[NOTICE_TEXT_MAX];
};

struct notice_place {
        char label[NOTICE_LABEL_MAX];
        char url[NOTICE_TEXT_MAX];
};

/* Strings are valid UTF-8 on one line without control characters, "" when not given. A url is "" unless link_allowed(); that of the servicedesk
 * may have fields to be filled in (request.h). */
struct notice {
        char plug[NOTICE_PLUG_MAX]; /* printable ASCII, never "": one physical plug or grant, one notice */
        enum notice_device device;
        enum notice_news news;
        char name[NOTICE_NAME_MAX]; /* what the device calls itself */
        char code[NOTICE_CODE_MAX]; /* by which IT finds the event: A-Z, 0-9 */
        char school[NOTICE_TEXT_MAX];
        char servicedesk[NOTICE_TEXT_MAX];
        char servicedesk_url[NOTICE_TEXT_MAX];
        char leak_report[NOTICE_TEXT_MAX];
        char leak_report_url[NOTICE_TEXT_MAX];
        struct notice_place places[NOTICE_PLACES_MAX]; /* each with a label and a url, in the policy's order */
        size_t n_places;
        unsigned count;                /* of NOTICE_EARLIER and NOTICE_SEVERAL: how many devices, at least 1 */
        unsigned minutes;              /* of NOTICE_GRANT_OPENED: how long; 0: not given */
        struct notice_day until;       /* of NOTICE_READ_ONLY: the last day on which it opens */
        struct notice_wording own;     /* for this kind */
        struct notice_wording several; /* for NOTICE_SEVERAL */
        unsigned per_hour;             /* so many notices about devices, and then one for all others */
        bool simulated;
};

/* Which of the kinds that people know it is. */
enum notice_kind notice_kind_of(const struct notice *notice);

/* Read the argument of the signal; language: "nl", of the words that are wanted. What is missing, of another type or too long to
 * be meant is left out; text is cut at a whole character. Returns 0; -EINVAL when it is no (a{sv}) or has no usable Plug; -ENOTSUP for a Kind that this version
 * does not tell. */
int notice_parse(GVariant *parameters, const char *language, struct notice *ret);
