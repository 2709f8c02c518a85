/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Small readers of values. None of them knows a key, a section or a locale. */

#include "policy/value.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static int digit(char c, unsigned base)
{
        unsigned value = 0;

        if (c >= '0' && c <= '9')
                value = (unsigned) (c - '0');
        else if (c >= 'a' && c <= 'f')
                value = (unsigned) (c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
                value = (unsigned) (c - 'A') + 10;
        else
                return -EINVAL;

        return value < base ? (int) value : -EINVAL;
}

int value_hex4(const char *text, uint16_t *ret)
{
        unsigned value = 0;

        if (strlen(text) != 4)
                return -EINVAL;
        for (size_t i = 0; i < 4; i++) {
                int d = digit(text[i], 16);

                if (d < 0)
                        return d;
                value = value << 4 | (unsigned) d;
        }

        *ret = (uint16_t) value;
        return 0;
}

/* The number at *text, moving *text behind it. */
static int number(const char **text, uint64_t most, unsigned *ret)
{
        uint64_t value = 0;
        const char *s = *text;
        int d;

        for (; (d = digit(*s, 10)) >= 0; s++) {
                value = value * 10 + (unsigned) d;
                if (value > most)
                        return -EINVAL;
        }
        if (s == *text)
                return -EINVAL;

        *text = s;
        *ret = (unsigned) value;
        return 0;
}

int value_number(const char *text, unsigned *ret)
{
        unsigned value;
        int r;

        r = number(&text, UINT32_MAX, &value);
        if (r < 0 || *text || value == 0)
                return -EINVAL;

        *ret = value;
        return 0;
}

/* That many digits and nothing else before `end`, moving *text behind that. */
static int digits(const char **text, unsigned count, char end, unsigned *ret)
{
        unsigned value = 0;

        for (const char *s = *text; s < *text + count; s++) {
                int d = digit(*s, 10);

                if (d < 0)
                        return d;
                value = value * 10 + (unsigned) d;
        }
        if ((*text)[count] != end)
                return -EINVAL;

        *text += count + 1;
        *ret = value;
        return 0;
}

static bool is_leap(unsigned year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int value_day(const char *text, unsigned *ret)
{
        static const unsigned lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        unsigned year, month, day, number = 0;

        if (digits(&text, 4, '-', &year) < 0 || digits(&text, 2, '-', &month) < 0 || digits(&text, 2, '\0', &day) < 0)
                return -EINVAL;
        if (year < VALUE_YEAR_MIN || year > VALUE_YEAR_MAX || month < 1 || month > 12 || day < 1 ||
            day > lengths[month - 1] + (month == 2 && is_leap(year)))
                return -EINVAL;

        for (unsigned y = 1970; y < year; y++)
                number += 365 + is_leap(y);
        for (unsigned m = 1; m < month; m++)
                number += lengths[m - 1] + (m == 2 && is_leap(year));
        *ret = number + day - 1;
        return 0;
}

const char *value_after(const char *text, const char *words)
{
        size_t size = strlen(words);

        return strncmp(text, words, size) == 0 ? text + size : NULL;
}

/* Returns where the numbers end. */
static const char *dotted(const char *text, unsigned ret[static VALUE_DOTTED_MAX])
{
        const char *end = text;

        memset(ret, 0, VALUE_DOTTED_MAX * sizeof(*ret));
        for (size_t i = 0; i < VALUE_DOTTED_MAX; i++) {
                const char *next = i ? end + 1 : end;

                if ((i && *end != '.') || number(&next, 999999999, &ret[i]) < 0)
                        break;
                end = next;
        }

        return end;
}

int value_dotted(const char *text, unsigned ret[static VALUE_DOTTED_MAX])
{
        unsigned parts[VALUE_DOTTED_MAX];
        const char *end = dotted(text, parts);

        if (end == text || *end)
                return -EINVAL;

        memcpy(ret, parts, sizeof(parts));
        return 0;
}

void value_dotted_prefix(const char *text, unsigned ret[static VALUE_DOTTED_MAX])
{
        dotted(text, ret);
}

int value_dotted_compare(const unsigned a[static VALUE_DOTTED_MAX], const unsigned b[static VALUE_DOTTED_MAX])
{
        for (size_t i = 0; i < VALUE_DOTTED_MAX; i++)
                if (a[i] != b[i])
                        return a[i] < b[i] ? -1 : 1;

        return 0;
}

static const char *skip(const char *text, const char *scheme)
{
        size_t size = strlen(scheme);

        return strncasecmp(text, scheme, size) == 0 ? text + size : NULL;
}

const char *value_url_fault(const char *text)
{
        const char *rest;

        for (const char *s = text; *s; s++)
                if (*s <= ' ' || *s >= 0x7F || strchr("\"<>\\^`{|}", *s))
                        return *s == ' ' ? "has a blank in it; write %20"
                                         : "has a character that an address cannot hold; "
                                           "copy it from the browser's address bar";

        rest = skip(text, "mailto:");
        if (rest) {
                const char *at = strchr(rest, '@');

                return at && at > rest && at[1] && at[1] != '?' ? NULL : "has no name@school after mailto:";
        }

        rest = skip(text, "https://") ?: skip(text, "http://");
        if (!rest)
                return "must begin with https://, http:// or mailto:";

        return *rest && !strchr("/?#:", *rest) ? NULL : "names no site after ://";
}
