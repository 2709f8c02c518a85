/* SPDX-License-Identifier: GPL-3.0-or-later */

/* inih is generous, and how generous depends on who built it: it takes an indented line as more of the value above, cuts
 * a value at " ;", cuts a long line and delivers the rest as another, takes ':' for '=', forgets what follows a ']', and
 * merges sections that are equal in their first 49 bytes. Each of these can turn a policy into another one without a word.
 * So every raw line passes here first. What comes out has one meaning, in every build of inih; all else is a fault with a
 * reason. Characters that cannot be seen are faults too: nobody can find them by looking. */

#include "policy/line.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "policy/errors.h"

static const char blanks[] = " \t";

__attribute__((format(printf, 2, 3))) static void bad(struct line *line, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(line->fault, sizeof(line->fault), format, arguments);
        va_end(arguments);
        line->kind = LINE_BAD;
}

/* Decode one character of UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Returns its size in bytes, or 0. */
static size_t character(const unsigned char *s, size_t size, uint32_t *ret)
{
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF8 ? 4 : 0;
        uint32_t c;

        if (n == 0 || n > size)
                return 0;

        c = n == 1 ? s[0] : s[0] & (0x7FU >> n);
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xC0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3F);
        }
        if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
                return 0;

        *ret = c;
        return n;
}

/* Characters that look like a blank or like nothing, or that turn the order of what is read. */
static bool is_unseen(uint32_t c)
{
        return c == 0xA0 || c == 0xAD || c == 0x61C || (c >= 0x2000 && c <= 0x200B) || c == 0x200E || c == 0x200F ||
               (c >= 0x2028 && c <= 0x202F) || (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF ||
               (c >= 0xE0000 && c <= 0xE007F);
}

/* False, with a fault, when a character must not be in a policy. In a comment only bytes that are no text at all are. */
static bool check_characters(struct line *line, const char *raw, size_t size, bool comment)
{
        const unsigned char *bytes = (const unsigned char *) raw;
        uint32_t c = 0;

        if (memchr(raw, '\0', size)) {
                bad(line, "a NUL byte: the file is damaged or saved as UTF-16; save it as UTF-8");
                return false;
        }

        for (size_t at = 0, n; at < size; at += n) {
                n = character(bytes + at, size - at, &c);
                if (n == 0) {
                        bad(line, "byte %zu (0x%02x) is not UTF-8; save the file as UTF-8", at + 1, bytes[at]);
                        return false;
                }
                if ((c < 0x20 && c != '\t') || (c >= 0x7F && c <= 0x9F)) {
                        bad(line, "a control character (0x%02x) at byte %zu; take it out", (unsigned) c, at + 1);
                        return false;
                }
                if (!comment && is_unseen(c)) {
                        bad(line,
                            "a character that cannot be seen (U+%04X) at byte %zu; type it again, plain blanks are "
                            "fine",
                            (unsigned) c, at + 1);
                        return false;
                }
        }

        return true;
}

static char *trim(char *text)
{
        size_t size;

        text += strspn(text, blanks);
        for (size = strlen(text); size > 0 && strchr(blanks, text[size - 1]); size--)
                ;
        text[size] = '\0';

        return text;
}

static bool only(const char *text, const char *allowed)
{
        return text[strspn(text, allowed)] == '\0';
}

#define SMALL  "abcdefghijklmnopqrstuvwxyz"
#define LARGE  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static void read_header(struct line *line)
{
        char quoted[ERRORS_QUOTE_MAX];
        char *end = strchr(line->text, ']');

        if (!end) {
                bad(line, "a section header without its ']'; write [section]");
                return;
        }
        if (end[1] != '\0') {
                bad(line, "text after ']'; a comment needs a line of its own");
                return;
        }
        *end = '\0';
        line->word = line->text + 1;
        line->name = strchr(line->word, ' ');
        if (line->name)
                *line->name++ = '\0';

        if (line->word[0] == '\0' || strpbrk(line->word, blanks) || (line->name && strpbrk(line->name, blanks)) ||
            (line->name && line->name[0] == '\0')) {
                bad(line,
                    "blanks in a section header; write [section], or [section NAME] with one blank and none in NAME");
                return;
        }
        if (line->name && !only(line->name, SMALL LARGE DIGITS "._-")) {
                bad(line, "the name %s may hold only letters a-z and A-Z, digits, '.', '_' and '-'",
                    errors_quote(quoted, line->name));
                return;
        }
        if (line->name && strlen(line->name) > POLICY_NAME_MAX) {
                bad(line, "the name %s has more than %u characters; choose a shorter one",
                    errors_quote(quoted, line->name), POLICY_NAME_MAX);
                return;
        }

        line->kind = LINE_HEADER;
}

static void read_key(struct line *line)
{
        char quoted[ERRORS_QUOTE_MAX];
        char *sign = strpbrk(line->text, "=:");

        if (!sign) {
                bad(line, "neither a section, a key nor a comment; write key = value, or begin a comment with '#'");
                return;
        }
        if (*sign == ':') {
                bad(line, "':' after the key; write key = value");
                return;
        }
        *sign = '\0';
        line->key = trim(line->text);
        line->value = sign + 1;

        if (line->key[0] == '\0') {
                bad(line, "no key before '='; write key = value");
                return;
        }
        if (!only(line->key, SMALL DIGITS "-")) {
                bad(line, "the key %s may hold only small letters, digits and '-'", errors_quote(quoted, line->key));
                return;
        }
        /* inih would cut the value here, or in another build would not. */
        for (const char *s = line->value; *s; s++) {
                if ((*s == ';' || *s == '#') && (s == line->value || strchr(blanks, s[-1]))) {
                        bad(line,
                            "a '%c' after a blank would begin a comment in the value; give the comment a line of its "
                            "own, "
                            "or leave out the blank or the '%c'",
                            *s, *s);
                        return;
                }
        }
        line->value = trim(line->value);
        if (line->value[0] == '\0') {
                bad(line, "%s has no value; write one, or take the line out", errors_quote(quoted, line->key));
                return;
        }
        if (strchr(line->value, '\t')) {
                bad(line, "a tab in the value; use blanks");
                return;
        }

        line->kind = LINE_KEY;
}

void line_read(struct line *ret, const char *raw, size_t size)
{
        size_t indent = 0;
        char first;

        ret->kind = LINE_BLANK;
        ret->opens = false;
        ret->word = ret->name = ret->key = ret->value = NULL;

        if (size > 0 && raw[size - 1] == '\r')
                size--;
        while (indent < size && strchr(blanks, raw[indent]) && raw[indent] != '\0')
                indent++;
        first = indent < size ? raw[indent] : '\0';
        ret->opens = first == '[';

        if (size > POLICY_LINE_MAX) {
                bad(ret, "the line has %zu bytes; %u is the most", size, POLICY_LINE_MAX);
                return;
        }
        if (!check_characters(ret, raw, size, first == '#' || first == ';') || indent == size || first == '#' ||
            first == ';')
                return;
        if (indent > 0) {
                bad(ret, "blanks before the first word would make this more of the line above; take them out");
                return;
        }

        memcpy(ret->text, raw, size);
        ret->text[size] = '\0';
        while (size > 0 && strchr(blanks, ret->text[size - 1]))
                ret->text[--size] = '\0';

        if (first == '[')
                read_header(ret);
        else
                read_key(ret);
}
