/* links: common/event.c common/jsonw.c common/text.c common/ulid.c common/utf8.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Plays the agent for test-reporter.py: org.lekdicht.Agent1 with Events, Acknowledge, SetAside and Recorded, on the bus that
 * DBUS_SYSTEM_BUS_ADDRESS names. Told what to do by lines on stdin, it says on stdout what was asked of it:
 *
 *      resource TEXT   from now on the resource is this
 *      record TEXT     there is one more record, with the next seq
 *      event NAME      the same, with a real event of a device that calls itself NAME
 *      appear          take the name on the bus, and say "ready"
 *      skip N          N numbers are left out
 *      signal          emit Recorded
 *      forget          SetAside is not known, as to an older agent
 *      lose N          the next N acknowledgements are answered, and forgotten
 *      fail N          the next N calls of Acknowledge get an error
 *      nonsense KIND   Events answers what it must not: type, order, resource, repeat; "none" ends it */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/event.h"

#define AGENT       "org.lekdicht.Agent1"
#define PATH        "/org/lekdicht/Agent1"
#define RECORDS_MAX 20000U

static struct {
        char *resource;
        struct {
                uint64_t seq;
                char *text;
                int aside;
        } records[RECORDS_MAX];
        size_t n;
        uint64_t seq, acknowledged;
        int old; /* it knows no SetAside */
        unsigned lose, fail;
        char nonsense[16];
} agent;

static int is(const char *kind)
{
        return strcmp(agent.nonsense, kind) == 0;
}

static int answer(sd_bus_message *call, uint64_t after, uint32_t max, uint32_t *ret_n)
{
        sd_bus_message *reply = NULL;
        uint32_t n = 0;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "s", is("resource") ? "[]" : agent.resource);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ts)");
        for (size_t i = 0; r >= 0 && i < agent.n && n < max; i++) {
                uint64_t seq = agent.records[i].seq;

                if ((seq <= agent.acknowledged || seq <= after || agent.records[i].aside) && !is("repeat"))
                        continue;
                if (is("order"))
                        seq = 1000 - i;
                r = sd_bus_message_append(reply, "(ts)", seq, agent.records[i].text);
                n++;
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        *ret_n = n;

        return r;
}

static int on_events(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        uint64_t after;
        uint32_t max, n = 0;
        int r;

        (void) userdata;
        (void) error;
        r = sd_bus_message_read(call, "tu", &after, &max);
        if (r < 0)
                return r;
        if (is("type"))
                r = sd_bus_reply_method_return(call, "su", agent.resource, 7);
        else
                r = answer(call, after, max, &n);
        printf("events %" PRIu64 " %" PRIu32 " %" PRIu32 "\n", after, max, n);

        return r < 0 ? r : 1;
}

static int on_acknowledge(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        uint64_t seq;
        int r;

        (void) userdata;
        r = sd_bus_message_read(call, "t", &seq);
        if (r < 0)
                return r;
        if (agent.fail > 0) {
                agent.fail--;
                printf("failed %" PRIu64 "\n", seq);
                return sd_bus_error_set_errno(error, -EIO);
        }
        if (agent.lose > 0) {
                agent.lose--;
                printf("lost %" PRIu64 "\n", seq);
        } else {
                agent.acknowledged = seq;
                printf("acknowledge %" PRIu64 "\n", seq);
        }

        return sd_bus_reply_method_return(call, "");
}

static int on_set_aside(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const char *reason;
        uint64_t seq;
        int r;

        (void) userdata;
        r = sd_bus_message_read(call, "ts", &seq, &reason);
        if (r < 0)
                return r;
        if (agent.old)
                return sd_bus_error_set(error, SD_BUS_ERROR_UNKNOWN_METHOD, "Unknown method");
        for (size_t i = 0; i < agent.n; i++)
                if (agent.records[i].seq == seq)
                        agent.records[i].aside = 1;
        printf("aside %" PRIu64 " %s\n", seq, reason);

        return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable methods[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Events", "tu", "sa(ts)", on_events, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Acknowledge", "t", "", on_acknowledge, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("SetAside", "ts", "", on_set_aside, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Recorded", "", 0),
        SD_BUS_VTABLE_END,
};

/* The rest of the line when it begins with that word. */
static const char *after_word(const char *line, const char *word)
{
        size_t size = strlen(word);

        if (strncmp(line, word, size) != 0 || (line[size] != ' ' && line[size] != '\0'))
                return NULL;
        return line[size] ? line + size + 1 : line + size;
}

static int keep_record(char *text)
{
        if (!text)
                return -ENOMEM;
        if (agent.n == RECORDS_MAX) {
                free(text);
                return -ENOBUFS;
        }
        agent.records[agent.n].seq = ++agent.seq;
        agent.records[agent.n++].text = text;
        return 0;
}

/* As lekdichtd would write it. */
static char *event_text(const char *name)
{
        struct timespec now = { 0 };
        struct event event;
        struct jsonw json;
        int r;

        clock_gettime(CLOCK_REALTIME, &now);
        r = event_init(&event, EVENT_DEVICE_REFUSED, (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec,
                       "0123456789abcdef0123456789abcdef");
        event.seq = agent.seq + 1;
        if (r >= 0)
                r = event_set_string(&event, EVENT_KEY_DEVICE_KIND, "usb-disk");
        if (r >= 0)
                r = event_set_string(&event, EVENT_KEY_PRODUCT_NAME, name);
        if (r >= 0)
                r = event_set_bool(&event, EVENT_KEY_AUDIT, false);
        jsonw_init_buffer(&json, 0, 0);
        if (r >= 0) {
                event_write_otlp(&event, &json, NULL);
                r = jsonw_finish(&json);
        }
        if (r < 0) {
                jsonw_clear(&json);
                return NULL;
        }
        return jsonw_steal(&json, NULL);
}

static int appear(sd_bus *bus)
{
        int r = sd_bus_request_name(bus, AGENT, 0);

        if (r >= 0)
                puts("ready");
        return r;
}

static int obey(sd_bus *bus, const char *line)
{
        const char *rest;

        if ((rest = after_word(line, "resource"))) {
                free(agent.resource);
                agent.resource = strdup(rest);
                return agent.resource ? 0 : -ENOMEM;
        }
        if ((rest = after_word(line, "record")))
                return keep_record(strdup(rest));
        if ((rest = after_word(line, "event")))
                return keep_record(event_text(rest));
        if (after_word(line, "appear"))
                return appear(bus);
        if ((rest = after_word(line, "skip"))) {
                agent.seq += strtoul(rest, NULL, 10);
                return 0;
        }
        if (after_word(line, "signal"))
                return sd_bus_emit_signal(bus, PATH, AGENT, "Recorded", "");
        if (after_word(line, "forget")) {
                agent.old = 1;
                return 0;
        }
        if ((rest = after_word(line, "lose"))) {
                agent.lose = (unsigned) strtoul(rest, NULL, 10);
                return 0;
        }
        if ((rest = after_word(line, "fail"))) {
                agent.fail = (unsigned) strtoul(rest, NULL, 10);
                return 0;
        }
        if ((rest = after_word(line, "nonsense"))) {
                snprintf(agent.nonsense, sizeof(agent.nonsense), "%s", rest);
                return 0;
        }
        return -EINVAL;
}

/* All lines that are there. 1 at the end of stdin. */
static int obey_all(sd_bus *bus)
{
        static char buffer[1U << 20];
        static size_t size;
        ssize_t n = read(STDIN_FILENO, buffer + size, sizeof(buffer) - 1 - size);
        char *line = buffer, *end;

        if (n <= 0)
                return n < 0 ? -errno : 1;
        size += (size_t) n;
        while ((end = memchr(line, '\n', size - (size_t) (line - buffer)))) {
                int r;

                *end = '\0';
                r = obey(bus, line);
                if (r < 0)
                        return r;
                line = end + 1;
        }
        size -= (size_t) (line - buffer);
        memmove(buffer, line, size);

        return size == sizeof(buffer) - 1 ? -E2BIG : 0;
}

static int serve(sd_bus *bus)
{
        int r;

        for (;;) {
                struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = sd_bus_get_fd(bus) } };

                do
                        r = sd_bus_process(bus, NULL);
                while (r > 0);
                if (r < 0)
                        return r;
                r = sd_bus_flush(bus);
                if (r < 0)
                        return r;
                fds[1].events = (short) sd_bus_get_events(bus); /* nothing is wanted while messages are queued here */
                if (poll(fds, 2, -1) < 0)
                        return -errno;
                if (fds[0].revents) {
                        r = obey_all(bus);
                        if (r != 0)
                                return r;
                }
        }
}

int main(void)
{
        sd_bus *bus = NULL;
        int r;

        setvbuf(stdout, NULL, _IOLBF, 0);
        agent.resource = strdup("{\"attributes\":[]}");
        r = agent.resource ? sd_bus_open_system(&bus) : -ENOMEM;
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, PATH, AGENT, methods, NULL);
        if (r >= 0)
                r = serve(bus);
        if (r < 0)
                fprintf(stderr, "reporter-agent: %s\n", strerror(-r));
        for (size_t i = 0; i < agent.n; i++)
                free(agent.records[i].text);
        free(agent.resource);
        sd_bus_close_unref(bus);

        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
