/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The server: laptops enrol, events in (OTLP/HTTP, JSON), one page out. The only part with libmicrohttpd. */

#include <stdint.h>

#include "collector/rate.h"
#include "collector/store.h"
#include "collector/visit.h"
#include "collector/writer.h"

#define HTTP_THREADS            2U
#define HTTP_CONNECTIONS_MAX    400U /* more wait in the kernel's queue */
#define HTTP_CONNECTIONS_PER_IP 300U /* more are closed at once; behind a proxy all have one address */
#define HTTP_BACKLOG            511
#define HTTP_HEAD_MAX           (16U * 1024U) /* bytes of memory for a request's line and headers */
#define HTTP_IDLE_SECONDS       20U           /* without a byte in either direction */
#define HTTP_REQUEST_MS         30000U        /* from the connection, or the answer before, to the whole request... */
#define HTTP_ANSWER_MS          30000U        /* ... and from there to the end of the answer */
#define HTTP_DISCARD_MAX        (4U * 1024U * 1024U) /* bytes of an unwanted body that are read, so that the answer arrives */
#define HTTP_RETRY_SECONDS_MIN  5U                   /* Retry-After, at random, so that not all come back at once */
#define HTTP_RETRY_SECONDS_MAX  35U
#define HTTP_GRACE_MS           5000U /* at the end, for answers under way */

struct http;

struct http_settings {
        int fd;              /* a listening socket, the server's from now on */
        struct store *store; /* these four are borrowed */
        struct writer *writer;
        struct rate *rate;
        struct visitors *visitors;
        const char *certificate, *key; /* the texts of PEM files, borrowed; both NULL: no TLS */
        bool local;                    /* nobody but this machine can connect ... */
        bool proxied;                  /* ... where a web server speaks for others, in X-Real-IP */
};

/* Serve from now on, on threads of its own. 0; -ENOMEM; -EIO: libmicrohttpd would not start, or the certificate and the
 * key are none, or do not belong together. */
int http_new(const struct http_settings *settings, struct http **ret);

/* To be called about once a second: ends connections that are too slow. */
void http_tick(struct http *http);

/* Take no more requests, answer those that wait for the writer, then end. Takes NULL, returns NULL. */
struct http *http_free(struct http *http);
