/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is wrong with a file, told so that the reader can put it right: line, what is there, what to write instead.
 * A section is only known to be incomplete when it ends, so errors are sorted in by line as they come. */

#include "policy/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HINT_WORD_MAX 24U /* of a candidate; our longest word has 15 letters */

/* Step back from the middle of a character of UTF-8. */
static size_t whole_characters(const char *text, size_t size)
{
        while (size > 0 && ((unsigned char) text[size] & 0xC0) == 0x80)
                size--;

        return size;
}

__attribute__((format(printf, 3, 0))) static size_t insert(struct policy_error items[POLICY_ERRORS_MAX], size_t n,
                                                           const char *format, va_list arguments, unsigned line)
{
        char text[2 * POLICY_ERROR_TEXT_MAX];
        size_t at = n, size;

        /* A full list keeps the first lines of the file, as they are what one mends first. */
        while (at > 0 && items[at - 1].line > line)
                at--;
        if (at == POLICY_ERRORS_MAX)
                return n;
        if (n == POLICY_ERRORS_MAX)
                n--;

        memmove(&items[at + 1], &items[at], (n - at) * sizeof(*items));
        vsnprintf(text, sizeof(text), format, arguments);
        size = strlen(text);
        if (size >= POLICY_ERROR_TEXT_MAX)
                size = whole_characters(text, POLICY_ERROR_TEXT_MAX - 1);
        items[at].line = line;
        memcpy(items[at].text, text, size);
        items[at].text[size] = '\0';

        return n + 1;
}

void errors_add(struct policy_errors *errors, unsigned line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        errors->n = insert(errors->items, errors->n, format, arguments, line);
        va_end(arguments);
        errors->total++;
}

void errors_warn(struct policy_errors *errors, unsigned line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        errors->n_warnings = insert(errors->warnings, errors->n_warnings, format, arguments, line);
        va_end(arguments);
}

const char *errors_quote(char buffer[ERRORS_QUOTE_MAX], const char *text)
{
        const size_t room = ERRORS_QUOTE_MAX - sizeof("\"...\"");
        size_t size = strlen(text);

        if (size > room)
                snprintf(buffer, ERRORS_QUOTE_MAX, "\"%.*s...\"", (int) whole_characters(text, room), text);
        else
                snprintf(buffer, ERRORS_QUOTE_MAX, "\"%s\"", text);
        /* The one control character that a line may hold. */
        for (char *s = buffer; (s = strchr(s, '\t')); s++)
                *s = ' ';

        return buffer;
}

static char lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
        unsigned smaller = a < b ? a : b;

        return smaller < c ? smaller : c;
}

/* How many letters must be changed, added or left out to turn one word into the other (Levenshtein), case apart. */
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
        unsigned row[HINT_WORD_MAX + 1];

        for (size_t j = 0; j <= b_size; j++)
                row[j] = (unsigned) j;
        for (size_t i = 1; i <= a_size; i++) {
                unsigned diagonal = row[0];

                row[0] = (unsigned) i;
                for (size_t j = 1; j <= b_size; j++) {
                        unsigned above = row[j];

                        row[j] = least(above + 1, row[j - 1] + 1, diagonal + (lower(a[i - 1]) != lower(b[j - 1])));
                        diagonal = above;
                }
        }

        return row[b_size];
}

void errors_hint_offer(struct errors_hint *hint, const char *candidate)
{
        size_t word_size = strlen(hint->word), candidate_size = strlen(candidate);
        unsigned near, nearest = candidate_size < 6 ? 1 : 2;

        if (candidate_size > HINT_WORD_MAX)
                return;

        near = distance(hint->word, word_size, candidate, candidate_size);
        if (near <= nearest && (!hint->best || near < hint->distance)) {
                hint->best = candidate;
                hint->distance = near;
        }
}
