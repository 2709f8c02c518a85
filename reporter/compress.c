/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The whole request in one stroke, into a buffer that zlib says is large enough. Records of one laptop resemble one
 * another so much that the fastest level already leaves a tenth. */

#include "reporter/compress.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>

#include "common/cleanup.h"

#define LEVEL       6
#define WINDOW_BITS (15 + 16) /* the largest window; + 16 is zlib's way to say gzip */
#define MEMORY      8

int compress_gzip(const char *text, size_t size, char **ret, size_t *ret_size)
{
        CLEANUP(cleanup_free) char *packed = NULL;
        z_stream stream = { 0 };
        size_t room;
        int r;

        if (size > UINT_MAX / 2)
                return -EOVERFLOW;
        if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
                return -ENOMEM;
        room = deflateBound(&stream, size);
        packed = malloc(room);
        if (!packed) {
                (void) deflateEnd(&stream);
                return -ENOMEM;
        }

        stream.next_in = (const Bytef *) text;
        stream.avail_in = (uInt) size;
        stream.next_out = (Bytef *) packed;
        stream.avail_out = (uInt) room;
        r = deflate(&stream, Z_FINISH);
        *ret_size = stream.total_out;
        (void) deflateEnd(&stream);
        if (r != Z_STREAM_END)
                return -ENOMEM;
        *ret = packed;
        packed = NULL;

        return 0;
}
