/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One recorded event, read from the JSON that the agent hands out (common/event.h wrote it). jansson is known in
 * record.c alone. */

#include <stdint.h>
#include <stdio.h>

#include "common/event.h"

#define RECORD_TEXT_MAX (1024U * 1024U) /* bytes of JSON that are looked at */

struct record {
        uint64_t time;                    /* microseconds, CLOCK_REALTIME; 0: not told */
        char name[EVENT_STRING_MAX + 1];  /* "lekdicht.device.refused" */
        char code[EVENT_CODE_LENGTH + 1]; /* the end of its uid; "" when it has no good one */
        /* All values as text ("true", "7"), cleaned by text_clean(), cut at EVENT_STRING_MAX; "" when it has none. */
        char values[_EVENT_KEY_MAX][EVENT_STRING_MAX + 1];
};

/* Read one LogRecord. Keys that are not known here are skipped. 0; -EBADMSG when it is no JSON object with a name, has a
 * key twice or is larger than RECORD_TEXT_MAX; -ENOMEM. */
int record_parse(const char *text, struct record *ret);

/* Write it as JSON on one line, ASCII only, so that nothing in it can steer a terminal. Returns as record_parse() does,
 * and then nothing was written. */
int record_write(const char *text, FILE *file);
