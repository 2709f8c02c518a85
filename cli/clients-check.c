/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht clients check FILE: says what lekdicht-watch would say of a file of the catalogue, before it is put in place. As
 * compilers do: FILE:LINE: text, one a line. Who owns the file is not looked at here: drafts are written in homes. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/exit.h"
#include "cli/terminal.h"
#include "common/cleanup.h"
#include "policy/catalogue.h"

DEFINE_CLEANUP(cleanup_catalogue, struct catalogue *, catalogue_free)

static void print_errors(const struct cli *cli, const struct policy_errors *errors)
{
        for (size_t i = 0; i < errors->n; i++) {
                terminal_print(cli->out, cli->argument);
                if (errors->items[i].line > 0)
                        fprintf(cli->out, ":%u", errors->items[i].line);
                fputs(": ", cli->out);
                terminal_print(cli->out, errors->items[i].text);
                fputc('\n', cli->out);
        }
        terminal_print(cli->out, cli->argument);
        fprintf(cli->out, ": bad: %zu error%s; nothing of it would be used\n", errors->total,
                errors->total == 1 ? "" : "s");
}

int cli_clients_check(const struct cli *cli)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors)); /* too big for a stack */
        CLEANUP(cleanup_catalogue) struct catalogue *catalogue = NULL;
        int r = errors ? catalogue_new(&catalogue) : -ENOMEM;

        if (r >= 0)
                r = catalogue_load(catalogue, cli->argument, 0, errors);
        if (r < 0 && (!errors || errors->n == 0)) {
                fprintf(cli->err, "lekdicht: the file cannot be read: %s\n", strerror(-r));
                return EXIT_WRONG;
        }
        if (r < 0) {
                print_errors(cli, errors);
                return EXIT_WRONG;
        }
        terminal_print(cli->out, cli->argument);
        fprintf(cli->out, ": good: version %u, %zu client%s\n", catalogue_version(catalogue), catalogue_size(catalogue),
                catalogue_size(catalogue) == 1 ? "" : "s");
        return EXIT_WELL;
}
