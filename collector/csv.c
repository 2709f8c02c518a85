/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/csv.h"

#include <stdint.h>
#include <string.h>

#include "common/utf8.h"

/* A cell that begins with one of these is calculated, also behind spaces, and in Excel and LibreOffice a formula can fetch
 * addresses and run programs. */
static bool is_formula(const char *text)
{
        text += strspn(text, " \t\r\n");
        return *text && strchr("=+-@|%", *text);
}

void csv_field(FILE *file, bool first, const char *text)
{
        size_t size = strlen(text);

        fputs(first ? "\"" : ",\"", file);
        if (is_formula(text))
                fputc('\'', file);
        while (size > 0) {
                uint32_t code;
                size_t taken = utf8_decode(text, size, &code);

                if (code == UTF8_REPLACEMENT || utf8_is_control(code))
                        fputs("\xEF\xBF\xBD", file);
                else if (code == '"')
                        fputs("\"\"", file);
                else
                        fwrite(text, 1, taken, file);
                text += taken;
                size -= taken;
        }
        fputc('"', file);
}

void csv_end(FILE *file)
{
        fputs("\r\n", file);
}
