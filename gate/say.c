/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lines are flushed one by one: a later write to /sys may block for seconds, and what was done before it must be known.
 * Mount points hold what a stick calls itself, so each line is made fit to show: one line in stays one line out. */

#include "gate/say.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define LINE_SIZE (PATH_MAX + 512U) /* bytes; what is longer is cut */

static void put_line(FILE *to, const char *before, const char *format, va_list arguments)
{
        char line[LINE_SIZE];

        if (vsnprintf(line, sizeof line, format, arguments) < 0)
                return;
        text_clean(line, strlen(line), line, sizeof line);
        fprintf(to, "%s%s\n", before, line);
        fflush(to);
}

void say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        put_line(stdout, "", format, arguments);
        va_end(arguments);
}

void complain(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        put_line(stderr, "lekdicht-gate: ", format, arguments);
        va_end(arguments);
}
