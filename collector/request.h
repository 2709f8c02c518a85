/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is to be done with a request, judged by its head alone, before a byte of its body is looked at. Pure but for the
 * door. */

#include <stdbool.h>
#include <stddef.h>

#include "collector/batch.h"

enum request_route {
        REQUEST_EVENTS,    /* POST /v1/logs */
        REQUEST_ENROL,     /* POST /v1/enroll */
        REQUEST_PAGE,      /* GET / */
        REQUEST_ATTENTION, /* GET /attention */
        REQUEST_FIND,      /* GET /events */
        REQUEST_CSV,       /* GET /events.csv */
        REQUEST_STYLE,     /* GET /style.css */
        REQUEST_LOGIN,     /* GET /login, and POST with name and password */
        REQUEST_LOGOUT,    /* POST /logout */
};

/* To whom pages are shown. */
enum request_pages {
        REQUEST_PAGES_HERE,     /* there are no accounts: to this machine, and everybody there */
        REQUEST_PAGES_ACCOUNTS, /* to who signs in */
        REQUEST_PAGES_CLOSED,   /* there are no accounts, and others could come: to nobody */
        REQUEST_PAGES_UNKNOWN,  /* the accounts cannot be read */
};

/* The head as it came; NULL for a header that is not there. */
struct request_head {
        const char *method, *path;
        const char *host, *authorization, *type, *encoding, *length, *transfer, *origin, *site;
};

struct request_verdict {
        unsigned status;          /* the answer, or 0: go on */
        const char *message;      /* one sentence of printable ASCII without quotes, when status is not 0 */
        const char *allow;        /* with 405: the methods that would do */
        enum request_route route; /* when status is 0 */
        bool gzip;                /* the body is packed */
        bool form;                /* there is a body, and it is a form */
        size_t length;            /* bytes of the body that are announced, SIZE_MAX: not a number; for events with
                                     status 0 at most BODY_MAX, for an enrolment ENROL_BODY_MAX */
        char host[BATCH_HOST_LENGTH + 1]; /* events, with status 0: whose credential was shown */
};

/* Whose credential that Authorization header (or NULL) shows, in host, when it returns 0; else as register_admit(), or
 * -EDQUOT: it has sent too often. */
struct request_door {
        int (*admit)(void *userdata, const char *authorization, char host[static BATCH_HOST_LENGTH + 1]);
        void *userdata;
        enum request_pages (*pages)(void *userdata);
};

/* In this order: method, path, credential and rate, type and encoding, length. Who enrols has none yet; the token is in the
 * body. Whose session it is, is not judged here.
 *
 * While there are no accounts pages are for a browser that was told a name or address of this machine, not for one that some web
 * page has sent here under the page's own name (DNS rebinding). A form is taken only from a page of ours: Origin or
 * Sec-Fetch-Site, which a browser sends with every form, say another where it is not. */
void request_judge(const struct request_head *head, const struct request_door *door, struct request_verdict *ret);
