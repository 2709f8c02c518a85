/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Writes JSON (RFC 8259), to a file or into memory, and never anything else: every string goes through one escape, and
 * commas, nesting and keys are checked. There is no parser here and nothing of ours that runs as root has one.
 *
 * Errors stick: after the first one all calls do nothing, and json_finish() tells it. So the calls in between need
 * no check.
 *
 *      json_init_file(&json, stdout, JSON_INDENT);
 *      json_begin_object(&json, NULL);
 *      json_string(&json, "version", "0.1.0");
 *      json_begin_array(&json, "nodes");
 *      json_string(&json, NULL, "sda");
 *      json_end_array(&json);
 *      json_end_object(&json);
 *      r = json_finish(&json);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX  32U                   /* objects and arrays within one another */
#define JSON_BUFFER_MAX (16U * 1024U * 1024U) /* bytes of a document in memory */

#define JSON_INDENT (1U << 0) /* two blanks a level and a last newline, for people; else one line without either */

struct json {
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
        } levels[JSON_DEPTH_MAX];
};

/* Write to file, which stays the caller's. */
void json_init_file(struct json *json, FILE *file, unsigned flags);

/* Write into a buffer that grows to at most size_max bytes (0: JSON_BUFFER_MAX). */
void json_init_buffer(struct json *json, size_t size_max, unsigned flags);

/* In an object `key` is the name of the value, in an array and for the document itself it is NULL. */
void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);

/* A string; NULL writes null. Bytes that are not UTF-8 become U+FFFD; quote, backslash and everything that
 * utf8_is_control() knows is written as an escape, so that no reader of the raw text can be led astray. */
void json_string(struct json *json, const char *key, const char *value);

/* As json_string() for size bytes, NUL included; value may be NULL when size is 0, which writes "". */
void json_string_n(struct json *json, const char *key, const char *value, size_t size);

void json_uint(struct json *json, const char *key, uint64_t value);
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* Ends the document. 0; -EINVAL when it is not one complete value or was misused (a key in an array, an object's value
 * without one, an end without its beginning); -EOVERFLOW too deep; -ENOBUFS more than size_max; -ENOMEM; -EIO when the
 * file did not take all. A file is flushed. */
int json_finish(struct json *json);

/* After json_finish() was 0: the document in memory, for the caller to free; its length, if asked for, in *ret_size. */
char *json_steal(struct json *json, size_t *ret_size);

/* Frees the buffer of a document that is not wanted. The struct may be initialised again. */
void json_clear(struct json *json);
