/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* UTF-8, read by people who do not trust the writer: what a device calls itself ends up on terminals, in the journal
 * and in JSON. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDU /* what stands for bytes that are not UTF-8 */

/* Read one code point from size > 0 bytes at text (NUL is a code point like any other). Returns how many bytes it took,
 * 1 to 4, and the code point in *ret. Bytes that are not UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing
 * above U+10FFFF) give UTF8_REPLACEMENT and as many bytes as the Unicode standard's "maximal subpart" has, never
 * more than one sequence and never past size. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret);

/* True for code points that steer instead of being seen: C0, DEL, C1, line and paragraph separators, bidi marks and
 * overrides, zero-width and other format characters (Unicode general categories Cc, Cf, Zl, Zp as of Unicode 15, and
 * the whole block of tags), and noncharacters. */
bool utf8_is_control(uint32_t code);
