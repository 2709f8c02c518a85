/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Writes JSON (RFC 8259), to a file or into memory, and never anything else: every string goes through one escape, and
 * commas, nesting and keys are checked. There is no parser here and nothing of ours that runs as root has one.
 *
 * Errors stick: after the first one all calls do nothing, and jsonw_finish() tells it. So the calls in between need
 * no check.
 *
 *      jsonw_init_file(&json, stdout, JSONW_INDENT);
 *      jsonw_begin_object(&json, NULL);
 *      jsonw_string(&json, "version", "0.1.0");
 *      jsonw_begin_array(&json, "nodes");
 *      jsonw_string(&json, NULL, "sda");
 *      jsonw_end_array(&json);
 *      jsonw_end_object(&json);
 *      r = jsonw_finish(&json);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSONW_DEPTH_MAX  32U                   /* objects and arrays within one another */
#define JSONW_BUFFER_MAX (16U * 1024U * 1024U) /* bytes of a document in memory */

#define JSONW_INDENT (1U << 0) /* two blanks a level and a last newline, for people; else one line without either */

struct jsonw {
        FILE *file;   /* NULL: into the buffer */
        char *buffer; /* always NUL-terminated when not NULL */
        size_t size;  /* bytes in the buffer, without the NUL */
        size_t room;
        size_t size_max;
        unsigned flags;
        int error; /* 0 or -errno of the first thing that went wrong */
        unsigned depth;
        bool started; /* a document was begun */
        struct {
                bool object, empty;
        } levels[JSONW_DEPTH_MAX];
};

/* Write to file, which stays the caller's. */
void jsonw_init_file(struct jsonw *json, FILE *file, unsigned flags);

/* Write into a buffer that grows to at most size_max bytes (0: JSONW_BUFFER_MAX). */
void jsonw_init_buffer(struct jsonw *json, size_t size_max, unsigned flags);

/* In an object `key` is the name of the value, in an array and for the document itself it is NULL. */
void jsonw_begin_object(struct jsonw *json, const char *key);
void jsonw_end_object(struct jsonw *json);
void jsonw_begin_array(struct jsonw *json, const char *key);
void jsonw_end_array(struct jsonw *json);

/* A string; NULL writes null. Bytes that are not UTF-8 become U+FFFD; quote, backslash and everything that
 * utf8_is_control() knows is written as an escape, so that no reader of the raw text can be led astray. */
void jsonw_string(struct jsonw *json, const char *key, const char *value);

/* As jsonw_string() for size bytes, NUL included; value may be NULL when size is 0, which writes "". */
void jsonw_string_n(struct jsonw *json, const char *key, const char *value, size_t size);

void jsonw_uint(struct jsonw *json, const char *key, uint64_t value);
void jsonw_int(struct jsonw *json, const char *key, int64_t value);
void jsonw_bool(struct jsonw *json, const char *key, bool value);
void jsonw_null(struct jsonw *json, const char *key);

/* Ends the document. 0; -EINVAL when it is not one complete value or was misused (a key in an array, an object's value
 * without one, an end without its beginning); -EOVERFLOW too deep; -ENOBUFS more than size_max; -ENOMEM; -EIO when the
 * file did not take all. A file is flushed. */
int jsonw_finish(struct jsonw *json);

/* After jsonw_finish() was 0: the document in memory, for the caller to free; its length, if asked for, in *ret_size. */
char *jsonw_steal(struct jsonw *json, size_t *ret_size);

/* Frees the buffer of a document that is not wanted. The struct may be initialised again. */
void jsonw_clear(struct jsonw *json);
