/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lines are flushed one by one: a later write to /sys may block for seconds, and what was done before it must be known. */

#include "gate/say.h"

#include <stdarg.h>
#include <stdio.h>

void say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        putchar('\n');
        fflush(stdout);
}

void complain(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        fputs("lekdicht-gate: ", stderr);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
}
