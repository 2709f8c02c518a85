/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht status: ten seconds for a head of IT. The first line is the answer, then one fact a line, then what is wrong.
 *
 * --json, one object; keys stay as they are, new ones may come:
 *      version         string: of the agent
 *      since           string: RFC 3339, UTC; "" when not known
 *      gate            "closed" | "open" | "partly"
 *      wish            "closed" | "open" (somebody opened it) | "audit" (the policy only watches)
 *      buses           object: bus -> "closed" | "open" | "absent"
 *      mode            "enforce" | "audit"
 *      policy          object: source "file" | "last-good" | "built-in", version number, error string ("": none)
 *      devices         number: storage present now
 *      refused         number: since the agent started
 *      busy            number: devices that are being opened or shut at this moment
 *      clients         how sync clients are noticed: "events" | "scan" | "absent" (lekdicht-watch does not run) | "" (not told)
 *      spool           object: state "ok" | "opening" | "failing" | "absent" | "" (not told); numbers waiting (not yet at the
 *                      collector), dropped (could not be recorded), set_aside (the collector would never take them)
 *      well            bool: nothing is wrong; the exit code is 0
 *      problems        array of strings, for people
 * When the agent does not answer: the object of trouble.h. */

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/exit.h"
#include "cli/status.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)

static bool same(const char *a, const char *b)
{
        return strcmp(a, b) == 0;
}

__attribute__((format(printf, 2, 3))) static void problem(struct status_problems *problems, const char *format, ...)
{
        va_list arguments;

        if (problems->n == STATUS_PROBLEMS_MAX)
                return;
        va_start(arguments, format);
        vsnprintf(problems->items[problems->n++], STATUS_PROBLEM_MAX, format, arguments);
        va_end(arguments);
}

void status_judge(const struct answer_status *status, struct status_problems *ret)
{
        bool want_closed = same(status->wish, "closed");

        ret->n = 0;
        if (same(status->gate, "partly"))
                problem(ret, "the gate is only partly closed: see the buses; `lekdicht gate close` tries again");
        else if (same(status->gate, "open") && want_closed)
                problem(ret,
                        "the gate is open and nobody decided so for good: it was opened until the next boot, or by "
                        "something else; `lekdicht gate close` shuts it");
        else if (same(status->gate, "closed") && !want_closed)
                problem(ret, "the gate is closed although it is wanted open");
        else if (!same(status->gate, "open") && !same(status->gate, "closed"))
                problem(ret, "the agent does not say whether the gate is closed");
        if (same(status->policy_source, "last-good"))
                problem(ret, "the policy file is not used, the last good one holds: %s", status->policy_error);
        else if (same(status->policy_source, "built-in"))
                problem(ret, "there is no good policy, the built-in rules hold (all removable storage is refused): %s",
                        *status->policy_error ? status->policy_error : "no policy file");
        else if (*status->policy_error)
                problem(ret, "the policy file was changed and is not used: %s", status->policy_error);
        if (same(status->spool, "failing"))
                problem(ret, "events cannot be stored at this moment; is the disk full? see journalctl -u lekdichtd");
        else if (same(status->spool, "absent"))
                problem(ret, "events are not stored: the agent has no database; see journalctl -u lekdichtd");
}

static const char *headline(const struct answer_status *status)
{
        if (same(status->gate, "closed"))
                return "Removable storage is SHUT; only what the policy allows opens.";
        if (same(status->gate, "open") && same(status->wish, "audit"))
                return "Removable storage is OPEN: the policy only watches (mode = audit).";
        if (same(status->gate, "open") && same(status->wish, "open"))
                return "Removable storage is OPEN: an administrator opened the gate. `lekdicht gate close` shuts it.";
        if (same(status->gate, "open"))
                return "Removable storage is OPEN.";
        return "Removable storage is only PARTLY shut.";
}

__attribute__((format(printf, 3, 4))) static void line(FILE *file, const char *label, const char *format, ...)
{
        char text[1024];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        fprintf(file, "  %-9s ", label);
        terminal_print(file, text);
        fputc('\n', file);
}

static void print_buses(FILE *file, const struct answer_status *status)
{
        fprintf(file, "  %-9s ", "buses");
        for (size_t i = 0; i < status->n_buses; i++) {
                fputs(i ? ", " : "", file);
                terminal_print(file, status->buses[i].name);
                fputc(' ', file);
                terminal_print(file, status->buses[i].state);
        }
        fputs(status->n_buses ? "\n" : "none\n", file);
}

static void print_words(const struct cli *cli, const struct answer_status *status,
                        const struct status_problems *problems)
{
        char when[WHEN_MAX], ago[WHEN_MAX];

        fprintf(cli->out, "%s\n\n", headline(status));
        line(cli->out, "gate", "%s%s", *status->gate ? status->gate : "unknown",
             same(status->gate, "open") && same(status->wish, "open")    ? " by command, also after a reboot"
             : same(status->gate, "open") && same(status->wish, "audit") ? " because the policy only watches"
                                                                         : "");
        print_buses(cli->out, status);
        if (same(status->policy_source, "built-in"))
                line(cli->out, "policy", "built-in rules");
        else
                line(cli->out, "policy", "version %" PRIu32 "%s", status->policy_version,
                     same(status->policy_source, "last-good") ? ", the last good one" : "");
        line(cli->out, "mode", "%s%s", status->mode,
             same(status->mode, "enforce") ? ": what the policy refuses does not open"
             : same(status->mode, "audit") ? ": nothing is refused, only written down"
                                           : "");
        line(cli->out, "devices", "%" PRIu32 " plugged in now; %" PRIu32 " refused since the agent started",
             status->devices, status->refused);
        if (*status->clients)
                line(cli->out, "clients", "%s",
                     same(status->clients, "events") ? "sync clients are noticed when they start"
                     : same(status->clients, "scan")
                             ? "sync clients are looked for now and then: the kernel does not tell of starts"
                             : "not noticed: lekdicht-watch does not run");
        if (status->busy > 0)
                line(cli->out, "busy", "%" PRIu32 " being opened or shut at this moment", status->busy);
        if (*status->spool)
                line(cli->out, "events", "%" PRIu32 " not yet at the collector%s", status->queue,
                     same(status->spool, "ok")        ? ""
                     : same(status->spool, "opening") ? "; their store is being opened"
                                                      : "; they cannot be stored");
        if (status->dropped > 0)
                line(cli->out, "", "%" PRIu64 " could not be recorded", status->dropped);
        if (status->aside > 0)
                line(cli->out, "", "%" PRIu32 " are of a kind that the collector does not take; they stay here",
                     status->aside);
        when_short(status->since, cli->now, when);
        when_ago(status->since, cli->now, ago);
        line(cli->out, "agent", "lekdichtd %s, running for %s, since %s", status->version, ago, when);

        if (problems->n > 0)
                fputs("\nWrong:\n", cli->out);
        for (size_t i = 0; i < problems->n; i++) {
                fputs("  - ", cli->out);
                terminal_print(cli->out, problems->items[i]);
                fputc('\n', cli->out);
        }
}

static int print_json(const struct cli *cli, const struct answer_status *status, const struct status_problems *problems)
{
        char since[WHEN_MAX];
        struct jsonw json;

        when_utc(status->since, since);
        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_string(&json, "version", status->version);
        jsonw_string(&json, "since", since);
        jsonw_string(&json, "gate", status->gate);
        jsonw_string(&json, "wish", status->wish);
        jsonw_begin_object(&json, "buses");
        for (size_t i = 0; i < status->n_buses; i++)
                jsonw_string(&json, status->buses[i].name, status->buses[i].state);
        jsonw_end_object(&json);
        jsonw_string(&json, "mode", status->mode);
        jsonw_begin_object(&json, "policy");
        jsonw_string(&json, "source", status->policy_source);
        jsonw_uint(&json, "version", status->policy_version);
        jsonw_string(&json, "error", status->policy_error);
        jsonw_end_object(&json);
        jsonw_uint(&json, "devices", status->devices);
        jsonw_uint(&json, "refused", status->refused);
        jsonw_uint(&json, "busy", status->busy);
        jsonw_string(&json, "clients", status->clients);
        jsonw_begin_object(&json, "spool");
        jsonw_string(&json, "state", status->spool);
        jsonw_uint(&json, "waiting", status->queue);
        jsonw_uint(&json, "dropped", status->dropped);
        jsonw_uint(&json, "set_aside", status->aside);
        jsonw_end_object(&json);
        jsonw_bool(&json, "well", problems->n == 0);
        jsonw_begin_array(&json, "problems");
        for (size_t i = 0; i < problems->n; i++)
                jsonw_string(&json, NULL, problems->items[i]);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        return jsonw_finish(&json);
}

int status_print(const struct cli *cli, const struct answer_status *status)
{
        struct status_problems problems;

        status_judge(status, &problems);
        if (!cli->json)
                print_words(cli, status, &problems);
        else if (print_json(cli, status, &problems) < 0)
                return EXIT_WRONG;
        return problems.n == 0 ? EXIT_WELL : EXIT_WRONG;
}

int cli_status(const struct cli *cli)
{
        static const struct trouble_verb verb = { .may = "ask the agent for its status",
                                                  .without = "lekdicht-gate status" };
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct answer_status status;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_status(bus, &status);
        if (r != BUS_OK)
                return trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        r = status_print(cli, &status);
        answer_status_clear(&status);
        return r;
}
