/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One raw line of a policy file, proven to be harmless and taken apart. Inside policy/ only. */

#include <stddef.h>

#include "policy/policy.h"

enum line_kind {
        LINE_BAD,    /* holds what must not be there; text says what */
        LINE_BLANK,  /* nothing, or a comment */
        LINE_HEADER, /* [word] or [word name] */
        LINE_KEY,    /* key = value */
};

struct line {
        enum line_kind kind;
        bool opens;                     /* LINE_BAD: was meant as a section header */
        char *word, *name;              /* LINE_HEADER; name is NULL in [word] */
        char *key, *value;              /* LINE_KEY; neither is empty, value has no blanks around it */
        char text[POLICY_LINE_MAX + 1]; /* the bytes behind the pointers */
        char fault[POLICY_ERROR_TEXT_MAX];
};

/* Read one line: size bytes without the line feed. Always fills *ret; its pointers lead into *ret itself. */
void line_read(struct line *ret, const char *raw, size_t size);
