/* links: reporter/answer.c reporter/retry.c common/text.c common/utf8.c libs: jansson */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What counts as an answer of a collector, and, mostly, what does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reporter/answer.h"

#define WALL INT64_C(1700000000)
#define JSON "application/json"
#define GOOD "{\"code\":3,\"message\":\"no host.id\"}"

static struct reply reply;

static struct answer judge_bytes(int status, const char *type, const char *body, size_t size)
{
        struct answer answer;

        memset(&reply, 0, sizeof(reply));
        reply.status = status;
        strcpy(reply.content_type, type);
        memcpy(reply.body, body, size);
        reply.size = size;
        memset(&answer, 0xA5, sizeof(answer));
        answer_judge(&reply, WALL, &answer);

        return answer;
}

static struct answer judge(int status, const char *type, const char *body)
{
        return judge_bytes(status, type, body, strlen(body));
}

static void success(void **state)
{
        static const char *const types[] = {
                "application/json",
                "Application/JSON",
                "application/json; charset=utf-8",
                "application/json ;charset=utf-8",
                "application/json;",
        };
        static const char *const bodies[] = {
                "{}",
                " {\n}\r\n",
                "{\"partialSuccess\":{}}",
                "{\"partialSuccess\":null}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":0}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":\"0\",\"errorMessage\":\"\"}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":null,\"errorMessage\":null}}",
        };

        (void) state;
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
                assert_int_equal(judge(200, types[i], "{}").kind, ANSWER_ACCEPTED);
        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
                struct answer answer = judge(200, JSON, bodies[i]);

                assert_int_equal(answer.kind, ANSWER_ACCEPTED);
                assert_int_equal(answer.rejected, 0);
                assert_int_equal(answer.retry_after, 0);
                assert_string_equal(answer.text, "");
        }
}

static void rejected_records_are_told(void **state)
{
        struct answer answer;

        (void) state;
        answer = judge(200, JSON, "{\"partialSuccess\":{\"rejectedLogRecords\":\"3\",\"errorMessage\":\"too old\"}}");
        assert_int_equal(answer.kind, ANSWER_ACCEPTED);
        assert_int_equal(answer.rejected, 3);
        assert_string_equal(answer.text, "the collector will never take 3 of these records: too old");

        answer = judge(200, JSON, "{\"partialSuccess\":{\"errorMessage\":\"none\",\"rejectedLogRecords\":17}}");
        assert_int_equal(answer.rejected, 17);
        answer = judge(200, JSON, "{\"partialSuccess\":{\"rejectedLogRecords\":\"18446744073709551615\"}}");
        assert_int_equal(answer.kind, ANSWER_ACCEPTED);
        assert_true(answer.rejected == UINT64_MAX);
        assert_string_equal(answer.text, "the collector will never take 18446744073709551615 of these records");

        answer = judge(200, JSON, "{\"partialSuccess\":{\"errorMessage\":\"agent outdated\"}}");
        assert_int_equal(answer.kind, ANSWER_ACCEPTED);
        assert_int_equal(answer.rejected, 0);
        assert_string_equal(answer.text, "the collector says: agent outdated");
}

static void a_200_of_somebody_else_is_no_success(void **state)
{
        static const char *const types[] = { "",
                                             "text/html",
                                             "text/plain",
                                             "application/jsonp",
                                             "application/json-seq",
                                             "application/x-protobuf",
                                             "x/application/json",
                                             "application" };
        static const char *const bodies[] = {
                "",
                "<html>Welcome to our hotel</html>",
                "{",
                "}",
                "{}{}",
                "{} x",
                "{}\n<!-- -->",
                "[]",
                "null",
                "true",
                "0",
                "\"\"",
                "{'partialSuccess':{}}",
                "{\"status\":\"ok\"}",
                "{\"code\":3,\"message\":\"no\"}",
                "{\"partialSuccess\":{},\"status\":\"ok\"}",
                "{\"PartialSuccess\":{}}",
                "{\"partialSuccess\":[]}",
                "{\"partialSuccess\":true}",
                "{\"partialSuccess\":{},\"partialSuccess\":{}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":-1}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":\"-1\"}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":1.5}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":\"\"}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":\" 1\"}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":\"1x\"}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":\"18446744073709551616\"}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":true}}",
                "{\"partialSuccess\":{\"rejectedLogRecords\":1,\"rejectedLogRecords\":1}}",
                "{\"partialSuccess\":{\"errorMessage\":7}}",
                "{\"partialSuccess\":{\"rejectedSpans\":0}}",
                "{\"partialSuccess\":{\"errorMessage\":\"\xff\"}}",
                "{\"partialSuccess\":{\"errorMessage\":\"\\u0000\"}}",
                "\xef\xbb\xbf{}",
        };

        (void) state;
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
                assert_int_equal(judge(200, types[i], "{}").kind, ANSWER_RETRY);
        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
                struct answer answer = judge(200, JSON, bodies[i]);

                assert_int_equal(answer.kind, ANSWER_RETRY);
                assert_true(answer.text[0] != '\0');
                assert_int_equal(answer.rejected, 0);
        }
        assert_int_equal(judge_bytes(200, JSON, "{}\0", 3).kind, ANSWER_RETRY);
        assert_int_equal(judge_bytes(200, JSON, "{}garbage", 2).kind,
                         ANSWER_ACCEPTED); /* beyond size is not looked at */
}

static void only_200_is_success(void **state)
{
        static const int others[] = { 100, 101, 199, 201, 202, 204, 206, 226, 299, 300, 301, 302, 304, 307, 308 };

        (void) state;
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                assert_int_equal(judge(others[i], JSON, "{}").kind, ANSWER_RETRY);
}

static void statuses(void **state)
{
        static const struct {
                int status;
                enum answer_kind kind;
        } known[] = {
                { 400, ANSWER_REFUSED }, { 401, ANSWER_HOLD },      { 403, ANSWER_HOLD },  { 404, ANSWER_HOLD },
                { 405, ANSWER_HOLD },    { 413, ANSWER_TOO_LARGE }, { 415, ANSWER_HOLD },  { 402, ANSWER_RETRY },
                { 407, ANSWER_RETRY },   { 408, ANSWER_RETRY },     { 411, ANSWER_RETRY }, { 418, ANSWER_RETRY },
                { 429, ANSWER_RETRY },   { 451, ANSWER_RETRY },     { 500, ANSWER_RETRY }, { 501, ANSWER_RETRY },
                { 502, ANSWER_RETRY },   { 503, ANSWER_RETRY },     { 504, ANSWER_RETRY }, { 511, ANSWER_RETRY },
                { 599, ANSWER_RETRY },   { 999, ANSWER_RETRY },     { -1, ANSWER_RETRY },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                struct answer answer = judge(known[i].status, JSON, GOOD);
                char text[ANSWER_TEXT_MAX];

                assert_int_equal(answer.kind, known[i].kind);
                snprintf(text, sizeof(text), "the collector answers %d: no host.id", known[i].status);
                assert_string_equal(answer.text, text);
        }
}

static void a_400_that_is_not_a_collectors_refuses_nothing(void **state)
{
        static const char *const bodies[] = { "",
                                              "<html>400 The plain HTTP request was sent to HTTPS port</html>",
                                              "{}",
                                              "[]",
                                              "{\"code\":3}",
                                              "{\"message\":\"no\"}",
                                              "{\"code\":\"3\",\"message\":\"no\"}",
                                              "{\"code\":3,\"message\":7}",
                                              "{\"code\":3,\"code\":3,\"message\":\"no\"}" };

        (void) state;
        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
                assert_int_equal(judge(400, JSON, bodies[i]).kind, ANSWER_RETRY);
                assert_string_equal(judge(400, JSON, bodies[i]).text, "the answer is 400");
        }
        assert_int_equal(judge(400, "text/html", GOOD).kind, ANSWER_RETRY);
        assert_int_equal(judge(400, JSON, "{\"code\":3,\"message\":\"\",\"details\":[]}").kind, ANSWER_REFUSED);
        assert_int_equal(judge(413, "text/html", "<html>").kind, ANSWER_TOO_LARGE); /* proxies say this too */
        assert_int_equal(judge(401, "text/html", "<html>").kind, ANSWER_HOLD);
}

static void retry_after_is_read(void **state)
{
        struct answer answer;

        (void) state;
        memset(&reply, 0, sizeof(reply));
        reply.status = 503;
        strcpy(reply.retry_after, "120");
        answer_judge(&reply, WALL, &answer);
        assert_int_equal(answer.kind, ANSWER_RETRY);
        assert_int_equal(answer.retry_after, 120);

        strcpy(reply.retry_after, "Tue, 14 Nov 2023 22:15:00 GMT");
        answer_judge(&reply, WALL, &answer);
        assert_int_equal(answer.retry_after, 100);
        strcpy(reply.date, "Tue, 14 Nov 2023 22:14:50 GMT");
        answer_judge(&reply, WALL, &answer);
        assert_int_equal(answer.retry_after, 10);

        strcpy(reply.retry_after, "soon");
        answer_judge(&reply, WALL, &answer);
        assert_int_equal(answer.retry_after, 0);
}

static void no_answer(void **state)
{
        struct answer answer;

        (void) state;
        memset(&reply, 0, sizeof(reply));
        strcpy(reply.content_type, JSON); /* headers may have come before the connection broke */
        strcpy(reply.body, "{}");
        reply.size = 2;
        strcpy(reply.trouble, "Timeout was reached");
        answer_judge(&reply, WALL, &answer);
        assert_int_equal(answer.kind, ANSWER_RETRY);
        assert_string_equal(answer.text, "Timeout was reached");
        reply.trouble[0] = '\0';
        answer_judge(&reply, WALL, &answer);
        assert_string_equal(answer.text, "no answer");
}

static void a_strangers_words_are_made_fit_for_a_log(void **state)
{
        struct answer answer;
        char body[REPLY_BODY_MAX];
        size_t size;

        (void) state;
        answer = judge(500, JSON, "{\"code\":13,\"message\":\"a\\u001b[2J\\n<1>b\xe2\x80\xae\"}");
        assert_string_equal(answer.text, "the collector answers 500: a?[2J?<1>b?");

        size = (size_t) sprintf(body, "{\"code\":13,\"message\":\"");
        memset(body + size, 'x', sizeof(body) - size - 2);
        memcpy(body + sizeof(body) - 2, "\"}", 2);
        answer = judge_bytes(500, JSON, body, sizeof(body));
        assert_int_equal(strlen(answer.text), strlen("the collector answers 500: ") + 159);

        memset(body, '[', sizeof(body)); /* as deep as it gets */
        assert_int_equal(judge_bytes(200, JSON, body, sizeof(body)).kind, ANSWER_RETRY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(success),
                cmocka_unit_test(rejected_records_are_told),
                cmocka_unit_test(a_200_of_somebody_else_is_no_success),
                cmocka_unit_test(only_200_is_success),
                cmocka_unit_test(statuses),
                cmocka_unit_test(a_400_that_is_not_a_collectors_refuses_nothing),
                cmocka_unit_test(retry_after_is_read),
                cmocka_unit_test(no_answer),
                cmocka_unit_test(a_strangers_words_are_made_fit_for_a_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
