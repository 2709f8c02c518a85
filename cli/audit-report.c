/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht audit-report: what a school has to decide about before it writes mode = enforce. From the agent's record: what
 * was let through because the policy only watches, and by which rule it would have been refused. Same kind, numbers and
 * name is one line; the record has no serials, so several sticks of one model are one line too. What was only played
 * (simulated) is left out.
 *
 * --json, one object:
 *      mode            "enforce" | "audit": of the policy now; policy_version number
 *      read            number: events that were looked at; since string: RFC 3339 of the oldest, "" when there is none
 *      cut             bool: as many as can be asked for, so older ones may be missing
 *      dropped         number: events that the agent could not record
 *      would_refuse    array of
 *              kind, vendor, product, name     strings: as `devices` has them
 *              times           number: plugged in, or found when the agent started
 *              first, last     strings: RFC 3339, UTC
 *              rule            string: which refused it the last time
 *              read_only       bool: that rule would have opened it for reading
 *              if_encrypted    bool: that rule would have opened it if it is encrypted; in audit mode nobody looks
 *              opened_since    string: the rule that opened such a one later, or ""
 *              present         array of strings: such are plugged in now, for `lekdicht learn`
 *              section         string: lines for the policy that open every device of that model; "" when only a
 *                              serial could name it
 *
 * Exit code: 1 when a record was not understood; it is 0 whether or not there is something to decide. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit-report.h"
#include "cli/bus.h"
#include "cli/device.h"
#include "cli/exception.h"
#include "cli/exit.h"
#include "cli/record.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

#define FILTER "lekdicht.device"
/* How policy/judge.c begins the reason of what a rule opened; a gate that is open has another one. And of what it would have
 * opened if encrypted. */
#define OPENED_BY           "opened by "
#define OPENED_AS_ENCRYPTED "opened as encrypted by "
#define IF_ENCRYPTED        "audit: would have opened if encrypted by "

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)
DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

struct group {
        char kind[EVENT_STRING_MAX + 1], vendor[EVENT_STRING_MAX + 1], product[EVENT_STRING_MAX + 1],
                called[EVENT_STRING_MAX + 1];
        char rule[EVENT_STRING_MAX + 1], opened_since[EVENT_STRING_MAX + 1];
        bool read_only;    /* the last time it would have opened for reading, */
        bool if_encrypted; /* or only if it is encrypted; else stayed shut */
        unsigned times;
        uint64_t first, last;
        char name[POLICY_NAME_MAX + 1]; /* of its section */
        char section[EXCEPTION_TEXT_MAX];
};

struct report {
        struct group *groups;
        size_t n;
        uint64_t since; /* the oldest event; 0: none */
        bool garbled;
        const struct policy *policy; /* installed, or NULL */
};

static bool is(const struct record *record, enum event_key key, const char *text)
{
        return strcmp(record->values[key], text) == 0;
}

static bool begins(const char *text, const char *with)
{
        return strncmp(text, with, strlen(with)) == 0;
}

static struct group *find(struct report *report, const struct record *record)
{
        for (size_t i = 0; i < report->n; i++) {
                struct group *group = &report->groups[i];

                if (is(record, EVENT_KEY_DEVICE_KIND, group->kind) && is(record, EVENT_KEY_VENDOR_ID, group->vendor) &&
                    is(record, EVENT_KEY_PRODUCT_ID, group->product) &&
                    is(record, EVENT_KEY_PRODUCT_NAME, group->called))
                        return group;
        }
        return NULL;
}

static struct group *add(struct report *report, const struct record *record)
{
        struct group *group = &report->groups[report->n++]; /* there is room for as many as there are events */

        strcpy(group->kind, record->values[EVENT_KEY_DEVICE_KIND]);
        strcpy(group->vendor, record->values[EVENT_KEY_VENDOR_ID]);
        strcpy(group->product, record->values[EVENT_KEY_PRODUCT_ID]);
        strcpy(group->called, record->values[EVENT_KEY_PRODUCT_NAME]);
        group->first = group->last = record->time;
        return group;
}

static void count(struct report *report, const struct record *record)
{
        const char *reason = record->values[EVENT_KEY_REASON];
        int name = event_name_from_string(record->name);
        struct group *group = find(report, record);

        if (is(record, EVENT_KEY_SIMULATED, "true"))
                return;
        if (name == EVENT_DEVICE_OPENED && group && (begins(reason, OPENED_BY) || begins(reason, OPENED_AS_ENCRYPTED)))
                strcpy(group->opened_since, record->values[EVENT_KEY_RULE]);
        if ((name != EVENT_DEVICE_REFUSED && name != EVENT_DEVICE_READONLY) || !is(record, EVENT_KEY_AUDIT, "true"))
                return;
        if (!group)
                group = add(report, record);
        group->times++;
        if (record->time < group->first)
                group->first = record->time;
        if (record->time > group->last)
                group->last = record->time;
        strcpy(group->rule, record->values[EVENT_KEY_RULE]);
        group->read_only = name == EVENT_DEVICE_READONLY;
        group->if_encrypted = begins(reason, IF_ENCRYPTED);
        group->opened_since[0] = '\0';
}

/* The names of the sections above it, and of those in the policy, are taken. */
static bool is_taken(const void *userdata, const char *name)
{
        const struct report *report = userdata;

        for (size_t i = 0; i < report->n && report->groups[i].name[0]; i++)
                if (strcmp(report->groups[i].name, name) == 0)
                        return true;
        return exception_in_policy(report->policy, name);
}

/* 0 or -ENOMEM. */
static int write_sections(const struct cli *cli, struct report *report)
{
        for (size_t i = 0; i < report->n; i++) {
                struct group *group = &report->groups[i];
                struct exception exception = {
                        .kind = group->kind,
                        .vendor = group->vendor,
                        .product = group->product,
                        .called = group->called,
                        .without = "the record has none",
                        .now = cli->now,
                };
                int r;

                exception_name(&exception, (unsigned) i + 1, is_taken, report);
                strcpy(group->name, exception.name);
                r = exception_write(&exception, group->section);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

static int by_times(const void *a, const void *b)
{
        const struct group *x = a, *y = b;

        if (x->times != y->times)
                return x->times > y->times ? -1 : 1;
        return x->last != y->last ? (x->last > y->last ? -1 : 1) : 0;
}

static int collect(const struct cli *cli, const struct answer_events *events, struct report *report)
{
        report->groups = calloc(events->n + 1, sizeof(*report->groups));
        if (!report->groups)
                return -ENOMEM;
        for (size_t i = 0; i < events->n; i++) {
                struct record record;
                int r = record_parse(events->items[i].record, &record);

                if (r == -EBADMSG) {
                        fprintf(cli->err,
                                "lekdicht: event %" PRIu64 " is not understood (is the agent another version?)\n",
                                events->items[i].seq);
                        report->garbled = true;
                        continue;
                }
                if (r < 0)
                        return r;
                if (record.time > 0 && (report->since == 0 || record.time < report->since))
                        report->since = record.time;
                count(report, &record);
        }
        qsort(report->groups, report->n, sizeof(*report->groups), by_times);
        return write_sections(cli, report);
}

static bool is_cut(const struct answer_events *events)
{
        return events->n >= BUS_RECENT_MAX;
}

static bool is_such(const struct answer_device *device, const struct group *group)
{
        return strcmp(device->kind, group->kind) == 0 && strcmp(device->vendor, group->vendor) == 0 &&
               strcmp(device->product, group->product) == 0 && strcmp(device->name, group->called) == 0;
}

/* ---- for programs ------------------------------------------------------------------------------------------------ */

static void json_group(struct jsonw *json, const struct group *group, const struct answer_devices *devices)
{
        char when[WHEN_MAX];

        jsonw_begin_object(json, NULL);
        jsonw_string(json, "kind", group->kind);
        jsonw_string(json, "vendor", group->vendor);
        jsonw_string(json, "product", group->product);
        jsonw_string(json, "name", group->called);
        jsonw_uint(json, "times", group->times);
        when_utc(group->first, when);
        jsonw_string(json, "first", when);
        when_utc(group->last, when);
        jsonw_string(json, "last", when);
        jsonw_string(json, "rule", group->rule);
        jsonw_bool(json, "read_only", group->read_only);
        jsonw_bool(json, "if_encrypted", group->if_encrypted);
        jsonw_string(json, "opened_since", group->opened_since);
        jsonw_begin_array(json, "present");
        for (size_t i = 0; devices && i < devices->n; i++)
                if (is_such(&devices->items[i], group))
                        jsonw_string(json, NULL, devices->items[i].id);
        jsonw_end_array(json);
        jsonw_string(json, "section", group->section);
        jsonw_end_object(json);
}

static int print_json(const struct cli *cli, const struct audit_report_input *input, const struct report *report)
{
        struct jsonw json;
        char when[WHEN_MAX];

        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_string(&json, "mode", input->status->mode);
        jsonw_uint(&json, "policy_version", input->status->policy_version);
        jsonw_uint(&json, "read", input->events->n);
        when_utc(report->since, when);
        jsonw_string(&json, "since", when);
        jsonw_bool(&json, "cut", is_cut(input->events));
        jsonw_uint(&json, "dropped", input->status->dropped);
        jsonw_begin_array(&json, "would_refuse");
        for (size_t i = 0; i < report->n; i++)
                json_group(&json, &report->groups[i], input->devices);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        return jsonw_finish(&json);
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

static void print_source(const struct cli *cli, const struct audit_report_input *input, const struct report *report)
{
        const struct answer_status *status = input->status;
        char day[WHEN_MAX];

        if (strcmp(status->mode, "audit") == 0)
                fprintf(cli->out, "The policy (version %u) is in audit mode: nothing is held.\n",
                        status->policy_version);
        else if (strcmp(status->mode, "enforce") == 0)
                fprintf(cli->out,
                        "The policy (version %u) is in enforce mode: what it refuses stays shut. This report is about "
                        "the time\nwhen it was in audit mode.\n",
                        status->policy_version);
        else
                fputs("The agent does not say in which mode the policy is.\n", cli->out);

        when_day(report->since, day);
        if (is_cut(input->events))
                fprintf(cli->out,
                        "Only the last %zu events of devices were read; the oldest is of %s, and what came before it "
                        "is not counted.\n",
                        input->events->n, day);
        else if (input->events->n == 1)
                fprintf(cli->out, "Only one event of a device is recorded, of %s.\n", day);
        else if (input->events->n > 1)
                fprintf(cli->out, "All %zu recorded events of devices were read; the oldest is of %s.\n",
                        input->events->n, day);
        else
                fputs("No event of a device is recorded yet.\n", cli->out);
        if (status->dropped > 0)
                fprintf(cli->out, "%" PRIu64 " event%s could not be recorded and %s missing here.\n", status->dropped,
                        status->dropped == 1 ? "" : "s", status->dropped == 1 ? "is" : "are");
}

static int print_table(const struct cli *cli, const struct report *report)
{
        static const char *const titles[] = { "TIMES",  "FIRST",        "LAST",       "KIND",
                                              "USB ID", "CALLS ITSELF", "REFUSED BY", "SINCE THEN" };
        struct table *table;
        int r;

        r = table_new(sizeof(titles) / sizeof(titles[0]), &table);
        if (r < 0)
                return r;
        r = table_add(table, titles);
        for (size_t i = 0; r == 0 && i < report->n; i++) {
                const struct group *group = &report->groups[i];
                const char *kind = device_kind_words(group->kind);
                char times[16], first[WHEN_MAX], last[WHEN_MAX], id[2 * EVENT_STRING_MAX + 2],
                        since[EVENT_STRING_MAX + sizeof(OPENED_BY)], rule[EVENT_STRING_MAX + sizeof(" (if encrypted)")];

                snprintf(times, sizeof(times), "%u", group->times);
                when_day(group->first, first);
                when_day(group->last, last);
                snprintf(id, sizeof(id), "%s%s%s", group->vendor, *group->vendor ? ":" : "-", group->product);
                snprintf(rule, sizeof(rule), "%s%s", *group->rule ? group->rule : "-",
                         group->read_only      ? " (read-only)"
                         : group->if_encrypted ? " (if encrypted)"
                                               : "");
                snprintf(since, sizeof(since), "%s%s", *group->opened_since ? OPENED_BY : "-", group->opened_since);
                r = table_add(table, (const char *const[]){
                                             times,
                                             first,
                                             last,
                                             kind ? kind : group->kind,
                                             id,
                                             *group->called ? group->called : "-",
                                             rule,
                                             since,
                                     });
        }
        if (r == 0)
                table_print(table, cli->out);
        table_free(table);
        return r;
}

/* `lekdicht learn` for each of the group that is plugged in. False: there is none. */
static bool print_present(const struct cli *cli, const struct group *group, const struct answer_devices *devices)
{
        bool any = false;

        for (size_t i = 0; devices && i < devices->n; i++) {
                if (!is_such(&devices->items[i], group))
                        continue;
                fputs(any ? "" : "\n", cli->out);
                fputs("# plugged in now; by its serial, where it has one: sudo lekdicht learn ", cli->out);
                terminal_print(cli->out, devices->items[i].id);
                fputc('\n', cli->out);
                any = true;
        }
        return any;
}

static void print_ways_in(const struct cli *cli, const struct report *report, const struct answer_devices *devices)
{
        fputs("\nWhat is to go on working, IT adds to ", cli->out);
        terminal_print(cli->out, cli->policy);
        fputs(". One device by its serial: plug it in, and what\n`sudo lekdicht learn DEVICE` prints. All of a "
              "model:\n",
              cli->out);
        for (size_t i = 0; i < report->n; i++) {
                const struct group *group = &report->groups[i];
                bool present;

                if (*group->opened_since)
                        continue;
                present = print_present(cli, group, devices);
                if (*group->section) {
                        fputs(group->section + (present ? 1 : 0), cli->out); /* without its empty line */
                } else if (!present) {
                        fputs("\n# ", cli->out);
                        terminal_print(cli->out, *group->called ? group->called : group->kind);
                        fputs(": only by its serial; plug it in, and: sudo lekdicht learn DEVICE\n", cli->out);
                }
        }
}

static int print_words(const struct cli *cli, const struct audit_report_input *input, const struct report *report)
{
        bool audit = strcmp(input->status->mode, "audit") == 0, open = false, read_only = false, encrypted = false;
        int r;

        print_source(cli, input, report);
        if (report->n == 0) {
                fputs("\nNothing was let through in audit mode that the policy would have refused.\n", cli->out);
                return 0;
        }
        for (size_t i = 0; i < report->n; i++) {
                read_only = read_only || report->groups[i].read_only;
                encrypted = encrypted || report->groups[i].if_encrypted;
        }
        fprintf(cli->out,
                audit ? "\nWith mode = enforce this would have stayed shut%s%s:\n\n"
                      : "\nThis was let through, and would have stayed shut%s%s with mode = enforce:\n\n",
                read_only ? " or been for reading only" : "", encrypted ? " or had to be encrypted" : "");
        r = print_table(cli, report);
        if (r < 0)
                return r;
        for (size_t i = 0; i < report->n; i++)
                open = open || !*report->groups[i].opened_since;
        if (open)
                print_ways_in(cli, report, input->devices);
        return 0;
}

int audit_report_print(const struct cli *cli, const struct audit_report_input *input)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors));
        CLEANUP(cleanup_policy) struct policy *policy = NULL;
        struct report report = { 0 };
        int r = -ENOMEM;

        if (errors && policy_load(cli->policy, 0, LEKDICHT_VERSION, &policy, errors) == 0)
                report.policy = policy;
        if (errors)
                r = collect(cli, input->events, &report);
        if (r == 0)
                r = cli->json ? print_json(cli, input, &report) : print_words(cli, input, &report);
        free(report.groups);
        if (r < 0) {
                fprintf(cli->err, "lekdicht: cannot print: %s\n", strerror(-r));
                return EXIT_WRONG;
        }
        return report.garbled ? EXIT_WRONG : EXIT_WELL;
}

int cli_audit_report(const struct cli *cli)
{
        static const struct trouble_verb verb = { .may = "see what was recorded" };
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct answer_status status = { 0 };
        struct answer_events events = { 0 };
        struct answer_devices devices = { 0 };
        bool known = false;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_status(bus, &status);
        if (r == BUS_OK)
                r = bus_recent(bus, BUS_RECENT_MAX, FILTER, &events);
        /* Without it the report only does not say what is plugged in. */
        if (r == BUS_OK)
                known = bus_devices(bus, &devices) == BUS_OK;
        if (r == BUS_OK)
                r = audit_report_print(cli, &(struct audit_report_input){ &status, &events, known ? &devices : NULL });
        else
                r = trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        answer_status_clear(&status);
        answer_events_clear(&events);
        answer_devices_clear(&devices);
        return r;
}
