/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is to be done with a request, judged by its head alone, before a byte of its body is looked at. Pure but for the
 * door. */

#include <stdbool.h>
#include <stddef.h>

#include "collector/batch.h"

enum request_route {
        REQUEST_EVENTS, /* POST /v1/logs */
        REQUEST_ENROL,  /* POST /v1/enroll */
        REQUEST_PAGE,   /* GET / */
        REQUEST_STYLE,  /* GET /style.css */
};

/* The head as it came; NULL for a header that is not there. */
struct request_head {
        const char *method, *path;
        const char *host, *authorization, *type, *encoding, *length, *transfer;
};

struct request_verdict {
        unsigned status;          /* the answer, or 0: go on */
        const char *message;      /* one sentence of printable ASCII without quotes, when status is not 0 */
        const char *allow;        /* with 405: the methods that would do */
        enum request_route route; /* when status is 0 */
        bool gzip;                /* the body is packed */
        size_t length;            /* bytes of the body that are announced, SIZE_MAX: not a number; for events with
                                     status 0 at most BODY_MAX, for an enrolment ENROL_BODY_MAX */
        char host[BATCH_HOST_LENGTH + 1]; /* events, with status 0: whose credential was shown */
};

/* Whose credential that Authorization header (or NULL) shows, in host, when it returns 0; else as register_admit(), or
 * -EDQUOT: it has sent too often. */
struct request_door {
        int (*admit)(void *userdata, const char *authorization, char host[static BATCH_HOST_LENGTH + 1]);
        void *userdata;
        bool proxied; /* whoever connects speaks for others: then the page is not shown */
};

/* In this order: method, path, credential and rate, type and encoding, length. Who enrols has none yet; the token is in the body.
 * The page and its stylesheet need no token, since only
 * this machine can connect; but they are for a browser that was told a name or address of this machine, not for one that
 * some web page has sent here under the page's own name (DNS rebinding). */
void request_judge(const struct request_head *head, const struct request_door *door, struct request_verdict *ret);
