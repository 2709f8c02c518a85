/* links: collector/body.c libs: zlib */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Bodies: how large they get, and what comes out of a gzip file. Packed here by zlib itself. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "collector/body.h"

/* A body with size bytes of which one in `sparse` is random (0: all blanks), packed. */
static struct body packed(size_t size, unsigned sparse)
{
        struct body body = { 0 };
        z_stream stream = { 0 };
        unsigned char *data = malloc(size + 1), *out;
        size_t room;

        assert_non_null(data);
        for (size_t i = 0; i < size; i++)
                data[i] = sparse && i % sparse == 0 ? (unsigned char) random() : ' ';
        assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
        room = deflateBound(&stream, size);
        out = malloc(room);
        assert_non_null(out);
        stream.next_in = data;
        stream.avail_in = (unsigned) size;
        stream.next_out = out;
        stream.avail_out = (unsigned) room;
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(body_append(&body, out, room - stream.avail_out), 0);
        deflateEnd(&stream);
        free(data);
        free(out);
        return body;
}

static void a_body_grows_to_its_limit(void **state)
{
        struct body body = { 0 };
        char piece[1000];

        (void) state;
        memset(piece, 'x', sizeof(piece));
        assert_int_equal(body_append(&body, piece, 0), 0);
        assert_null(body.data);
        while (body.size + sizeof(piece) <= BODY_MAX)
                assert_int_equal(body_append(&body, piece, sizeof(piece)), 0);
        assert_int_equal(body_append(&body, piece, BODY_MAX - body.size + 1), -EFBIG);
        assert_int_equal(body_append(&body, piece, SIZE_MAX), -EFBIG);
        assert_int_equal(body_append(&body, piece, BODY_MAX - body.size), 0);
        assert_int_equal(body.size, BODY_MAX);
        assert_int_equal(body.room, BODY_MAX);
        assert_int_equal(body_append(&body, piece, 1), -EFBIG);
        assert_int_equal(body.size, BODY_MAX);
        body_clear(&body);
        assert_null(body.data);
        assert_int_equal(body.size, 0);
}

static void expect_unpacked(size_t size, unsigned sparse, int expected)
{
        struct body body = packed(size, sparse);
        size_t before = body.size;

        assert_int_equal(body_gunzip(&body), expected);
        assert_int_equal(body.size, expected == 0 ? size : before);
        body_clear(&body);
}

static void limits_are_exact(void **state)
{
        (void) state;
        expect_unpacked(0, 0, 0);
        expect_unpacked(1, 0, 0);
        expect_unpacked(BODY_RATIO_FREE, 0, 0); /* some 600 to 1, but small */
        expect_unpacked(BODY_RATIO_FREE + 1, 0, -EFBIG);
        expect_unpacked(BODY_MAX, 20, 0);
        expect_unpacked(BODY_MAX + 1, 20, -EFBIG);
        expect_unpacked(BODY_MAX, 0, -EFBIG);
}

static void the_ratio_is_exact(void **state)
{
        (void) state;
        /* Find bodies on both sides of the ratio. */
        for (unsigned sparse = 100; sparse < 800; sparse += 20) {
                struct body body = packed(500000, sparse);
                bool allowed = body.size * BODY_RATIO_MAX >= 500000;

                assert_int_equal(body_gunzip(&body), allowed ? 0 : -EFBIG);
                body_clear(&body);
        }
}

static void what_comes_out_went_in(void **state)
{
        struct body body = packed(100000, 1);

        (void) state;
        srandom(1);
        body_clear(&body);
        body = packed(100000, 1);
        srandom(1);
        assert_int_equal(body_gunzip(&body), 0);
        assert_int_equal(body.size, 100000);
        for (size_t i = 0; i < body.size; i++)
                assert_int_equal((unsigned char) body.data[i], (unsigned char) random());
        body_clear(&body);
}

static void damage_is_noticed_everywhere(void **state)
{
        struct body whole = packed(300, 3), body = { 0 };

        (void) state;
        for (size_t end = 0; end < whole.size; end++) {
                assert_int_equal(body_append(&body, whole.data, end), 0);
                assert_int_equal(body_gunzip(&body), -EBADMSG);
                assert_int_equal(body.size, end);
                body_clear(&body);
        }
        for (size_t at = 10; at < whole.size; at++) { /* behind the header, whose flags and time may be anything */
                assert_int_equal(body_append(&body, whole.data, whole.size), 0);
                body.data[at] ^= 0x10;
                assert_int_equal(body_gunzip(&body), -EBADMSG);
                body_clear(&body);
        }
        assert_int_equal(body_append(&body, whole.data, whole.size), 0);
        assert_int_equal(body_append(&body, whole.data, whole.size), 0);
        assert_int_equal(body_gunzip(&body), -EBADMSG);
        body_clear(&body);
        body_clear(&whole);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_body_grows_to_its_limit),    cmocka_unit_test(limits_are_exact),
                cmocka_unit_test(the_ratio_is_exact),           cmocka_unit_test(what_comes_out_went_in),
                cmocka_unit_test(damage_is_noticed_everywhere),
        };

        return cmocka_run_group_tests_name("collector body", tests, NULL, NULL);
}
