/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The decoder is Table 3-7 of the Unicode standard written out: the first byte says how many follow and which range the
 * second may have, and that range is what keeps overlong forms, surrogates and numbers above U+10FFFF out. */

#include "common/utf8.h"

struct range {
        uint32_t first, last;
};

/* Sorted. */
static const struct range controls[] = {
        { 0x0000, 0x001F }, /* C0 */
        { 0x007F, 0x009F }, /* DEL, C1 */
        { 0x00AD, 0x00AD }, /* soft hyphen */
        { 0x0600, 0x0605 }, /* Arabic number signs */
        { 0x061C, 0x061C }, /* Arabic letter mark */
        { 0x06DD, 0x06DD },   { 0x070F, 0x070F },   { 0x0890, 0x0891 },
        { 0x08E2, 0x08E2 },   { 0x180E, 0x180E }, /* Mongolian vowel separator */
        { 0x200B, 0x200F },                       /* zero width, LRM, RLM */
        { 0x2028, 0x202E },                       /* line and paragraph separator, bidi embeddings and overrides */
        { 0x2060, 0x206F },                       /* word joiner, invisible operators, bidi isolates, deprecated */
        { 0xFDD0, 0xFDEF },                       /* noncharacters */
        { 0xFEFF, 0xFEFF },                       /* byte order mark */
        { 0xFFF9, 0xFFFB },                       /* interlinear annotation */
        { 0x110BD, 0x110BD }, { 0x110CD, 0x110CD }, { 0x13430, 0x1343F }, /* Egyptian hieroglyph format controls */
        { 0x1BCA0, 0x1BCA3 },                                             /* shorthand format controls */
        { 0x1D173, 0x1D17A },                                             /* musical symbol format controls */
        { 0xE0000, 0xE007F },                                             /* tags */
};

bool utf8_is_control(uint32_t code)
{
        if ((code & 0xFFFE) == 0xFFFE)
                return true; /* U+FFFE, U+FFFF and their like in every plane */
        for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
                if (code < controls[i].first)
                        return false;
                if (code <= controls[i].last)
                        return true;
        }
        return false;
}

size_t utf8_decode(const char *text, size_t size, uint32_t *ret)
{
        const unsigned char *bytes = (const unsigned char *) text;
        unsigned char low = 0x80, high = 0xBF; /* of the second byte; all later ones are 80..BF */
        size_t length;
        uint32_t code;

        *ret = UTF8_REPLACEMENT;
        if (bytes[0] < 0x80) {
                *ret = bytes[0];
                return 1;
        }
        if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF) {
                length = 2;
                code = bytes[0] & 0x1FU;
        } else if (bytes[0] >= 0xE0 && bytes[0] <= 0xEF) {
                length = 3;
                code = bytes[0] & 0x0FU;
                if (bytes[0] == 0xE0)
                        low = 0xA0;
                if (bytes[0] == 0xED)
                        high = 0x9F;
        } else if (bytes[0] >= 0xF0 && bytes[0] <= 0xF4) {
                length = 4;
                code = bytes[0] & 0x07U;
                if (bytes[0] == 0xF0)
                        low = 0x90;
                if (bytes[0] == 0xF4)
                        high = 0x8F;
        } else {
                return 1;
        }
        for (size_t i = 1; i < length; i++) {
                if (i == size || bytes[i] < low || bytes[i] > high)
                        return i;
                code = code << 6 | (bytes[i] & 0x3FU);
                low = 0x80;
                high = 0xBF;
        }
        *ret = code;
        return length;
}
