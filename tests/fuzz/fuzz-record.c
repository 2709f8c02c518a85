/* links: cli/record.c common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any text as a record that the agent hands out: read or refused, and what was read is bounded, clean text; written anew it
 * is one line of ASCII that reads as the same. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/record.h"
#include "common/utf8.h"
#include "tests/fuzz/check.h"

static void check_clean(const char *text)
{
        size_t left = strlen(text);

        CHECK(left <= EVENT_STRING_MAX);
        while (left > 0) {
                uint32_t code;
                size_t n = utf8_decode(text, left, &code);

                CHECK(code != UTF8_REPLACEMENT || memcmp(text, "\xEF\xBF\xBD", 3) == 0);
                CHECK(!utf8_is_control(code));
                text += n;
                left -= n;
        }
}

static void check_line(char *line, size_t size, const struct record *record)
{
        struct record again;

        CHECK(size > 0 && line[size - 1] == '\n' && !memchr(line, '\n', size - 1));
        for (size_t i = 0; i < size - 1; i++)
                CHECK(line[i] >= ' ');
        line[size - 1] = '\0';
        CHECK(record_parse(line, &again) == 0);
        CHECK(memcmp(record, &again, sizeof(again)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct record record;
        char *text = strndup((const char *) data, size), *line = NULL;
        size_t line_size = 0;
        FILE *file = open_memstream(&line, &line_size);

        CHECK(text && file);
        if (record_parse(text, &record) == 0) {
                check_clean(record.name);
                check_clean(record.code);
                for (int i = 0; i < _EVENT_KEY_MAX; i++)
                        check_clean(record.values[i]);
                CHECK(record_write(text, file) == 0 && fflush(file) == 0);
                check_line(line, line_size, &record);
        }
        fclose(file);
        free(line);
        free(text);
        return 0;
}
