/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The body of a request: collected up to a limit, and unpacked when it was packed. The only part with zlib. */

#include <stddef.h>

#define BODY_MAX        (1024U * 1024U) /* bytes of a body, as sent and unpacked */
#define BODY_RATIO_MAX  100U            /* unpacked bytes for each packed one; events pack at most some 60 to 1 */
#define BODY_RATIO_FREE (64U * 1024U)   /* so many unpacked bytes are never too many */

struct body {
        char *data;
        size_t size, room;
};

/* Append size bytes. 0; -EFBIG: it would be more than BODY_MAX; -ENOMEM. Both leave the body as it was. */
int body_append(struct body *body, const void *data, size_t size);

/* Replace the content, one gzip file (RFC 1952) with one member and nothing behind it, by what is packed in it. 0;
 * -EFBIG: more than BODY_MAX, or more than BODY_RATIO_MAX times the packed size (and BODY_RATIO_FREE); -EBADMSG: not
 * such a file, cut short or damaged; -ENOMEM. The body is unchanged on errors. */
int body_gunzip(struct body *body);

/* Frees the data; the body is empty then. */
void body_clear(struct body *body);
