/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent has written the text and has escaped it; here it is read as if anybody had. What becomes of it is text of a
 * bounded length, or the same value written anew. */

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/record.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "common/ulid.h"

#define NSEC_PER_USEC 1000U

DEFINE_CLEANUP(cleanup_json, json_t *, json_decref)

static int read_object(const char *text, json_t **ret)
{
        json_error_t error;
        json_t *json;

        if (strlen(text) > RECORD_TEXT_MAX)
                return -EBADMSG;
        json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        if (!json)
                return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
        if (!json_is_object(json)) {
                json_decref(json);
                return -EBADMSG;
        }
        *ret = json;
        return 0;
}

static void copy_string(const json_t *json, char ret[static EVENT_STRING_MAX + 1])
{
        text_clean(json_string_value(json), json_string_length(json), ret, EVENT_STRING_MAX + 1);
}

/* OTLP's AnyValue: {"stringValue": "x"}, {"intValue": "7"} or {"intValue": 7}, {"boolValue": true}. */
static void copy_value(const json_t *value, char ret[static EVENT_STRING_MAX + 1])
{
        const json_t *inner;

        inner = json_object_get(value, "stringValue");
        if (!inner)
                inner = json_object_get(value, "intValue");
        if (!inner)
                inner = json_object_get(value, "boolValue");
        if (json_is_string(inner))
                copy_string(inner, ret);
        else if (json_is_integer(inner))
                snprintf(ret, EVENT_STRING_MAX + 1, "%" JSON_INTEGER_FORMAT, json_integer_value(inner));
        else if (json_is_boolean(inner))
                snprintf(ret, EVENT_STRING_MAX + 1, "%s", json_is_true(inner) ? "true" : "false");
}

static void keep_code(const json_t *value, struct record *record)
{
        char uid[EVENT_STRING_MAX + 1] = "";

        copy_value(value, uid);
        if (ulid_valid(uid))
                strcpy(record->code, uid + ULID_LENGTH - EVENT_CODE_LENGTH);
}

static void keep_attribute(const json_t *attribute, struct record *record)
{
        const char *key = json_string_value(json_object_get(attribute, "key"));
        const json_t *value = json_object_get(attribute, "value");

        if (!key)
                return;
        if (strcmp(key, "log.record.uid") == 0)
                keep_code(value, record);
        for (int i = 0; i < _EVENT_KEY_MAX; i++)
                if (strcmp(key, event_key_string((enum event_key) i)) == 0)
                        copy_value(value, record->values[i]);
}

int record_parse(const char *text, struct record *ret)
{
        CLEANUP(cleanup_json) json_t *json = NULL;
        const json_t *name, *time, *attribute;
        size_t i;
        int r;

        r = read_object(text, &json);
        if (r < 0)
                return r;
        name = json_object_get(json, "eventName");
        if (!json_is_string(name))
                return -EBADMSG;

        memset(ret, 0, sizeof(*ret));
        copy_string(name, ret->name);
        time = json_object_get(json, "timeUnixNano");
        if (json_is_string(time))
                ret->time = strtoull(json_string_value(time), NULL, 10) / NSEC_PER_USEC;
        json_array_foreach(json_object_get(json, "attributes"), i, attribute) keep_attribute(attribute, ret);
        return 0;
}

int record_write(const char *text, FILE *file)
{
        CLEANUP(cleanup_json) json_t *json = NULL;
        CLEANUP(cleanup_free) char *line = NULL;
        int r;

        r = read_object(text, &json);
        if (r < 0)
                return r;
        line = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
        if (!line)
                return -ENOMEM;
        fprintf(file, "%s\n", line);
        return 0;
}
