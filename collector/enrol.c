/* SPDX-License-Identifier: GPL-3.0-or-later */

/* jansson as in otlp.c, behind the same look at the limits; but here every member is known, or the body is refused. */

#include "collector/enrol.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "collector/scan.h"
#include "common/cleanup.h"
#include "common/text.h"

DEFINE_CLEANUP(cleanup_json, json_t *, json_decref)

static int bad(char *error, const char *what)
{
        snprintf(error, ENROL_ERROR_MAX, "%s", what);
        return -EBADMSG;
}

/* The member of that name as a text without NULs, or NULL. */
static const char *text_of(const json_t *root, const char *key)
{
        const json_t *value = json_object_get(root, key);
        const char *text = json_string_value(value);

        return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static int read_members(const json_t *root, struct register_wish *wish, char *error)
{
        static const char *const known[] = { "token", "host_id", "credential", "previous", "label" };
        const char *token = text_of(root, "token"), *host = text_of(root, "host_id");
        const char *credential = text_of(root, "credential"), *previous = text_of(root, "previous");
        const char *label = text_of(root, "label");
        size_t n = 0;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (json_object_get(root, known[i]) && !text_of(root, known[i]))
                        return bad(error, "a member is not a text");
                n += json_object_get(root, known[i]) != NULL;
        }
        if (n != json_object_size(root))
                return bad(error, "there is a member that is not known");
        if (!token || !secret_read(token, &wish->token) || strlen(wish->token.id) != SECRET_TOKEN_ID_LENGTH)
                return bad(error, "there is no token of the form that tokens have");
        if (!credential || !secret_read(credential, &wish->credential) || !host ||
            strcmp(wish->credential.id, host) != 0 || !batch_is_host(host))
                return bad(error, "there is no credential that begins with its host_id, a UUID");
        if (previous && (!secret_read(previous, &wish->previous) || strcmp(wish->previous.id, host) != 0))
                return bad(error, "previous is not a credential of the same host_id");
        if (!label)
                return 0;
        if (strlen(label) > BATCH_LABEL_MAX)
                return bad(error, "the label is too long");
        (void) text_clean(label, strlen(label), wish->label, sizeof(wish->label));
        return strcmp(wish->label, label) == 0 ? 0 : bad(error, "the label has characters that cannot be shown");
}

int enrol_parse(const char *text, size_t size, struct register_wish *ret, char error[static ENROL_ERROR_MAX])
{
        CLEANUP(cleanup_json) json_t *root = NULL;
        struct register_wish wish = { .label = "" };
        json_error_t fault;
        const char *why;
        int r;

        if (scan_json(text, size, &why) < 0)
                return bad(error, why);
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
        if (!root)
                return json_error_code(&fault) == json_error_out_of_memory ? -ENOMEM : bad(error, "not valid JSON");
        if (!json_is_object(root))
                return bad(error, "the body is not an object");
        r = read_members(root, &wish, error);
        if (r == 0)
                *ret = wish;
        return r;
}

unsigned enrol_status(int result, const char **ret_message)
{
        static const struct {
                int result;
                unsigned status;
                const char *message;
        } known[] = {
                { -ENOKEY, 401, "there is no such token" },
                { -EKEYREVOKED, 403, "this token, or this laptop, was revoked; enrol it anew" },
                { -EKEYEXPIRED, 403, "this token is too old; take a new one" },
                { -EDQUOT, 403, "this token has enrolled as many laptops as it may" },
                { -EEXIST, 409, "this laptop is enrolled already; revoke it first" },
        };

        *ret_message = "the enrolment cannot be stored now";
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (known[i].result != result)
                        continue;
                *ret_message = known[i].message;
                return known[i].status;
        }
        return result == 0 ? 200 : 503;
}

void enrol_answer(const struct register_wish *wish, char ret[static ENROL_ANSWER_MAX])
{
        snprintf(ret, ENROL_ANSWER_MAX, "{\"host_id\":\"%s\"}", wish->credential.id);
}
