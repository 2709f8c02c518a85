/* links: common/jsonw.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a JSON string: the document must be valid UTF-8 without a control character in it, and reading it back
 * must give the code points that went in. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonw.h"
#include "common/utf8.h"
#include "tests/fuzz/check.h"

static uint32_t hex4(const char *text)
{
        char digits[5] = { 0 };
        char *end;
        uint32_t value;

        memcpy(digits, text, 4);
        value = (uint32_t) strtoul(digits, &end, 16);
        CHECK(*end == '\0');
        return value;
}

/* One code point of the inside of a JSON string; the inverse of what json.c does, written from RFC 8259. */
static size_t read_back(const char *text, size_t left, uint32_t *ret)
{
        uint32_t low;
        size_t n;

        if (text[0] != '\\') {
                n = utf8_decode(text, left, ret);
                CHECK(*ret != UTF8_REPLACEMENT || n == 3);
                CHECK(!utf8_is_control(*ret) && *ret != '"');
                return n;
        }
        CHECK(left >= 2);
        switch (text[1]) {
        case '"':
        case '\\':
                *ret = (unsigned char) text[1];
                return 2;
        case 'n':
                *ret = '\n';
                return 2;
        case 'r':
                *ret = '\r';
                return 2;
        case 't':
                *ret = '\t';
                return 2;
        case 'u':
                break;
        default:
                abort();
        }
        CHECK(left >= 6);
        *ret = hex4(text + 2);
        if (*ret < 0xD800 || *ret > 0xDFFF)
                return 6;
        CHECK(*ret < 0xDC00 && left >= 12 && text[6] == '\\' && text[7] == 'u');
        low = hex4(text + 8);
        CHECK(low >= 0xDC00 && low <= 0xDFFF);
        *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
        return 12;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *in = (const char *) data, *out;
        size_t length;
        struct jsonw json;
        char *text;

        jsonw_init_buffer(&json, 0, 0);
        jsonw_string_n(&json, NULL, in, size);
        CHECK(jsonw_finish(&json) == 0);
        text = jsonw_steal(&json, &length);
        CHECK(strlen(text) == length && length >= 2 && text[0] == '"' && text[length - 1] == '"');
        out = text + 1;
        length -= 2;
        while (size > 0) {
                uint32_t want, got;
                size_t n = utf8_decode(in, size, &want);

                CHECK(n >= 1 && n <= size && length > 0);
                in += n;
                size -= n;
                n = read_back(out, length, &got);
                CHECK(n <= length && got == want);
                out += n;
                length -= n;
        }
        CHECK(length == 0);
        free(text);
        return 0;
}
