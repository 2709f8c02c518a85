/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME "org.lekdicht.Agent1"
#define PATH "/org/lekdicht/Agent1"

struct report {
        sd_event *loop;
        const char *address;
        sd_bus *bus;
        sd_event_source *retry;
        uint64_t pause;
        const char *how;
        report_stops stops;
        void *userdata;
        struct findings now, told;
        bool known;  /* there is something to tell */
        bool untold; /* the agent has not heard it */
        bool under_way;
        bool lost; /* the bus went away */
};

static void join(struct report *report);
static void send_now(struct report *report);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct report *report = userdata;

        (void) source;
        (void) usec;
        report->retry = sd_event_source_disable_unref(report->retry);
        if (report->bus && !report->lost)
                send_now(report);
        else
                join(report);
        return 0;
}

static void retry_later(struct report *report)
{
        if (report->retry)
                return;
        (void) sd_event_add_time_relative(report->loop, &report->retry, CLOCK_MONOTONIC, report->pause, 0, on_retry,
                                          report);
        if (report->pause < REPORT_RETRY_MAX_USEC)
                report->pause *= 2;
}

/* The answer to our own call: nobody but the agent can give it. */
static void take_stops(struct report *report, sd_bus_message *message)
{
        struct report_stop stops[FINDINGS_MAX];
        uint32_t uid, kill_after;
        size_t n = 0;
        int r = sd_bus_message_enter_container(message, 'a', "(ussu)");

        while (r > 0 && n < FINDINGS_MAX &&
               (r = sd_bus_message_read(message, "(ussu)", &uid, &stops[n].client, &stops[n].service, &kill_after)) >
                       0) {
                stops[n].uid = uid;
                stops[n++].kill_after = kill_after;
        }
        if (r < 0)
                fprintf(stderr, "lekdicht-watch: lekdichtd's answer is not understood; is it another version?\n");
        else
                report->stops(report->userdata, stops, n);
}

/* An agent that does not run is no trouble: it is told when it comes. */
static int on_told(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct report *report = userdata;

        (void) error;
        report->under_way = false;
        if (sd_bus_message_is_method_error(message, NULL)) {
                report->untold = true;
                if (!sd_bus_message_is_method_error(message, SD_BUS_ERROR_SERVICE_UNKNOWN) &&
                    !sd_bus_message_is_method_error(message, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                        fprintf(stderr, "lekdicht-watch: lekdichtd does not take what was found: %s\n",
                                sd_bus_message_get_error(message)->message);
                        retry_later(report);
                }
                return 0;
        }
        report->pause = REPORT_RETRY_USEC;
        take_stops(report, message);
        if (report->untold)
                send_now(report);
        return 0;
}

/* The agent judges otherwise now. */
static int on_reconsider(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct report *report = userdata;

        (void) message;
        (void) error;
        report->untold = true;
        send_now(report);
        return 0;
}

static int add_rows(sd_bus_message *message, const struct findings *findings)
{
        int r = sd_bus_message_open_container(message, 'a', "(ussssssbau)");

        for (size_t i = 0; r >= 0 && i < findings->n; i++) {
                const struct finding *row = &findings->items[i];

                r = sd_bus_message_open_container(message, 'r', "ussssssbau");
                if (r >= 0)
                        r = sd_bus_message_append(message, "ussssssb", (uint32_t) row->uid, row->client->name,
                                                  row->client->label, row->service, row->host,
                                                  client_category_name(row->client->category),
                                                  mark_kind_name(row->evidence), (int) row->sure);
                if (r >= 0)
                        r = sd_bus_message_append_array(message, 'u', row->pids, row->n_pids * sizeof(row->pids[0]));
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static void send_now(struct report *report)
{
        sd_bus_message *message = NULL;
        int r;

        if (!report->bus || !report->known || report->under_way)
                return;
        r = sd_bus_message_new_method_call(report->bus, &message, NAME, PATH, NAME, "Report");
        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, false);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", report->how);
        if (r >= 0)
                r = add_rows(message, &report->now);
        if (r >= 0)
                r = sd_bus_call_async(report->bus, NULL, message, on_told, report, 0);
        sd_bus_message_unref(message);
        if (r < 0) {
                retry_later(report);
                return;
        }
        report->told = report->now;
        report->untold = false;
        report->under_way = true;
}

static void leave(struct report *report)
{
        report->bus = sd_bus_close_unref(report->bus);
        report->under_way = report->lost = false;
        report->untold = true;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct report *report = userdata;

        (void) message;
        (void) error;
        report->lost = true; /* it is left when it is joined again: this is still its own callback */
        retry_later(report);
        return 0;
}

/* Somebody else has the agent's name now. */
static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct report *report = userdata;
        const char *name, *from, *to;

        (void) error;
        if (sd_bus_message_read(message, "sss", &name, &from, &to) >= 0 && to[0] != '\0') {
                report->untold = true;
                report->under_way = false;
                send_now(report);
        }
        return 0;
}

static int connect_bus(struct report *report)
{
        int r = sd_bus_new(&report->bus);

        if (r >= 0)
                r = sd_bus_set_address(report->bus, report->address);
        if (r >= 0)
                r = sd_bus_set_bus_client(report->bus, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(report->bus, true);
        if (r >= 0)
                r = sd_bus_attach_event(report->bus, report->loop, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_start(report->bus);
        if (r >= 0)
                r = sd_bus_match_signal_async(report->bus, NULL, "org.freedesktop.DBus.Local",
                                              "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                              "Disconnected", on_disconnected, NULL, report);
        if (r >= 0)
                r = sd_bus_add_match_async(report->bus, NULL,
                                           "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                           "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" NAME "'",
                                           on_owner, NULL, report);
        if (r >= 0)
                r = sd_bus_match_signal_async(report->bus, NULL, NULL, PATH, NAME, "Reconsider", on_reconsider, NULL,
                                              report);
        return r;
}

static void join(struct report *report)
{
        leave(report);
        if (connect_bus(report) < 0) {
                leave(report);
                retry_later(report);
        } else {
                send_now(report);
        }
}

int report_new(sd_event *loop, const char *address, report_stops stops, void *userdata, struct report **ret)
{
        struct report *report = calloc(1, sizeof(*report));

        if (!report)
                return -ENOMEM;
        report->loop = sd_event_ref(loop);
        report->address = address;
        report->stops = stops;
        report->userdata = userdata;
        report->pause = REPORT_RETRY_USEC;
        join(report);
        *ret = report;
        return 0;
}

struct report *report_free(struct report *report)
{
        if (!report)
                return NULL;
        sd_event_source_disable_unref(report->retry);
        leave(report);
        sd_event_unref(report->loop);
        free(report);
        return NULL;
}

void report_tell(struct report *report, const char *how, const struct findings *findings)
{
        if (report->known && !report->untold && findings_equal(&report->told, findings) &&
            strcmp(report->how, how) == 0)
                return;
        report->how = how;
        report->now = *findings;
        report->known = report->untold = true;
        send_now(report);
}
