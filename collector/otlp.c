/* SPDX-License-Identifier: GPL-3.0-or-later */

/* First a look at the limits (scan.h), then jansson, which refuses duplicate keys, bytes that are not UTF-8, NUL
 * characters and anything behind the document; then each level of the request in a function of its own. A known field of
 * the wrong type is an error, an unknown one is nothing. null is the same as absent (the JSON mapping of protobuf). */

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "collector/otlp.h"
#include "collector/scan.h"
#include "common/cleanup.h"
#include "common/ulid.h"

DEFINE_CLEANUP(cleanup_json, json_t *, json_decref)
DEFINE_CLEANUP(cleanup_batch, struct batch *, batch_free)

#define SEVERITY_MAX 24 /* FATAL4 */

/* What is read of one list of attributes. */
struct attributes {
        const char *host, *version; /* borrowed from the tree */
        const char *uid;
        uint64_t seq;
        int64_t dropped_first, dropped_last; /* kept, too; 0: not said */
        json_t *kept;                        /* the others, or NULL: none are wanted */
};

struct parser {
        struct batch *batch;
        char *error; /* OTLP_ERROR_MAX bytes */
};

__attribute__((format(printf, 2, 3))) static int bad(struct parser *parser, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(parser->error, OTLP_ERROR_MAX, format, arguments);
        va_end(arguments);
        return -EBADMSG;
}

/* The member of that name; NULL also when it is null. */
static json_t *member(const json_t *object, const char *key)
{
        json_t *value = json_object_get(object, key);

        return json_is_null(value) ? NULL : value;
}

/* A 64-bit integer, as number or as a string of its shortest decimal form. */
static bool read_integer(const json_t *value, int64_t *ret)
{
        const char *text;
        char *end;
        long long number;

        if (json_is_integer(value)) {
                *ret = json_integer_value(value);
                return true;
        }
        text = json_string_value(value);
        if (!text || !(text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
                return false;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || strlen(text) != json_string_length(value))
                return false;
        *ret = number;
        return true;
}

/* Lower case, as RFC 9562 writes it, whatever was sent. */
static bool read_uuid(const char *text, char uuid[static BATCH_HOST_LENGTH + 1])
{
        static const char hex[] = "0123456789abcdef";

        if (strlen(text) != BATCH_HOST_LENGTH)
                return false;
        for (size_t i = 0; i < BATCH_HOST_LENGTH; i++) {
                char c = text[i];

                if (c >= 'A' && c <= 'F')
                        c = (char) (c - 'A' + 'a');
                if (i == 8 || i == 13 || i == 18 || i == 23 ? c != '-' : !strchr(hex, c))
                        return false;
                uuid[i] = c;
        }
        uuid[BATCH_HOST_LENGTH] = '\0';
        return true;
}

/* Dotted words: what a name can be without surprising whoever reads it. */
static bool is_name(const char *text, size_t size)
{
        if (size == 0 || size > BATCH_NAME_MAX)
                return false;
        return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == size;
}

/* The member of an AnyValue that is set: a new reference to what is to be kept, NULL for the kinds that are not (arrays,
 * lists of key and value, bytes, nothing). */
static int read_value(struct parser *parser, const json_t *any, json_t **ret)
{
        json_t *value;
        int64_t integer;

        *ret = NULL;
        if (!any)
                return 0;
        if (!json_is_object(any))
                return bad(parser, "the value of an attribute is not an object");

        value = member(any, "stringValue");
        if (value) {
                if (!json_is_string(value))
                        return bad(parser, "a stringValue is not a string");
                if (json_string_length(value) > OTLP_VALUE_MAX)
                        return bad(parser, "a stringValue is longer than %u bytes", OTLP_VALUE_MAX);
                *ret = json_incref(value);
                return 0;
        }
        value = member(any, "intValue");
        if (value) {
                if (!read_integer(value, &integer))
                        return bad(parser, "an intValue is not a 64-bit integer");
                *ret = json_integer(integer);
                return *ret ? 0 : -ENOMEM;
        }
        value = member(any, "boolValue");
        if (value) {
                if (!json_is_boolean(value))
                        return bad(parser, "a boolValue is not true or false");
                *ret = json_incref(value);
                return 0;
        }
        value = member(any, "doubleValue");
        if (value && json_is_number(value)) /* as strings there are only NaN and the infinities: not kept */
                *ret = json_incref(value);
        return 0;
}

/* An attribute that this program itself reads. Positive: it was one. */
static int read_known(struct parser *parser, struct attributes *attributes, const char *key, const json_t *value)
{
        const struct {
                const char *key;
                const char **string;
        } strings[] = {
                { "host.id", &attributes->host },
                { "service.version", &attributes->version },
                { "log.record.uid", &attributes->uid },
        };
        bool record = attributes->kept;
        int64_t integer;

        for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
                if (strcmp(key, strings[i].key) != 0 || record != (strings[i].string == &attributes->uid))
                        continue;
                if (*strings[i].string)
                        return bad(parser, "the attribute %s is there twice", strings[i].key);
                if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
                        return bad(parser, "the attribute %s is not a string", strings[i].key);
                *strings[i].string = json_string_value(value);
                return 1;
        }
        if (record && strcmp(key, "event.sequence") == 0) {
                if (attributes->seq > 0)
                        return bad(parser, "the attribute event.sequence is there twice");
                if (!json_is_integer(value))
                        return bad(parser, "the attribute event.sequence is not an integer");
                integer = json_integer_value(value);
                if (integer < 1)
                        return bad(parser, "the attribute event.sequence is less than 1");
                attributes->seq = (uint64_t) integer;
                return 1;
        }
        if (strcmp(key, "lekdicht.dropped.first") == 0)
                attributes->dropped_first = json_integer_value(value);
        if (strcmp(key, "lekdicht.dropped.last") == 0)
                attributes->dropped_last = json_integer_value(value);
        return 0;
}

static int read_attribute(struct parser *parser, struct attributes *attributes, const json_t *item)
{
        CLEANUP(cleanup_json) json_t *value = NULL;
        const json_t *key;
        const char *name;
        int r;

        if (!json_is_object(item))
                return bad(parser, "an attribute is not an object");
        key = member(item, "key");
        name = json_string_value(key);
        if (!name || json_string_length(key) == 0)
                return bad(parser, "an attribute has no key");
        if (json_string_length(key) > OTLP_KEY_MAX)
                return bad(parser, "the key of an attribute is longer than %u bytes", OTLP_KEY_MAX);
        r = read_value(parser, member(item, "value"), &value);
        if (r < 0)
                return r;
        if (!value)
                return 0;
        r = read_known(parser, attributes, name, value);
        if (r != 0)
                return r < 0 ? r : 0;
        if (!attributes->kept)
                return 0;
        if (json_object_get(attributes->kept, name))
                return bad(parser, "an attribute is there twice");
        return json_object_set(attributes->kept, name, value) < 0 ? -ENOMEM : 0;
}

static int read_attributes(struct parser *parser, struct attributes *attributes, const json_t *owner)
{
        const json_t *list = member(owner, "attributes");
        int r = 0;

        if (!list)
                return 0;
        if (!json_is_array(list))
                return bad(parser, "attributes is not an array");
        if (json_array_size(list) > OTLP_ATTRIBUTES_MAX)
                return bad(parser, "there are more than %u attributes", OTLP_ATTRIBUTES_MAX);
        for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
                r = read_attribute(parser, attributes, json_array_get(list, i));
        return r;
}

static int read_record(struct parser *parser, size_t resource, const json_t *item)
{
        CLEANUP(cleanup_json) json_t *kept = NULL;
        struct attributes attributes = { 0 };
        struct batch_record *record;
        const json_t *name, *severity;
        int64_t number;
        int r;

        if (!json_is_object(item))
                return bad(parser, "a log record is not an object");
        r = batch_add(parser->batch, &record);
        if (r == -E2BIG)
                snprintf(parser->error, OTLP_ERROR_MAX, "more than %u log records", BATCH_RECORDS_MAX);
        if (r < 0)
                return r;
        record->resource = resource;

        kept = attributes.kept = json_object();
        if (!kept)
                return -ENOMEM;
        r = read_attributes(parser, &attributes, item);
        if (r < 0)
                return r;

        if (!attributes.uid || !ulid_valid(attributes.uid))
                return bad(parser, "a log record has no log.record.uid that is a ULID");
        memcpy(record->uid, attributes.uid, sizeof(record->uid));
        if (attributes.seq == 0)
                return bad(parser, "a log record has no event.sequence");
        record->seq = attributes.seq;

        /* Nobody can have given up what was recorded later than the report. */
        if (attributes.dropped_first >= 1 && attributes.dropped_first <= attributes.dropped_last &&
            (uint64_t) attributes.dropped_last < attributes.seq)
                record->dropped =
                        (struct interval){ (uint64_t) attributes.dropped_first, (uint64_t) attributes.dropped_last };

        name = member(item, "eventName");
        if (!json_is_string(name) || !is_name(json_string_value(name), json_string_length(name)))
                return bad(parser, "a log record has no eventName of 1 to %u letters, digits, '.', '_' and '-'",
                           BATCH_NAME_MAX);
        memcpy(record->name, json_string_value(name), json_string_length(name) + 1);

        if (!read_integer(member(item, "timeUnixNano"), &number) || number < 1)
                return bad(parser, "a log record has no timeUnixNano");
        record->time_ns = (uint64_t) number;

        severity = member(item, "severityNumber");
        if (severity) {
                if (!read_integer(severity, &number) || number < 0 || number > SEVERITY_MAX)
                        return bad(parser, "a severityNumber is not 0 to %d", SEVERITY_MAX);
                record->severity = (int) number;
        }

        record->attributes = json_dumps(kept, JSON_COMPACT);
        if (!record->attributes)
                return -ENOMEM;
        parser->batch->bytes += strlen(record->attributes) + 1;
        return 0;
}

static int read_records(struct parser *parser, size_t resource, const json_t *scope)
{
        const json_t *records;
        int r = 0;

        if (!json_is_object(scope))
                return bad(parser, "an element of scopeLogs is not an object");
        records = member(scope, "logRecords");
        if (records && !json_is_array(records))
                return bad(parser, "logRecords is not an array");
        for (size_t i = 0; i < json_array_size(records) && r == 0; i++)
                r = read_record(parser, resource, json_array_get(records, i));
        return r;
}

static int read_resource(struct parser *parser, const json_t *item)
{
        struct attributes attributes = { 0 };
        struct batch_resource *resource;
        const json_t *description, *scopes;
        int r = 0;

        if (!json_is_object(item))
                return bad(parser, "an element of resourceLogs is not an object");
        if (parser->batch->n_resources == BATCH_RESOURCES_MAX)
                return bad(parser, "more than %u resources", BATCH_RESOURCES_MAX);
        resource = &parser->batch->resources[parser->batch->n_resources];

        description = member(item, "resource");
        if (!json_is_object(description))
                return bad(parser, "resourceLogs without a resource");
        r = read_attributes(parser, &attributes, description);
        if (r < 0)
                return r;
        if (!attributes.host || !read_uuid(attributes.host, resource->host))
                return bad(parser, "the resource has no host.id that is a UUID");
        if (attributes.version && is_name(attributes.version, strlen(attributes.version)))
                snprintf(resource->version, sizeof(resource->version), "%.*s", (int) BATCH_VERSION_MAX,
                         attributes.version);

        scopes = member(item, "scopeLogs");
        if (scopes && !json_is_array(scopes))
                return bad(parser, "scopeLogs is not an array");
        for (size_t i = 0; i < json_array_size(scopes) && r == 0; i++)
                r = read_records(parser, parser->batch->n_resources, json_array_get(scopes, i));
        if (r == 0)
                parser->batch->n_resources++;
        return r;
}

int otlp_parse(const char *text, size_t size, struct batch **ret, char error[static OTLP_ERROR_MAX])
{
        CLEANUP(cleanup_json) json_t *root = NULL;
        CLEANUP(cleanup_batch) struct batch *batch = NULL;
        struct parser parser = { .error = error };
        const json_t *resources;
        json_error_t fault;
        const char *why;
        int r = 0;

        error[0] = '\0';
        if (scan_json(text, size, &why) < 0)
                return bad(&parser, "%s", why);
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
        if (!root) {
                if (json_error_code(&fault) == json_error_out_of_memory)
                        return -ENOMEM;
                return bad(&parser, "not valid JSON, at byte %d", fault.position);
        }
        if (!json_is_object(root))
                return bad(&parser, "the body is not an object");
        batch = parser.batch = batch_new();
        if (!batch)
                return -ENOMEM;

        resources = member(root, "resourceLogs");
        if (resources && !json_is_array(resources))
                return bad(&parser, "resourceLogs is not an array");
        for (size_t i = 0; i < json_array_size(resources) && r == 0; i++)
                r = read_resource(&parser, json_array_get(resources, i));
        if (r < 0)
                return r;
        *ret = batch;
        batch = NULL;
        return 0;
}

int otlp_each_attribute(const char *attributes, int (*each)(void *userdata, const char *key, const char *value),
                        void *userdata)
{
        CLEANUP(cleanup_json) json_t *object = NULL;
        char number[64];
        const char *key;
        json_t *value;
        int r;

        object = json_loads(attributes, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(object))
                return -EBADMSG;
        json_object_foreach(object, key, value)
        {
                const char *text = json_string_value(value);

                if (json_is_boolean(value))
                        text = json_is_true(value) ? "true" : "false";
                if (json_is_integer(value))
                        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
                if (json_is_real(value))
                        snprintf(number, sizeof(number), "%g", json_real_value(value));
                if (json_is_number(value))
                        text = number;
                r = text ? each(userdata, key, text) : 0;
                if (r != 0)
                        return r;
        }
        return 0;
}
