/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The secret that laptops show. One file, one line. */

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_LENGTH_MIN 32U
#define TOKEN_LENGTH_MAX 128U
#define TOKEN_LENGTH_NEW 43U /* of 64 characters each: 258 random bits */

struct token {
        size_t length;
        char text[TOKEN_LENGTH_MAX]; /* not NUL-terminated; zero behind length */
};

/* Read the token from a file: one line of TOKEN_LENGTH_MIN to TOKEN_LENGTH_MAX printable ASCII characters without
 * blanks. 0; -EPERM: the group may write or others may read; -EMEDIUMTYPE: not a regular file; -EBADMSG: not one such
 * line; -EMSGSIZE: too short or too long; or -errno of opening and reading. */
int token_load(const char *path, struct token *ret);

/* Write a new random one into a file that must not be there yet, for its owner and, where a group of that name exists,
 * for that group to read, and load it. 0; -EEXIST; -errno of making it; then no file is left. */
int token_make(const char *path, const char *group, struct token *ret);

/* Is this the value of an Authorization header (RFC 6750: "Bearer TOKEN", the scheme in any case) with the token? The
 * time it takes depends on the length of value alone. NULL is no. */
bool token_authorizes(const struct token *token, const char *value);
