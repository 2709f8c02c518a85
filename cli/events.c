/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht events: what was recorded on this laptop, one event a line, the newest last.
 *
 * --json: one LogRecord (OTLP) a line, nothing else; when the agent does not answer, the object of trouble.h.
 * --follow: goes on with what comes, over a restart of the agent too, until it is interrupted.
 *
 * Exit code: 1 when a record was not understood. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/device.h"
#include "cli/events.h"
#include "cli/exit.h"
#include "cli/record.h"
#include "cli/trouble.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define EVENTS_COUNT       20U /* shown when -n was not given */
#define EVENTS_FOLLOW      16U /* asked for at first after a signal */
#define EVENTS_FILTER_MAX  (CLI_FILTER_MAX + sizeof(PREFIX))
#define EVENTS_DEVICE_MAX  (5 * EVENT_STRING_MAX)
#define EVENTS_DETAILS_MAX (4 * EVENT_STRING_MAX)
#define EVENTS_WHAT_MAX    (EVENT_STRING_MAX + 64)
#define PREFIX             "lekdicht."

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)

static const char *value(const struct record *record, enum event_key key)
{
        return record->values[key];
}

static bool is(const struct record *record, enum event_key key, const char *text)
{
        return strcmp(record->values[key], text) == 0;
}

/* "SIMULATED: Device refused (audit: nothing was done)". A name that is not known here is shown as it came. */
static void what(const struct record *record, char ret[static EVENTS_WHAT_MAX])
{
        int name = event_name_from_string(record->name);

        snprintf(ret, EVENTS_WHAT_MAX, "%s%s%s", is(record, EVENT_KEY_SIMULATED, "true") ? "SIMULATED: " : "",
                 name >= 0 ? event_name_words((enum event_name) name) : record->name,
                 is(record, EVENT_KEY_AUDIT, "true") ? " (audit: nothing was done)" : "");
}

/* `usb-disk 0951:1666 "Kingston DataTraveler" at 1-2`, or the client, as far as there is one. */
static void device(const struct record *record, char ret[static EVENTS_DEVICE_MAX])
{
        const char *vendor = value(record, EVENT_KEY_VENDOR_NAME), *product = value(record, EVENT_KEY_PRODUCT_NAME),
                   *kind = value(record, EVENT_KEY_DEVICE_KIND), *vendor_id = value(record, EVENT_KEY_VENDOR_ID),
                   *port = value(record, EVENT_KEY_PORT), *client = value(record, EVENT_KEY_CLIENT),
                   *service = value(record, EVENT_KEY_SERVICE);
        size_t n = 0;

        /* Each piece brings the blank before it; the first one's is dropped. The room is for all at their longest. */
        ret[0] = ret[1] = '\0';
        if (*kind)
                n += (size_t) sprintf(ret + n, " %s", device_kind_words(kind) ? device_kind_words(kind) : kind);
        if (*vendor_id)
                n += (size_t) sprintf(ret + n, " %s:%s", vendor_id, value(record, EVENT_KEY_PRODUCT_ID));
        if (*vendor || *product)
                n += (size_t) sprintf(ret + n, " \"%s%s%s\"", vendor, *vendor && *product ? " " : "", product);
        if (*port)
                n += (size_t) sprintf(ret + n, " at %s", port);
        if (*client && n == 0)
                n += (size_t) sprintf(ret + n, " %s%s%s", client, *service ? ": " : "", service);
        if (n > 0)
                memmove(ret, ret + 1, n);
        else
                strcpy(ret, "-");
}

/* Why, or what else there is to say. */
static void details(const struct record *record, char ret[static EVENTS_DETAILS_MAX])
{
        const char *reason = value(record, EVENT_KEY_REASON), *rule = value(record, EVENT_KEY_RULE),
                   *version = value(record, EVENT_KEY_POLICY_VERSION),
                   *dropped = value(record, EVENT_KEY_DROPPED_COUNT);

        if (*reason || *rule)
                snprintf(ret, EVENTS_DETAILS_MAX, "%s", *reason ? reason : rule);
        else if (*dropped)
                snprintf(ret, EVENTS_DETAILS_MAX, "%s, numbers %s to %s", dropped,
                         value(record, EVENT_KEY_DROPPED_FIRST), value(record, EVENT_KEY_DROPPED_LAST));
        else if (*version)
                snprintf(ret, EVENTS_DETAILS_MAX, "version %s, %s, %s", version, value(record, EVENT_KEY_POLICY_MODE),
                         value(record, EVENT_KEY_POLICY_SOURCE));
        else if (is(record, EVENT_KEY_CLEAN, "false"))
                snprintf(ret, EVENTS_DETAILS_MAX, "the run before it ended without a word");
        else
                snprintf(ret, EVENTS_DETAILS_MAX, "-");
}

static int add_row(struct table *table, const struct record *record, uint64_t now)
{
        char when[WHEN_MAX], what_cell[EVENTS_WHAT_MAX], device_cell[EVENTS_DEVICE_MAX],
                details_cell[EVENTS_DETAILS_MAX];

        when_short(record->time, now, when);
        what(record, what_cell);
        device(record, device_cell);
        details(record, details_cell);
        return table_add(table, (const char *const[]){
                                        when,
                                        *record->code ? record->code : "-",
                                        what_cell,
                                        device_cell,
                                        details_cell,
                                });
}

static int begin_table(struct events_shown *shown)
{
        static const char *const titles[] = { "WHEN", "CODE", "WHAT", "DEVICE", "WHY" };
        int r;

        if (shown->table)
                return 0;
        r = table_new(sizeof(titles) / sizeof(titles[0]), &shown->table);
        if (r < 0)
                return r;
        return table_add(shown->table, titles);
}

static int print_one(const struct cli *cli, const char *text, uint64_t now, struct events_shown *shown)
{
        struct record record;
        int r;

        if (cli->json)
                return record_write(text, cli->out);
        r = record_parse(text, &record);
        if (r < 0)
                return r;
        r = begin_table(shown);
        if (r < 0)
                return r;
        return add_row(shown->table, &record, now);
}

int events_print(const struct cli *cli, const struct answer_events *events, uint64_t now, struct events_shown *shown)
{
        for (size_t i = 0; i < events->n; i++) {
                const struct answer_event *event = &events->items[i];
                int r;

                if (event->seq <= shown->last)
                        continue;
                r = print_one(cli, event->record, now, shown);
                if (r == -EBADMSG) {
                        fprintf(cli->err,
                                "lekdicht: event %" PRIu64 " is not understood (is the agent another version?)\n",
                                event->seq);
                        shown->garbled = true;
                } else if (r < 0) {
                        return r;
                }
                shown->last = event->seq;
        }
        if (shown->table)
                table_flush(shown->table, cli->out);
        fflush(cli->out);
        return 0;
}

/* ---- with the agent ---------------------------------------------------------------------------------------------- */

/* BUS_OK, another enum bus_answer, or -ENOMEM. */
static int show_last(const struct cli *cli, struct bus *bus, const char *filter, struct events_shown *shown)
{
        struct answer_events events;
        int r;

        r = bus_recent(bus, cli->count ? cli->count : EVENTS_COUNT, filter, &events);
        if (r != BUS_OK)
                return r;
        r = events_print(cli, &events, cli->now, shown);
        if (r == 0 && events.n == 0 && !cli->json && !cli->follow)
                fputs(*filter ? "Nothing of that name has been recorded.\n" : "Nothing has been recorded yet.\n",
                      cli->out);
        answer_events_clear(&events);
        return r;
}

/* One signal may stand for many events: when all of the first few are new, there may be more before them. */
static int show_new(const struct cli *cli, struct bus *bus, const char *filter, struct events_shown *shown)
{
        struct answer_events events;
        unsigned n = EVENTS_FOLLOW;
        int r;

        r = bus_recent(bus, n, filter, &events);
        if (r == BUS_OK && events.n >= n && events.items[0].seq > shown->last) {
                answer_events_clear(&events);
                n = BUS_RECENT_MAX;
                r = bus_recent(bus, n, filter, &events);
        }
        if (r != BUS_OK)
                return r;
        if (events.n >= n && shown->last > 0 && events.items[0].seq > shown->last + 1)
                fputs("lekdicht: there were too many at once; older ones are not shown\n", cli->err);
        r = events_print(cli, &events, clock_usec(CLOCK_REALTIME), shown);
        answer_events_clear(&events);
        return r;
}

/* Until something goes wrong that waiting does not mend. */
static int follow(const struct cli *cli, struct bus *bus, const char *filter, struct events_shown *shown)
{
        bool away = false;
        int r;

        while (!ferror(cli->out)) {
                r = bus_wait(bus);
                if (r == BUS_OK)
                        r = show_new(cli, bus, filter, shown);
                if (r != BUS_OK && r != BUS_ABSENT && r != BUS_SILENT)
                        return r;
                /* An agent that stops in the middle of an answer is silent first and absent then. */
                if (r != BUS_OK && !away)
                        fputs("lekdicht: the agent (lekdichtd) has stopped; waiting for it\n", cli->err);
                away = r != BUS_OK;
        }
        return BUS_OK;
}

/* "device" is as good as "lekdicht.device". */
static void complete_filter(const char *text, char ret[static EVENTS_FILTER_MAX])
{
        size_t length = strlen(text), known = strlen(PREFIX);
        bool complete = strncmp(text, PREFIX, length < known ? length : known) == 0;

        snprintf(ret, EVENTS_FILTER_MAX, "%s%.*s", complete ? "" : PREFIX, (int) CLI_FILTER_MAX, text);
}

int cli_events(const struct cli *cli)
{
        static const struct trouble_verb verb = { .may = "see what was recorded",
                                                  .without = "journalctl -t lekdichtd" };
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct events_shown shown = { 0 };
        char filter[EVENTS_FILTER_MAX] = "";
        int r;

        if (cli->filter)
                complete_filter(cli->filter, filter);
        r = bus_new(&bus);
        if (r == BUS_OK && cli->follow)
                r = bus_follow(bus);
        if (r == BUS_OK)
                r = show_last(cli, bus, filter, &shown);
        if (r == BUS_OK && cli->follow)
                r = follow(cli, bus, filter, &shown);
        table_free(shown.table);
        if (r != BUS_OK)
                return trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        return shown.garbled ? EXIT_WRONG : EXIT_WELL;
}
