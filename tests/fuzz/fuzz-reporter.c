/* links: common/readfull.c reporter/answer.c reporter/retry.c common/enrolment.c common/text.c common/utf8.c libs: jansson inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the reporter reads from strangers and from a file: the first byte chooses between an answer of a collector, a
 * Retry-After with its Date, and an enrolment. Whatever comes in, what goes to a log is clean, waits are bounded, success
 * is said of nothing but an ExportLogsServiceResponse, and a token is only ever taken for https or loopback. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "reporter/answer.h"
#include "common/enrolment.h"
#include "reporter/retry.h"
#include "tests/fuzz/check.h"

static void check_clean(const char *text)
{
        char clean[1024];

        CHECK(strlen(text) < sizeof(clean));
        text_clean(text, strlen(text), clean, sizeof(clean));
        CHECK(strcmp(clean, text) == 0);
}

/* A line of the input, cut to what a header may have, in its own memory. */
static void take_line(const uint8_t **data, size_t *size, char *line, size_t room)
{
        const uint8_t *end = memchr(*data, '\n', *size);
        size_t length = end ? (size_t) (end - *data) : *size, kept = strnlen((const char *) *data, length);

        if (kept >= room)
                kept = room - 1;
        memcpy(line, *data, kept);
        line[kept] = '\0';
        *data += length + (end ? 1 : 0);
        *size -= length + (end ? 1 : 0);
}

static void fuzz_answer(const uint8_t *data, size_t size)
{
        static struct reply reply;
        struct answer answer;

        memset(&reply, 0, sizeof(reply));
        if (size < 2)
                return;
        reply.status = data[0] == 0 ? 200 : data[0] == 1 ? 400 : data[0] * 4 + data[1];
        data += 2;
        size -= 2;
        take_line(&data, &size, reply.content_type, sizeof(reply.content_type));
        take_line(&data, &size, reply.retry_after, sizeof(reply.retry_after));
        take_line(&data, &size, reply.date, sizeof(reply.date));
        if (size > sizeof(reply.body))
                size = sizeof(reply.body);
        memcpy(reply.body, data, size);
        reply.size = size;

        answer_judge(&reply, 1700000000, &answer);
        check_clean(answer.text);
        CHECK(answer.retry_after <= RETRY_AFTER_MAX);
        CHECK(strlen(answer.text) < ANSWER_TEXT_MAX);
        if (answer.kind == ANSWER_ACCEPTED) {
                CHECK(reply.status == 200);
                CHECK(strncasecmp(reply.content_type, "application/json", 16) == 0);
                CHECK(size >= 2 && memchr(reply.body, '{', size) && memchr(reply.body, '}', size));
                /* "{}" with blanks, or the one word; the word may be spelled with escapes */
                CHECK(size < 16 || memmem(reply.body, size, "partialSuccess", 14) || memchr(reply.body, '\\', size) ||
                      !memchr(reply.body, '"', size));
        } else {
                CHECK(answer.rejected == 0);
                CHECK(answer.text[0] != '\0');
        }
        if (answer.kind == ANSWER_REFUSED)
                CHECK(reply.status == 400 && memchr(reply.body, '"', size));
}

static void fuzz_retry(const uint8_t *data, size_t size)
{
        char value[REPLY_HEADER_MAX + 1], date[REPLY_HEADER_MAX + 1];
        unsigned seconds = 0;

        take_line(&data, &size, value, sizeof(value));
        take_line(&data, &size, date, sizeof(date));
        if (retry_after(value, date, 1700000000, &seconds) == 0)
                CHECK(seconds <= RETRY_AFTER_MAX);
        else
                CHECK(seconds == 0);
}

static void fuzz_enrolment(const uint8_t *data, size_t size)
{
        char error[ENROLMENT_ERROR_MAX];
        struct enrolment enrolment;

        if (enrolment_parse((const char *) data, size, &enrolment, error) < 0) {
                CHECK(error[0] != '\0');
                return;
        }
        CHECK(strncmp(enrolment.url, "https://", 8) == 0 || strncmp(enrolment.url, "http://127.", 11) == 0 ||
              strncmp(enrolment.url, "http://[::1]", 12) == 0);
        CHECK(!strpbrk(enrolment.url, "@?#\\% \t\r\n"));
        CHECK(enrolment.url[strlen(enrolment.url) - 1] != '/');
        CHECK(strlen(enrolment.token) >= ENROLMENT_TOKEN_MIN && strlen(enrolment.token) <= ENROLMENT_TOKEN_MAX);
        for (const char *c = enrolment.token; *c; c++)
                CHECK(*c > 0x20 && *c < 0x7F);
        CHECK(enrolment.ca_file[0] == '\0' || enrolment.ca_file[0] == '/');
        CHECK(enrolment.proxy[0] == '\0' || strncmp(enrolment.url, "https://", 8) == 0);
        CHECK(strspn(enrolment.proxy, "http") == 0 || strstr(enrolment.proxy, "://"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size == 0)
                return 0;
        switch (data[0] % 3) {
        case 0:
                fuzz_answer(data + 1, size - 1);
                break;
        case 1:
                fuzz_retry(data + 1, size - 1);
                break;
        case 2:
                fuzz_enrolment(data + 1, size - 1);
                break;
        }

        return 0;
}
