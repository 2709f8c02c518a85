/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Only strings, brackets and commas matter. In an object each comma is one more member, in an array one more element; a
 * bracket that closes without having been opened ends the document for any parser, so it ends the look too. */

#include <errno.h>
#include <stdbool.h>

#include "collector/scan.h"

/* The index behind the closing quote of the string whose first byte is at `at`, or 0 when it is too long. A string that
 * does not end runs to the end of the text. */
static size_t skip_string(const char *text, size_t size, size_t at)
{
        size_t begin = at;

        while (at < size && text[at] != '"') {
                at += text[at] == '\\' ? 2 : 1;
                if (at - begin > SCAN_STRING_MAX)
                        return 0;
        }
        return at < size ? at + 1 : size;
}

int scan_json(const char *text, size_t size, const char **ret_why)
{
        size_t members[SCAN_DEPTH_MAX] = { 0 }; /* commas so far in each open object */
        bool object[SCAN_DEPTH_MAX] = { false };
        size_t depth = 0, values = 0;

        for (size_t at = 0; at < size;) {
                char c = text[at++];

                switch (c) {
                case '"':
                        at = skip_string(text, size, at);
                        if (at == 0) {
                                *ret_why = "a string is too long";
                                return -EMSGSIZE;
                        }
                        break;
                case '{':
                case '[':
                        if (depth == SCAN_DEPTH_MAX) {
                                *ret_why = "too deeply nested";
                                return -EMSGSIZE;
                        }
                        object[depth] = c == '{';
                        members[depth] = 1;
                        depth++;
                        values++;
                        break;
                case '}':
                case ']':
                        if (depth == 0)
                                return 0;
                        depth--;
                        break;
                case ',':
                        values++;
                        if (depth > 0 && object[depth - 1] && ++members[depth - 1] > SCAN_KEYS_MAX) {
                                *ret_why = "an object has too many members";
                                return -EMSGSIZE;
                        }
                        break;
                default:
                        break;
                }
                if (values > SCAN_VALUES_MAX) {
                        *ret_why = "too many values";
                        return -EMSGSIZE;
                }
        }
        return 0;
}
