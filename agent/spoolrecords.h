/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Records as they are handed out, one after another in one piece of memory: large and short-lived, it goes back to the
 * system when it is freed. Zeroed before its first use. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOLRECORDS_BYTES_MAX (1024U * 1024U) /* of one answer; but it has at least one record */

struct spoolrecords {
        char *bytes; /* n times: seq (8 bytes), size of the text with its NUL (4 bytes), the text */
        size_t size, room;
        size_t n;
};

/* Add a copy. 1; 0: the answer is full; -ENOMEM. */
int spoolrecords_add(struct spoolrecords *records, uint64_t seq, const char *text, size_t length);

/* Turn the order around. 0 or -ENOMEM. */
int spoolrecords_turn(struct spoolrecords *records);

/* Walk through them: *at begins as 0. False at the end. */
bool spoolrecords_next(const struct spoolrecords *records, size_t *at, uint64_t *ret_seq, const char **ret_text);

void spoolrecords_clear(struct spoolrecords *records);
