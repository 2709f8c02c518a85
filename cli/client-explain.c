/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a client is, what is thought of it, and by which rule: of what the agent knows to run or to be set up. */

#include "cli/client-explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/clients.h"
#include "cli/exit.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "cli/when.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool client_explain_is_pid(const char *word)
{
        return *word && word[strspn(word, DIGITS)] == '\0';
}

static bool has_pid(const struct answer_client *client, const char *word)
{
        unsigned long long pid = strtoull(word, NULL, 10);

        for (size_t i = 0; i < client->n_pids; i++)
                if (client->pids[i] == pid)
                        return true;
        return false;
}

/* People know the name that the table shows. */
static bool is_called(const struct answer_client *client, const char *word)
{
        return strcmp(client->client, word) == 0 || strcasecmp(client->label, word) == 0;
}

size_t client_explain_pick(struct answer_clients *clients, const char *word)
{
        bool pid = client_explain_is_pid(word);
        size_t n = 0;

        for (size_t i = 0; i < clients->n; i++) {
                struct answer_client each = clients->items[i];

                if (pid ? !has_pid(&each, word) : !is_called(&each, word))
                        continue;
                clients->items[i] = clients->items[n];
                clients->items[n++] = each;
        }
        return n;
}

static void line(FILE *file, const char *label, const char *text)
{
        fprintf(file, "  %-8s ", label);
        terminal_print(file, text);
        fputc('\n', file);
}

static void print_pids(FILE *file, const struct answer_client *client)
{
        if (client->n_pids == 0)
                return;
        fprintf(file, "  %-8s", "PID");
        for (size_t i = 0; i < client->n_pids; i++)
                fprintf(file, "%s%" PRIu32, i ? ", " : " ", client->pids[i]);
        fputc('\n', file);
}

/* The lines that would approve of it. Where it reaches an unknown service there are none that say what they mean. */
static void print_way_in(const struct cli *cli, const struct answer_client *client)
{
        if (strcmp(client->verdict, "flag") != 0)
                return;
        fputs("\nTo approve of that service, IT adds to ", cli->out);
        terminal_print(cli->out, cli->policy);
        fputs(":\n\n  [service ", cli->out);
        terminal_print(cli->out, client->service);
        fputs("]\n  verdict = allow\n", cli->out);
}

static void print_words(const struct cli *cli, const struct answer_client *client)
{
        bool unknown = strcmp(client->service, "unknown") == 0;
        char since[WHEN_MAX];

        terminal_print(cli->out, client->label);
        fputs(" is a ", cli->out);
        terminal_print(cli->out, client->category);
        fputs(" client, and reaches ", cli->out);
        terminal_print(cli->out, unknown ? "a service that is not known" : client->service);
        fputs(".\n\n", cli->out);
        when_short(client->since, cli->now, since);
        line(cli->out, "state", clients_state(client));
        line(cli->out, "since", since);
        line(cli->out, "found by", client->evidence);
        print_pids(cli->out, client);
        line(cli->out, "verdict", client->verdict);
        line(cli->out, "rule", client->rule);
        line(cli->out, "why", client->reason);
        print_way_in(cli, client);
}

int client_explain_print(const struct cli *cli, const struct answer_clients *clients)
{
        if (cli->json)
                return clients_print(cli, clients);
        for (size_t i = 0; i < clients->n; i++) {
                if (i)
                        fputc('\n', cli->out);
                print_words(cli, &clients->items[i]);
        }
        return EXIT_WELL;
}

static int no_such_process(const struct cli *cli)
{
        if (cli->json) {
                (void) clients_print(cli, &(struct answer_clients){ 0 });
                return EXIT_WRONG;
        }
        fputs("lekdicht: no client was found in process ", cli->err);
        terminal_print(cli->err, cli->argument);
        fputs(". Is it a person's, and has it run for 2 seconds? `lekdicht clients` lists what was found.\n", cli->err);
        return EXIT_WRONG;
}

bool client_explain(const struct cli *cli, struct bus *bus, int *ret_code)
{
        static const struct trouble_verb verb = { .may = "see the clients" };
        bool pid = client_explain_is_pid(cli->argument);
        struct answer_clients clients;
        size_t n;
        int r;

        if (!pid && !strpbrk(cli->argument, LETTERS))
                return false; /* 1-2 is a device that was unplugged, and nobody is asked for a password because of it */
        r = bus_clients(bus, &clients);
        if (r != BUS_OK) {
                if (pid)
                        *ret_code = trouble_say(cli, r, bus_message(bus), &verb);
                return pid;
        }
        n = client_explain_pick(&clients, cli->argument);
        if (n > 0)
                *ret_code = client_explain_print(cli, &(struct answer_clients){ clients.items, n });
        else if (pid)
                *ret_code = no_such_process(cli);
        answer_clients_clear(&clients);
        return n > 0 || pid;
}
