/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The recorded events, on the bus: shown to those who may read them, and handed to the reporter, which alone may say that
 * they arrived. Who asks is answered when the spool's thread has the answer. */

#include <errno.h>
#include <string.h>

#include "agent/busparts.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

#define ACTION_READ "org.lekdicht.agent1.read-events"
#define RECORDS_MAX 1000U /* in one answer */

/* A question under way keeps its message (that is the userdata of the answers), and nothing of the bus, which may be gone
 * by then. */

static int reply_error(sd_bus_message *message, int error)
{
        switch (error) {
        case -EINVAL:
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "no record with that number was handed out");
        case -ENOENT:
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "there is no such record, or it has arrived already");
        case -EAGAIN:
                return sd_bus_reply_method_errorf(message, ERROR_SPOOL_FAILED,
                                                  "the records cannot be reached at the moment");
        default:
                return sd_bus_reply_method_errorf(message, ERROR_SPOOL_FAILED, "the records cannot be reached: %s",
                                                  strerror(-error));
        }
}

/* The question could not even be asked. */
static int refuse(sd_bus_message *message, int r)
{
        sd_bus_message_unref(message);
        if (r != -ENOBUFS)
                return r;
        return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many questions wait already");
}

static int add_records(sd_bus_message *reply, const struct spoolrecords *records)
{
        const char *text;
        uint64_t seq;
        size_t at = 0;
        int r = sd_bus_message_open_container(reply, 'a', "(ts)");

        while (r >= 0 && spoolrecords_next(records, &at, &seq, &text))
                r = sd_bus_message_append(reply, "(ts)", seq, text);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r;
}

static void add_attribute(struct jsonw *json, const char *key, const char *value)
{
        jsonw_begin_object(json, NULL);
        jsonw_string(json, "key", key);
        jsonw_begin_object(json, "value");
        jsonw_string(json, "stringValue", value);
        jsonw_end_object(json);
        jsonw_end_object(json);
}

/* The Resource of OTLP: what sends. For the caller to free. */
static char *resource(const char *host_id)
{
        struct jsonw json;
        char *text = NULL;

        jsonw_init_buffer(&json, 0, 0);
        jsonw_begin_object(&json, NULL);
        jsonw_begin_array(&json, "attributes");
        add_attribute(&json, "service.name", "lekdicht");
        add_attribute(&json, "service.version", LEKDICHT_VERSION);
        add_attribute(&json, "host.id", host_id);
        add_attribute(&json, "os.type", "linux");
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        if (jsonw_finish(&json) >= 0)
                text = jsonw_steal(&json, NULL);
        jsonw_clear(&json);
        return text;
}

static void on_records(sd_bus_message *message, const struct spool_answer *answer, const char *head)
{
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0 && head)
                r = sd_bus_message_append(reply, "s", head);
        if (r >= 0)
                r = add_records(reply, &answer->records);
        /* When even this fails, there is no bus to hear it. */
        (void) bus_reply(reply, r);
}

static void on_events(void *userdata, const struct spool_answer *answer)
{
        CLEANUP(cleanup_free) char *head = NULL;
        sd_bus_message *message = userdata;

        if (answer->error < 0) {
                (void) reply_error(message, answer->error);
        } else {
                head = resource(answer->host_id);
                if (head)
                        on_records(message, answer, head);
                else
                        (void) reply_error(message, -ENOMEM);
        }
        sd_bus_message_unref(message);
}

static void on_recent(void *userdata, const struct spool_answer *answer)
{
        sd_bus_message *message = userdata;

        if (answer->error < 0)
                (void) reply_error(message, answer->error);
        else
                on_records(message, answer, NULL);
        sd_bus_message_unref(message);
}

static void on_done(void *userdata, const struct spool_answer *answer)
{
        sd_bus_message *message = userdata;

        if (answer->error < 0)
                (void) reply_error(message, answer->error);
        else
                (void) sd_bus_reply_method_return(message, "");
        sd_bus_message_unref(message);
}

/* A number that will never arrive is told like one that was never recorded: none stays unexplained. */
static void on_set_aside(void *userdata, const struct spool_answer *answer)
{
        if (answer->error == 0 && answer->lost > 0)
                record_spool_dropped(1, answer->lost, answer->lost);
        on_done(userdata, answer);
}

/* ---- Recent ---- */

static int recent_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        const char *filter;
        uint32_t n;
        int r = sd_bus_message_read(message, "us", &n, &filter);

        if (r < 0)
                return r;
        if (n == 0 || n > RECORDS_MAX)
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "from 1 to %u records can be asked for", RECORDS_MAX);
        if (strlen(filter) >= SPOOL_FILTER_MAX || filter[strspn(filter, "abcdefghijklmnopqrstuvwxyz.")] != '\0')
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "the filter is the beginning of an event's name");
        r = spool_recent(bus->agent->spool, filter, n, on_recent, sd_bus_message_ref(message));
        return r < 0 ? refuse(message, r) : 1;
}

int records_recent(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_READ, recent_now, bus);
}

/* ---- for the reporter ---- */

static bool is_reporter(const struct bus *bus, uid_t uid)
{
        return uid == 0 || (bus->agent->config->reporter_uid != (uid_t) -1 && uid == bus->agent->config->reporter_uid);
}

static int deny(sd_bus_message *message)
{
        return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_ACCESS_DENIED,
                                          "only the reporter (user lekdicht-report) and root may do this");
}

static int events_now(void *userdata, sd_bus_message *message, uid_t uid)
{
        struct bus *bus = userdata;
        uint64_t after;
        uint32_t max;
        int r;

        if (!is_reporter(bus, uid))
                return deny(message);
        r = sd_bus_message_read(message, "tu", &after, &max);
        if (r < 0)
                return r;
        if (max > RECORDS_MAX)
                max = RECORDS_MAX;
        r = spool_events(bus->agent->spool, after, max, on_events, sd_bus_message_ref(message));
        return r < 0 ? refuse(message, r) : 1;
}

int records_events(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_user(bus->polkit, message, events_now, bus);
}

static int acknowledge_now(void *userdata, sd_bus_message *message, uid_t uid)
{
        struct bus *bus = userdata;
        uint64_t seq;
        int r;

        if (!is_reporter(bus, uid))
                return deny(message);
        r = sd_bus_message_read(message, "t", &seq);
        if (r < 0)
                return r;
        r = spool_acknowledge(bus->agent->spool, seq, on_done, sd_bus_message_ref(message));
        return r < 0 ? refuse(message, r) : 1;
}

int records_acknowledge(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_user(bus->polkit, message, acknowledge_now, bus);
}

static int set_aside_now(void *userdata, sd_bus_message *message, uid_t uid)
{
        struct bus *bus = userdata;
        const char *reason;
        uint64_t seq;
        int r, why;

        if (!is_reporter(bus, uid))
                return deny(message);
        r = sd_bus_message_read(message, "ts", &seq, &reason);
        if (r < 0)
                return r;
        why = spoolstore_aside_from_name(reason);
        if (why < 0)
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "the reason is \"rejected\", \"too-large\" or \"unreadable\"");
        r = spool_set_aside(bus->agent->spool, seq, (enum spoolstore_aside) why, on_set_aside,
                            sd_bus_message_ref(message));
        return r < 0 ? refuse(message, r) : 1;
}

int records_set_aside(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_user(bus->polkit, message, set_aside_now, bus);
}
