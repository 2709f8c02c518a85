/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A stick can call itself "\e[2J" or write from right to left. The agent escapes what it hands out, but a terminal is
 * the wrong place to trust that, so everything is escaped again where it is printed. */

#include <inttypes.h>
#include <langinfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli/terminal.h"
#include "common/cleanup.h"
#include "common/utf8.h"

#define ESCAPE_MAX sizeof("\\U0010ffff") /* the longest that one byte of input can become, with NUL */

static bool locale_is_utf8(void)
{
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

char *terminal_clean(const char *text)
{
        bool utf8 = locale_is_utf8();
        size_t left, combining = 0;
        char *clean, *out;

        if (!text)
                text = "";
        left = strlen(text);
        if (left > (SIZE_MAX - 1) / ESCAPE_MAX)
                return NULL;
        clean = out = malloc(left * ESCAPE_MAX + 1);
        if (!clean)
                return NULL;
        while (left > 0) {
                uint32_t code;
                size_t n = utf8_decode(text, left, &code);
                int width = code < 0x80 ? 1 : wcwidth((wchar_t) code);

                combining = width == 0 ? combining + 1 : 0;
                if (code == UTF8_REPLACEMENT)
                        out = stpcpy(out, utf8 ? "\xEF\xBF\xBD" : "?");
                else if (utf8_is_control(code) || (code >= 0x80 && !utf8) || width < 0 ||
                         combining > TERMINAL_COMBINING_MAX)
                        out += sprintf(out, code > 0xFFFF ? "\\U%08" PRIx32 : "\\u%04" PRIx32, code);
                else
                        out = mempcpy(out, text, n);
                text += n;
                left -= n;
        }
        *out = '\0';
        return clean;
}

size_t terminal_width(const char *clean)
{
        size_t left = strlen(clean), columns = 0;

        while (left > 0) {
                uint32_t code;
                size_t n = utf8_decode(clean, left, &code);
                int width = code < 0x80 ? 1 : wcwidth((wchar_t) code);

                columns += width > 0 ? (size_t) width : 0;
                clean += n;
                left -= n;
        }
        return columns;
}

void terminal_print(FILE *file, const char *text)
{
        CLEANUP(cleanup_free) char *clean = terminal_clean(text);

        fputs(clean ? clean : "(no memory)", file);
}
