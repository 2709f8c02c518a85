/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a reply means: the rules of OTLP/HTTP (opentelemetry-proto, docs/specification.md), and where those would have
 * us throw records away, ours: nothing is given up because of an answer that we do not understand. */

#include <stdbool.h>
#include <stdint.h>

#include "reporter/batch.h"
#include "reporter/reply.h"

#define ANSWER_TEXT_MAX 320U

enum answer_kind {
        ANSWER_ACCEPTED,  /* 200 and a valid ExportLogsServiceResponse: the records are safe */
        ANSWER_RETRY,     /* no answer, 429, 502, 503, 504, and everything unclear: the same again, later */
        ANSWER_HOLD,      /* token, address or type are wrong: a person has to do something first */
        ANSWER_TOO_LARGE, /* 413: fewer records at once */
        ANSWER_REFUSED,   /* 400 from a collector: something in this batch is wrong */
};

struct answer {
        enum answer_kind kind;
        unsigned retry_after;       /* seconds to stay away at least; 0: the collector did not say */
        uint64_t rejected;          /* ACCEPTED: of so many records the collector says that it will never take them */
        char text[ANSWER_TEXT_MAX]; /* what to tell a person; "" when there is nothing to tell */
};

/* wall: seconds since 1970, for a Retry-After date in an answer without a date of its own. Always fills *ret. */
void answer_judge(const struct reply *reply, int64_t wall, struct answer *ret);

/* Is that 200 a collector's answer to a laptop that it let in, {"host_id": "UUID"} and nothing else? The host then. */
bool answer_enrolled(const struct reply *reply, char host[static BATCH_HOST_SIZE]);
