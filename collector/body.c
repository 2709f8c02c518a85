/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Memory grows with what has really come, never with what was announced. Unpacking writes into a buffer that grows the
 * same way and stops at the first byte above a limit: a bomb costs the limit, not its size. */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "collector/body.h"

#define BODY_ROOM_FIRST  4096U
#define GZIP_WINDOW_BITS (16 + MAX_WBITS) /* gzip and nothing else (zlib.h, inflateInit2) */

static int grow(struct body *body, size_t wanted)
{
        size_t room = body->room ? body->room : BODY_ROOM_FIRST;
        char *data;

        if (wanted > BODY_MAX)
                return -EFBIG;
        while (room < wanted)
                room *= 2;
        if (room == body->room)
                return 0;
        data = realloc(body->data, room);
        if (!data)
                return -ENOMEM;
        body->data = data;
        body->room = room;
        return 0;
}

int body_append(struct body *body, const void *data, size_t size)
{
        int r;

        if (size == 0)
                return 0;
        if (size > BODY_MAX)
                return -EFBIG;
        r = grow(body, body->size + size);
        if (r < 0)
                return r;
        memcpy(body->data + body->size, data, size);
        body->size += size;
        return 0;
}

static int inflate_all(z_stream *stream, struct body *out, size_t limit)
{
        int z;

        for (;;) {
                size_t room;
                int r = grow(out, out->size < limit ? out->size + 1 : limit);

                if (r < 0)
                        return r;
                room = (out->room < limit ? out->room : limit) - out->size;
                if (room == 0) {
                        /* One byte of room more than is allowed, to tell "exactly full" from "too much". */
                        unsigned char more;

                        stream->next_out = &more;
                        stream->avail_out = 1;
                        z = inflate(stream, Z_NO_FLUSH);
                        if (stream->avail_out == 0)
                                return -EFBIG;
                } else {
                        stream->next_out = (unsigned char *) out->data + out->size;
                        stream->avail_out = (unsigned) room;
                        z = inflate(stream, Z_NO_FLUSH);
                        out->size += room - stream->avail_out;
                }
                if (z == Z_STREAM_END)
                        return stream->avail_in == 0 ? 0 : -EBADMSG;
                if (z == Z_MEM_ERROR)
                        return -ENOMEM;
                if (z != Z_OK)
                        return -EBADMSG; /* Z_BUF_ERROR: the input ends before the file does */
        }
}

int body_gunzip(struct body *body)
{
        struct body out = { 0 };
        size_t limit = body->size > BODY_MAX / BODY_RATIO_MAX ? BODY_MAX : body->size * BODY_RATIO_MAX;
        z_stream stream = { 0 };
        int r;

        _Static_assert(BODY_MAX <= UINT_MAX, "zlib counts in unsigned int");
        if (limit < BODY_RATIO_FREE)
                limit = BODY_RATIO_FREE;
        if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
                return -ENOMEM;
        stream.next_in = (unsigned char *) body->data;
        stream.avail_in = (unsigned) body->size;
        r = inflate_all(&stream, &out, limit);
        inflateEnd(&stream);
        if (r < 0) {
                body_clear(&out);
                return r;
        }

        body_clear(body);
        *body = out;
        return 0;
}

void body_clear(struct body *body)
{
        free(body->data);
        *body = (struct body){ 0 };
}
