/* links: common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* event-sample HOST: an OTLP request with one event of each name, and among them every key, as the agent writes them. For
 * tests of whoever reads such requests. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/event.h"

static void set(struct event *event, enum event_key key)
{
        int r = -1;

        switch (event_key_type(key)) {
        case EVENT_STRING:
                r = event_set_string(event, key, "caf\xc3\xa9 <b>\"&'\\ \xe2\x80\xae\x1b[2J");
                break;
        case EVENT_INT:
                r = event_set_int(event, key, INT64_MIN);
                break;
        case EVENT_BOOL:
                r = event_set_bool(event, key, true);
                break;
        }
        if (r < 0)
                exit(EXIT_FAILURE);
}

static void write_attribute(struct jsonw *json, const char *key, const char *value)
{
        jsonw_begin_object(json, NULL);
        jsonw_string(json, "key", key);
        jsonw_begin_object(json, "value");
        jsonw_string(json, "stringValue", value);
        jsonw_end_object(json);
        jsonw_end_object(json);
}

int main(int argc, char **argv)
{
        struct jsonw json;
        int key = 0;

        if (argc != 2)
                return EXIT_FAILURE;
        jsonw_init_file(&json, stdout, 0);
        jsonw_begin_object(&json, NULL);
        jsonw_begin_array(&json, "resourceLogs");
        jsonw_begin_object(&json, NULL);
        jsonw_begin_object(&json, "resource");
        jsonw_begin_array(&json, "attributes");
        write_attribute(&json, "service.name", "lekdicht");
        write_attribute(&json, "service.version", LEKDICHT_VERSION);
        write_attribute(&json, "host.id", argv[1]);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        jsonw_begin_array(&json, "scopeLogs");
        jsonw_begin_object(&json, NULL);
        jsonw_begin_array(&json, "logRecords");
        for (int name = 0; name < _EVENT_NAME_MAX; name++) {
                struct event event;

                if (event_init(&event, (enum event_name) name, (uint64_t) time(NULL) * 1000000000U + (uint64_t) name,
                               "0123456789abcdef0123456789abcdef") < 0)
                        return EXIT_FAILURE;
                event.seq = (uint64_t) name + 1;
                for (unsigned i = 0; i < 3; i++, key++)
                        set(&event, (enum event_key)(key % _EVENT_KEY_MAX));
                event_write_otlp(&event, &json, NULL);
        }
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        return jsonw_finish(&json) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
