/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See spoolrecords.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/spoolrecords.h"

#define FIRST_ROOM 16384U
#define HEAD       (sizeof(uint64_t) + sizeof(uint32_t))

int spoolrecords_add(struct spoolrecords *records, uint64_t seq, const char *text, size_t length)
{
        uint32_t size = (uint32_t) length + 1;
        size_t needed = HEAD + size;
        char *to;

        if (length > INT32_MAX || (records->n > 0 && records->size + needed > SPOOLRECORDS_BYTES_MAX))
                return 0;
        if (records->size + needed > records->room) {
                size_t room = records->room ? records->room * 2 : FIRST_ROOM;

                while (room < records->size + needed)
                        room *= 2;
                to = realloc(records->bytes, room);
                if (!to)
                        return -ENOMEM;
                records->bytes = to;
                records->room = room;
        }
        to = records->bytes + records->size;
        memcpy(to, &seq, sizeof(seq));
        memcpy(to + sizeof(seq), &size, sizeof(size));
        memcpy(to + HEAD, text, length);
        to[HEAD + length] = '\0';
        records->size += needed;
        records->n++;
        return 1;
}

int spoolrecords_turn(struct spoolrecords *records)
{
        size_t at = 0, last = 0;
        const char *text;
        char *turned, *to;
        uint64_t seq;

        if (records->n < 2)
                return 0;
        turned = malloc(records->size);
        if (!turned)
                return -ENOMEM;
        to = turned + records->size;
        while (spoolrecords_next(records, &at, &seq, &text)) {
                to -= at - last;
                memcpy(to, records->bytes + last, at - last);
                last = at;
        }
        free(records->bytes);
        records->bytes = turned;
        records->room = records->size;
        return 0;
}

bool spoolrecords_next(const struct spoolrecords *records, size_t *at, uint64_t *ret_seq, const char **ret_text)
{
        const char *from = records->bytes + *at;
        uint32_t size;

        if (*at >= records->size)
                return false;
        memcpy(ret_seq, from, sizeof(*ret_seq));
        memcpy(&size, from + sizeof(*ret_seq), sizeof(size));
        *ret_text = from + HEAD;
        *at += HEAD + size;
        return true;
}

void spoolrecords_clear(struct spoolrecords *records)
{
        free(records->bytes);
        *records = (struct spoolrecords){ 0 };
}
