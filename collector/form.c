/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/form.h"

#include <string.h>

static int digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool form_decode(const char *value, size_t size, char *ret, size_t room)
{
        const char *from = value, *end = value + size;
        size_t n = 0;

        for (; from < end; from++) {
                char c = *from == '+' ? ' ' : *from;

                if (c == '%') {
                        if (end - from < 3 || digit(from[1]) < 0 || digit(from[2]) < 0)
                                return false;
                        c = (char) (digit(from[1]) * 16 + digit(from[2]));
                        from += 2;
                }
                if (c == '\0' || n + 1 >= room)
                        return false;
                ret[n++] = c;
        }
        ret[n] = '\0';
        return true;
}

bool form_value(const char *body, size_t size, const char *name, char *ret, size_t room)
{
        const char *end = body + size;
        size_t length = strlen(name);
        bool found = false, good = false;

        while (body < end) {
                const char *stop = memchr(body, '&', (size_t) (end - body));

                stop = stop ? stop : end;
                if ((size_t) (stop - body) > length && memcmp(body, name, length) == 0 && body[length] == '=') {
                        good = !found && form_decode(body + length + 1, (size_t) (stop - body) - length - 1, ret, room);
                        found = true;
                }
                body = stop + (stop < end);
        }
        if (!good)
                ret[0] = '\0';
        return good;
}
