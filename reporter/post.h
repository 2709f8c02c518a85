/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The network: one POST at a time, and its reply as it came. The only file that knows libcurl. */

#include <stddef.h>

#include "reporter/enrolment.h"
#include "reporter/reply.h"

#define POST_CONNECT_SECONDS 10L    /* until connected and TLS is agreed */
#define POST_SILENT_SECONDS  20L    /* not a byte for so long: given up */
#define POST_SECONDS_MAX     60L    /* the whole exchange */
#define POST_HEADERS_MAX     16384U /* bytes of all headers of an answer */

struct post;

/* 0, -ENOMEM, or -EIO when libcurl cannot be set up. The enrolment is copied from. */
int post_new(const struct enrolment *enrolment, struct post **ret);

/* Takes NULL, returns NULL. */
struct post *post_free(struct post *post);

/* POST size bytes, gzip of JSON, to /v1/logs. Fills *ret whatever happens, within POST_SECONDS_MAX. */
void post_send(struct post *post, const char *body, size_t size, struct reply *ret);

/* Nothing more to send for now: close the connection and give back what it took. */
void post_rest(struct post *post);
