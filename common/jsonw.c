/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A document is written from left to right; the only state is which objects and arrays are open and whether something
 * is in them yet, which is all that commas and newlines depend on. The first error is kept and silences the rest, so
 * that what prints forty fields reads like forty fields. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonw.h"
#include "common/utf8.h"

#define JSON_BUFFER_FIRST 512U /* bytes of the first allocation */

static void json_fail(struct jsonw *json, int error)
{
        if (!json->error)
                json->error = error;
}

static int json_grow(struct jsonw *json, size_t more)
{
        size_t room = json->room ? json->room : JSON_BUFFER_FIRST;
        char *buffer;

        if (more > json->size_max - json->size)
                return -ENOBUFS;
        while (room <= json->size + more) /* one byte is for the NUL; cannot overflow below JSONW_BUFFER_MAX */
                room *= 2;
        if (room == json->room)
                return 0;
        buffer = realloc(json->buffer, room);
        if (!buffer)
                return -ENOMEM;
        json->buffer = buffer;
        json->room = room;
        return 0;
}

static void json_raw(struct jsonw *json, const char *text, size_t size)
{
        int r;

        if (json->error || size == 0)
                return;
        if (json->file) {
                if (fwrite(text, 1, size, json->file) != size)
                        json_fail(json, -EIO);
                return;
        }
        r = json_grow(json, size);
        if (r < 0) {
                json_fail(json, r);
                return;
        }
        memcpy(json->buffer + json->size, text, size);
        json->size += size;
        json->buffer[json->size] = '\0';
}

static void json_newline(struct jsonw *json)
{
        if (!(json->flags & JSONW_INDENT))
                return;
        json_raw(json, "\n", 1);
        for (unsigned i = 0; i < json->depth; i++)
                json_raw(json, "  ", 2);
}

static void json_escape(struct jsonw *json, uint32_t code)
{
        char text[sizeof("\\uXXXX\\uXXXX")];
        const char *shorthand = NULL;
        int n;

        switch (code) {
        case '"':
                shorthand = "\\\"";
                break;
        case '\\':
                shorthand = "\\\\";
                break;
        case '\n':
                shorthand = "\\n";
                break;
        case '\r':
                shorthand = "\\r";
                break;
        case '\t':
                shorthand = "\\t";
                break;
        }
        if (shorthand) {
                json_raw(json, shorthand, 2);
                return;
        }
        if (code > 0xFFFF)
                n = snprintf(text, sizeof(text), "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD800 + ((code - 0x10000) >> 10),
                             0xDC00 + ((code - 0x10000) & 0x3FF));
        else
                n = snprintf(text, sizeof(text), "\\u%04" PRIx32, code);
        json_raw(json, text, (size_t) n);
}

static void json_quoted(struct jsonw *json, const char *text, size_t size)
{
        json_raw(json, "\"", 1);
        while (size > 0 && !json->error) {
                uint32_t code;
                size_t n = utf8_decode(text, size, &code);

                if (code == '"' || code == '\\' || utf8_is_control(code))
                        json_escape(json, code);
                else if (code == UTF8_REPLACEMENT)
                        json_raw(json, "\xEF\xBF\xBD", 3);
                else
                        json_raw(json, text, n);
                text += n;
                size -= n;
        }
        json_raw(json, "\"", 1);
}

/* What stands before a value: the comma, the line break and the key, if this is the place for one. */
static void json_before(struct jsonw *json, const char *key)
{
        bool in_object = json->depth > 0 && json->levels[json->depth - 1].object;

        if (json->error)
                return;
        if (in_object != (key != NULL) || (json->depth == 0 && json->started)) {
                json_fail(json, -EINVAL);
                return;
        }
        json->started = true;
        if (json->depth > 0) {
                if (!json->levels[json->depth - 1].empty)
                        json_raw(json, ",", 1);
                json->levels[json->depth - 1].empty = false;
                json_newline(json);
        }
        if (key) {
                json_quoted(json, key, strlen(key));
                json_raw(json, ": ", (json->flags & JSONW_INDENT) ? 2 : 1);
        }
}

static void json_begin(struct jsonw *json, const char *key, bool object)
{
        json_before(json, key);
        if (json->error)
                return;
        if (json->depth == JSONW_DEPTH_MAX) {
                json_fail(json, -EOVERFLOW);
                return;
        }
        json_raw(json, object ? "{" : "[", 1);
        json->levels[json->depth].object = object;
        json->levels[json->depth].empty = true;
        json->depth++;
}

static void json_end(struct jsonw *json, bool object)
{
        bool empty;

        if (json->error)
                return;
        if (json->depth == 0 || json->levels[json->depth - 1].object != object) {
                json_fail(json, -EINVAL);
                return;
        }
        json->depth--;
        empty = json->levels[json->depth].empty;
        if (!empty)
                json_newline(json);
        json_raw(json, object ? "}" : "]", 1);
}

void jsonw_init_file(struct jsonw *json, FILE *file, unsigned flags)
{
        *json = (struct jsonw){ .file = file, .flags = flags };
}

void jsonw_init_buffer(struct jsonw *json, size_t size_max, unsigned flags)
{
        if (size_max == 0 || size_max > JSONW_BUFFER_MAX)
                size_max = JSONW_BUFFER_MAX;
        *json = (struct jsonw){ .size_max = size_max, .flags = flags };
}

void jsonw_begin_object(struct jsonw *json, const char *key)
{
        json_begin(json, key, true);
}

void jsonw_end_object(struct jsonw *json)
{
        json_end(json, true);
}

void jsonw_begin_array(struct jsonw *json, const char *key)
{
        json_begin(json, key, false);
}

void jsonw_end_array(struct jsonw *json)
{
        json_end(json, false);
}

void jsonw_string(struct jsonw *json, const char *key, const char *value)
{
        if (value)
                jsonw_string_n(json, key, value, strlen(value));
        else
                jsonw_null(json, key);
}

void jsonw_string_n(struct jsonw *json, const char *key, const char *value, size_t size)
{
        json_before(json, key);
        json_quoted(json, value, size);
}

void jsonw_uint(struct jsonw *json, const char *key, uint64_t value)
{
        char text[sizeof("18446744073709551615")];
        int n = snprintf(text, sizeof(text), "%" PRIu64, value);

        json_before(json, key);
        json_raw(json, text, (size_t) n);
}

void jsonw_int(struct jsonw *json, const char *key, int64_t value)
{
        char text[sizeof("-9223372036854775808")];
        int n = snprintf(text, sizeof(text), "%" PRId64, value);

        json_before(json, key);
        json_raw(json, text, (size_t) n);
}

void jsonw_bool(struct jsonw *json, const char *key, bool value)
{
        json_before(json, key);
        json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void jsonw_null(struct jsonw *json, const char *key)
{
        json_before(json, key);
        json_raw(json, "null", 4);
}

int jsonw_finish(struct jsonw *json)
{
        if (json->depth > 0 || !json->started)
                json_fail(json, -EINVAL);
        if (json->flags & JSONW_INDENT)
                json_raw(json, "\n", 1);
        if (json->file && !json->error && (fflush(json->file) != 0 || ferror(json->file)))
                json_fail(json, -EIO);
        return json->error;
}

char *jsonw_steal(struct jsonw *json, size_t *ret_size)
{
        char *buffer;

        if (json->error)
                return NULL;
        buffer = json->buffer;
        if (ret_size)
                *ret_size = json->size;
        json->buffer = NULL;
        json->size = json->room = 0;
        return buffer;
}

void jsonw_clear(struct jsonw *json)
{
        free(json->buffer);
        *json = (struct jsonw){ .error = -EINVAL };
}
