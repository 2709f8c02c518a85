/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht clients: the sync, chat and backup clients that were found since the agent started, one a line, with the rule
 * that decided; and those that are set up (evidence "linked", "autostart" or "unit") by who is logged in. Whose they are is not shown: the agent does not tell.
 *
 * --json: { "clients": [ { client, label, service, category, evidence, verdict, rule, reason: string, running: bool,
 * since: string, RFC 3339, UTC, pids: array of numbers } ] }; when the agent does not answer, the object of trouble.h. */

#include "cli/clients.h"

#include <errno.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cli/trouble.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)
DEFINE_CLEANUP(cleanup_table, struct table *, table_free)

static bool is_setup(const char *evidence)
{
        return strcmp(evidence, "linked") == 0 || strcmp(evidence, "autostart") == 0 || strcmp(evidence, "unit") == 0;
}

const char *clients_state(const struct answer_client *client)
{
        if (client->running)
                return "runs";
        return is_setup(client->evidence) ? "set up" : "ended";
}

static int add_row(const struct cli *cli, struct table *table, const struct answer_client *client)
{
        char since[WHEN_MAX];

        when_short(client->since, cli->now, since);
        return table_add(table, (const char *const[]){
                                        client->label,
                                        client->service,
                                        client->category,
                                        clients_state(client),
                                        since,
                                        client->evidence,
                                        client->verdict,
                                        client->reason[0] ? client->reason : client->rule,
                                });
}

static int print_table(const struct cli *cli, const struct answer_clients *clients)
{
        static const char *const titles[] = { "CLIENT", "SERVICE",  "KIND",    "STATE",
                                              "SINCE",  "FOUND BY", "VERDICT", "WHY" };
        CLEANUP(cleanup_table) struct table *table = NULL;
        int r;

        if (clients->n == 0) {
                fputs("No sync, chat or backup client was found.\n", cli->out);
                return 0;
        }
        r = table_new(sizeof(titles) / sizeof(titles[0]), &table);
        if (r < 0)
                return r;
        r = table_add(table, titles);
        for (size_t i = 0; i < clients->n && r == 0; i++)
                r = add_row(cli, table, &clients->items[i]);
        if (r < 0)
                return r;
        table_print(table, cli->out);
        return 0;
}

static void json_client(struct jsonw *json, const struct answer_client *client)
{
        char since[WHEN_MAX];

        when_utc(client->since, since);
        jsonw_begin_object(json, NULL);
        jsonw_string(json, "client", client->client);
        jsonw_string(json, "label", client->label);
        jsonw_string(json, "service", client->service);
        jsonw_string(json, "category", client->category);
        jsonw_string(json, "evidence", client->evidence);
        jsonw_string(json, "verdict", client->verdict);
        jsonw_string(json, "rule", client->rule);
        jsonw_string(json, "reason", client->reason);
        jsonw_bool(json, "running", client->running);
        jsonw_string(json, "since", since);
        jsonw_begin_array(json, "pids");
        for (size_t i = 0; i < client->n_pids; i++)
                jsonw_uint(json, NULL, client->pids[i]);
        jsonw_end_array(json);
        jsonw_end_object(json);
}

static int print_json(const struct cli *cli, const struct answer_clients *clients)
{
        struct jsonw json;

        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_begin_array(&json, "clients");
        for (size_t i = 0; i < clients->n; i++)
                json_client(&json, &clients->items[i]);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        return jsonw_finish(&json);
}

int clients_print(const struct cli *cli, const struct answer_clients *clients)
{
        int r = cli->json ? print_json(cli, clients) : print_table(cli, clients);

        if (r < 0) {
                fprintf(cli->err, "lekdicht: cannot print: %s\n", strerror(-r));
                return EXIT_WRONG;
        }
        return EXIT_WELL;
}

int cli_clients(const struct cli *cli)
{
        static const struct trouble_verb verb = { .may = "see the clients" };
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct answer_clients clients;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_clients(bus, &clients);
        if (r != BUS_OK)
                return trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        r = clients_print(cli, &clients);
        answer_clients_clear(&clients);
        return r;
}
