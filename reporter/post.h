/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The network: one POST at a time, and its reply as it came. The only file that knows libcurl. */

#include <stdbool.h>
#include <stddef.h>

#include "common/enrolment.h"
#include "reporter/reply.h"

#define POST_CONNECT_SECONDS 10L    /* until connected and TLS is agreed */
#define POST_SILENT_SECONDS  20L    /* not a byte for so long: given up */
#define POST_SECONDS_MAX     60L    /* the whole exchange */
#define POST_HEADERS_MAX     16384U /* bytes of all headers of an answer */

struct post;

#define POST_PATH_MAX       32U
#define POST_CREDENTIAL_MAX 96U

/* 0, -ENOMEM, or -EIO when libcurl cannot be set up. The enrolment is copied from. */
int post_new(const struct enrolment *enrolment, struct post **ret);

/* Takes NULL, returns NULL. */
struct post *post_free(struct post *post);

struct post_request {
        const char *path;       /* behind the enrolment's url: "/v1/logs" */
        const char *credential; /* shown as bearer; NULL: none */
        const char *body;       /* JSON */
        size_t size;
        bool gzip; /* the body is packed */
};

/* Fills *ret whatever happens, within POST_SECONDS_MAX. */
void post_send(struct post *post, const struct post_request *request, struct reply *ret);

/* Nothing more to send for now: close the connection and give back what it took. */
void post_rest(struct post *post);
