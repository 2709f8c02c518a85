/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What came back from the network, before anybody has judged it. Everything in it was chosen by a stranger. */

#include <stddef.h>

#define REPLY_BODY_MAX    (64U * 1024U) /* bytes; a longer answer is none */
#define REPLY_HEADER_MAX  128U          /* bytes of one header's value that is kept; a longer one counts as absent */
#define REPLY_TROUBLE_MAX 256U

struct reply {
        int status;                      /* of HTTP; 0: no answer, or none that arrived whole */
        char trouble[REPLY_TROUBLE_MAX]; /* why there is no answer, fit to be logged; "" when there is one */
        char content_type[REPLY_HEADER_MAX + 1];
        char retry_after[REPLY_HEADER_MAX + 1];
        char date[REPLY_HEADER_MAX + 1];
        size_t size;
        char body[REPLY_BODY_MAX];
};
