/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "cli/finding.h"

#include <stdarg.h>
#include <stdio.h>

const char *finding_word(enum finding_state state)
{
        switch (state) {
        case FINDING_OK:
                return "ok";
        case FINDING_WARNING:
                return "warning";
        case FINDING_PROBLEM:
                return "problem";
        case FINDING_UNKNOWN:
                break;
        }
        return "unknown";
}

enum finding_state finding_worse(enum finding_state a, enum finding_state b)
{
        static const unsigned weights[] = {
                [FINDING_OK] = 0,
                [FINDING_UNKNOWN] = 1,
                [FINDING_WARNING] = 2,
                [FINDING_PROBLEM] = 3,
        };

        return weights[a] >= weights[b] ? a : b;
}

void finding_set(struct finding *finding, enum finding_state state, const char *format, ...)
{
        va_list arguments;

        finding->state = state;
        va_start(arguments, format);
        vsnprintf(finding->text, sizeof(finding->text), format, arguments);
        va_end(arguments);
}

void finding_remedy(struct finding *finding, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(finding->remedy, sizeof(finding->remedy), format, arguments);
        va_end(arguments);
}
