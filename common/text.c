/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A stick may call itself anything: escape sequences for the terminal of whoever lists it, marks that turn the
 * reading direction, bytes that are no text at all. One pass here, at the door, and the rest of the program need
 * not think of it again. */

#include <stdint.h>
#include <string.h>

#include "common/text.h"
#include "common/utf8.h"

size_t text_clean(const void *in, size_t size, char *out, size_t out_size)
{
        const char *text = in;
        size_t length = 0, end = 0;

        while (size > 0 && text[size - 1] == '\0')
                size--;
        for (size_t i = 0; i < size;) {
                uint32_t code;
                size_t taken = utf8_decode(text + i, size - i, &code);
                bool strange = code == UTF8_REPLACEMENT || utf8_is_control(code);
                size_t room = strange ? 1 : taken;

                /* A line feed at the end is sysfs's, not the device's; within the text it is as strange as the rest. */
                if (code == ' ' || code == '\t' || code == '\n' || code == '\r') {
                        size_t rest = i;

                        while (rest < size && strchr(" \t\n\r", text[rest]) && text[rest] != '\0')
                                rest++;
                        if (length == 0 || rest == size) {
                                i = rest;
                                continue;
                        }
                }
                if (length + room >= out_size)
                        break;
                if (strange)
                        out[length] = TEXT_STRANGER;
                else
                        memmove(out + length, text + i, taken); /* in and out may be one */
                length += room;
                if (code != ' ')
                        end = length;
                i += taken;
        }
        out[end] = '\0';
        return end;
}

bool text_has(const char *text, const char *needle)
{
        return strcasestr(text, needle) != NULL;
}

bool text_path_below(const char *path, const char *above)
{
        size_t length = strlen(above);

        return strncmp(path, above, length) == 0 && (path[length] == '\0' || path[length] == '/');
}
