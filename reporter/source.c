/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Subscribed before the first question is asked, so that a record made between an empty answer and the sleep still
 * wakes us: its signal waits in the connection. Sleep is measured by CLOCK_BOOTTIME through a timerfd: a laptop that
 * was closed for the night does not wait out the rest of a quarter of an hour in the morning.
 *
 * A restarted agent is asked from the beginning again: only it knows what was acknowledged. What its predecessor gave
 * is not acknowledged to it either: the answer goes to the very connection that gave the records, or to nobody. */

#include "reporter/source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "common/cleanup.h"

#define AGENT_NAME      "org.lekdicht.Agent1"
#define AGENT_PATH      "/org/lekdicht/Agent1"
#define AGENT_INTERFACE "org.lekdicht.Agent1"

#define CALL_TIMEOUT_USEC (30 * UINT64_C(1000000)) /* an agent that does not answer by then is not well */
#define USEC_PER_SEC      UINT64_C(1000000)
#define NAME_MAX_BYTES    256U /* of a name on the bus, NUL included (D-Bus specification) */

struct source {
        const char *address;
        sd_bus *bus; /* NULL: not connected */
        int timer;
        uint64_t after;             /* acknowledged up to here, by this agent */
        char agent[NAME_MAX_BYTES]; /* the connection that gave the records, ":1.5"; "" when it is gone */
        bool woken;                 /* something happened since the last question */
};

DEFINE_CLEANUP(cleanup_message, sd_bus_message *, sd_bus_message_unref)
DEFINE_CLEANUP(cleanup_bus, sd_bus *, sd_bus_close_unref)

static int on_recorded(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct source *source = userdata;

        (void) message;
        (void) error;
        source->woken = true;
        return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct source *source = userdata;
        const char *name, *from, *to;

        (void) error;
        if (sd_bus_message_read(message, "sss", &name, &from, &to) < 0)
                return 0;
        source->after = 0;
        source->agent[0] = '\0';
        if (to[0] != '\0')
                source->woken = true;
        return 0;
}

static int connect_bus(struct source *source)
{
        CLEANUP(cleanup_bus) sd_bus *bus = NULL;
        int r;

        if (source->bus)
                return 0;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, source->address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, 1);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT_USEC);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "Recorded", on_recorded,
                                        source);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" AGENT_NAME "'",
                                     on_owner_changed, source);
        if (r < 0)
                return r;
        source->bus = bus;
        source->after = 0;
        bus = NULL;

        return 0;
}

static void disconnect_bus(struct source *source)
{
        source->bus = sd_bus_close_unref(source->bus);
        source->agent[0] = '\0';
}

/* Handle what has arrived. -errno when the connection is gone. */
static int process(struct source *source)
{
        int r;

        do
                r = sd_bus_process(source->bus, NULL);
        while (r > 0);

        return r;
}

/* Call a method; the connection is given up when it turns out to be none any more. */
static int call(struct source *source, sd_bus_message *message, sd_bus_message **ret)
{
        int r = sd_bus_message_set_auto_start(message, 0);

        if (r >= 0)
                r = sd_bus_call(source->bus, message, CALL_TIMEOUT_USEC, NULL, ret);
        if (r < 0 && sd_bus_is_open(source->bus) <= 0)
                disconnect_bus(source);

        return r < 0 ? r : 0;
}

int source_new(const char *address, struct source **ret)
{
        struct source *source = calloc(1, sizeof(*source));
        int r;

        if (!source)
                return -ENOMEM;
        source->address = address;
        source->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (source->timer < 0) {
                r = -errno;
                free(source);
                return r;
        }
        *ret = source;

        return 0;
}

struct source *source_free(struct source *source)
{
        if (!source)
                return NULL;
        disconnect_bus(source);
        close(source->timer);
        free(source);

        return NULL;
}

static int read_events(sd_bus_message *reply, uint64_t after, struct batch *batch)
{
        const char *text;
        uint64_t seq;
        int r;

        r = sd_bus_message_read(reply, "s", &text);
        if (r >= 0)
                r = batch_set_resource(batch, text);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ts)");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_read(reply, "(ts)", &seq, &text)) > 0) {
                if (seq <= after)
                        return -EBADMSG;
                r = batch_add(batch, seq, text);
                if (r == -ENOBUFS) /* the rest comes next time */
                        return 0;
                if (r < 0)
                        return r;
        }

        return r == -ENXIO ? -EBADMSG : r;
}

static int keep_sender(struct source *source, sd_bus_message *reply)
{
        const char *sender = sd_bus_message_get_sender(reply);

        if (!sender || strlen(sender) >= sizeof(source->agent))
                return -EBADMSG;
        strcpy(source->agent, sender);

        return 0;
}

int source_fetch(struct source *source, struct batch *batch)
{
        CLEANUP(cleanup_message) sd_bus_message *message = NULL, *reply = NULL;
        int r;

        source->woken = false;
        r = connect_bus(source);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_call(source->bus, &message, AGENT_NAME, AGENT_PATH, AGENT_INTERFACE, "Events");
        if (r >= 0)
                r = sd_bus_message_append(message, "tu", source->after, BATCH_RECORDS_MAX);
        if (r >= 0)
                r = call(source, message, &reply);
        if (r >= 0)
                r = keep_sender(source, reply);
        if (r >= 0)
                r = read_events(reply, source->after, batch);
        if (r < 0)
                batch_clear(batch);

        return r;
}

/* To the agent that gave the records: so it is done with the one of that seq. reason: NULL where there is none. */
static int tell(struct source *source, const char *method, uint64_t seq, const char *reason)
{
        CLEANUP(cleanup_message) sd_bus_message *message = NULL;
        int r;

        if (source->agent[0] == '\0')
                return -ENOTCONN;

        r = sd_bus_message_new_method_call(source->bus, &message, source->agent, AGENT_PATH, AGENT_INTERFACE, method);
        if (r >= 0)
                r = sd_bus_message_append(message, "t", seq);
        if (r >= 0 && reason)
                r = sd_bus_message_append(message, "s", reason);
        if (r >= 0)
                r = call(source, message, NULL);
        if (r >= 0)
                source->after = seq;

        return r;
}

int source_acknowledge(struct source *source, uint64_t seq)
{
        return tell(source, "Acknowledge", seq, NULL);
}

static const char *fault_word(enum batch_fault fault)
{
        switch (fault) {
        case BATCH_TOO_LARGE:
                return "too-large";
        case BATCH_UNREADABLE:
                return "unreadable";
        case BATCH_REJECTED:
                break;
        }
        return "rejected";
}

int source_set_aside(struct source *source, uint64_t seq, enum batch_fault fault)
{
        int r = tell(source, "SetAside", seq, fault_word(fault));

        if (r == -EBADR) /* org.freedesktop.DBus.Error.UnknownMethod, as sd-bus(3) turns it into a number */
                r = source_acknowledge(source, seq);
        return r;
}

/* Sleep until the timer or the bus has something. 1: the time is up. */
static int sleep_on(struct source *source)
{
        struct pollfd fds[] = {
                { .fd = source->timer, .events = POLLIN },
                { .fd = -1 },
        };

        if (source->bus) {
                int events = sd_bus_get_events(source->bus);

                fds[1].fd = sd_bus_get_fd(source->bus);
                fds[1].events = (short) (events < 0 ? POLLIN : events);
        }
        if (poll(fds, 2, -1) < 0)
                return errno == EINTR ? 0 : -errno;

        return fds[0].revents != 0;
}

int source_wait(struct source *source, uint64_t usec, bool wake)
{
        /* A timer that is set to zero would never fire. */
        struct itimerspec when = { .it_value = { .tv_sec = (time_t) (usec / USEC_PER_SEC),
                                                 .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000 + 1 } };
        int r;

        if (timerfd_settime(source->timer, 0, &when, NULL) < 0)
                return -errno;

        do {
                if (source->bus && process(source) < 0) {
                        disconnect_bus(source);
                        source->woken = true;
                }
                if (wake && source->woken)
                        return 1;
                r = sleep_on(source);
        } while (r == 0);

        return r < 0 ? r : 0;
}
