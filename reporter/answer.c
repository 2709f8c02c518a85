/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A 200 alone proves nothing: the login page of a hotel, a proxy with good manners and a forgotten default site all
 * say 200. So an answer counts as success only when it is what a collector writes, to the last key. The same holds for
 * 400, because it leads to records being set aside. */

#include "reporter/answer.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "reporter/retry.h"

#define MESSAGE_MAX 160U /* bytes of a collector's own words that are repeated in a log */

DEFINE_CLEANUP(cleanup_json, json_t *, json_decref)

__attribute__((format(printf, 2, 3))) static void tell(struct answer *answer, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(answer->text, sizeof(answer->text), format, arguments);
        va_end(arguments);
}

/* "application/json", in any case of letters, with or without parameters. */
static bool is_json(const char *content_type)
{
        static const char json[] = "application/json";
        const char *rest;

        if (strncasecmp(content_type, json, strlen(json)) != 0)
                return false;
        rest = content_type + strlen(json);
        rest += strspn(rest, " \t");

        return *rest == '\0' || *rest == ';';
}

/* The body as one JSON object, or NULL. */
static json_t *read_object(const struct reply *reply)
{
        json_t *root;

        if (!is_json(reply->content_type))
                return NULL;
        root = json_loadb(reply->body, reply->size, JSON_REJECT_DUPLICATES, NULL);
        if (root && !json_is_object(root)) {
                json_decref(root);
                return NULL;
        }

        return root;
}

/* A count as protobuf's JSON writes it: a number, or its digits in a string. */
static int read_count(const json_t *value, uint64_t *ret)
{
        const char *text;
        char *end;
        unsigned long long count;

        if (json_is_integer(value) && json_integer_value(value) >= 0) {
                *ret = (uint64_t) json_integer_value(value);
                return 0;
        }
        text = json_string_value(value);
        if (!text || !isdigit((unsigned char) text[0]))
                return -EINVAL;
        errno = 0;
        count = strtoull(text, &end, 10);
        if (errno || *end)
                return -EINVAL;
        *ret = count;

        return 0;
}

/* {"partialSuccess": {"rejectedLogRecords": "N", "errorMessage": "..."}}, all of it optional; null is absent. */
static bool read_success(json_t *root, uint64_t *ret_rejected, char *message)
{
        json_t *partial = json_object_get(root, "partialSuccess"), *value;
        uint64_t rejected = 0;
        const char *key;

        message[0] = '\0';
        if (json_object_size(root) != (partial ? 1U : 0U))
                return false;
        if (!partial || json_is_null(partial)) {
                *ret_rejected = 0;
                return true;
        }
        if (!json_is_object(partial))
                return false;

        json_object_foreach(partial, key, value)
        {
                if (json_is_null(value))
                        continue;
                if (strcmp(key, "rejectedLogRecords") == 0) {
                        if (read_count(value, &rejected) < 0)
                                return false;
                } else if (strcmp(key, "errorMessage") == 0 && json_is_string(value)) {
                        text_clean(json_string_value(value), json_string_length(value), message, MESSAGE_MAX);
                } else {
                        return false;
                }
        }
        *ret_rejected = rejected;

        return true;
}

/* The message of a google.rpc.Status, {"code": N, "message": "..."}. False when the body is not one. */
static bool read_status(const struct reply *reply, char *message)
{
        CLEANUP(cleanup_json) json_t *root = read_object(reply);
        json_t *text;

        message[0] = '\0';
        if (!root || !json_is_integer(json_object_get(root, "code")))
                return false;
        text = json_object_get(root, "message");
        if (!json_is_string(text))
                return false;
        text_clean(json_string_value(text), json_string_length(text), message, MESSAGE_MAX);

        return true;
}

static void judge_success(const struct reply *reply, struct answer *ret)
{
        CLEANUP(cleanup_json) json_t *root = read_object(reply);
        char message[MESSAGE_MAX];

        if (!root || !read_success(root, &ret->rejected, message)) {
                ret->kind = ANSWER_RETRY;
                tell(ret, "the answer 200 is not a collector's; is something else at this address, or a login page?");
                return;
        }

        ret->kind = ANSWER_ACCEPTED;
        if (ret->rejected > 0)
                tell(ret, "the collector will never take %llu of these records%s%s", (unsigned long long) ret->rejected,
                     message[0] ? ": " : "", message);
        else if (message[0])
                tell(ret, "the collector says: %s", message);
}

void answer_judge(const struct reply *reply, int64_t wall, struct answer *ret)
{
        char message[MESSAGE_MAX];
        bool status;

        *ret = (struct answer){ .kind = ANSWER_RETRY };
        if (reply->status == 0) {
                tell(ret, "%s", reply->trouble[0] ? reply->trouble : "no answer");
                return;
        }
        if (reply->status == 200) {
                judge_success(reply, ret);
                return;
        }

        (void) retry_after(reply->retry_after, reply->date, wall, &ret->retry_after);
        status = read_status(reply, message);
        if (status && message[0])
                tell(ret, "the collector answers %d: %s", reply->status, message);
        else
                tell(ret, "the answer is %d", reply->status);

        switch (reply->status) {
        case 400:
                if (status)
                        ret->kind = ANSWER_REFUSED;
                break;
        case 401:
        case 403:
        case 404:
        case 405:
        case 409:
        case 415:
                ret->kind = ANSWER_HOLD;
                break;
        case 413:
                ret->kind = ANSWER_TOO_LARGE;
                break;
        }
}

bool answer_enrolled(const struct reply *reply, char host[static BATCH_HOST_SIZE])
{
        CLEANUP(cleanup_json) json_t *root = read_object(reply);
        const char *text = json_string_value(json_object_get(root, "host_id"));

        if (reply->status != 200 || json_object_size(root) != 1 || !text || strlen(text) != BATCH_HOST_SIZE - 1)
                return false;
        strcpy(host, text);
        return true;
}
