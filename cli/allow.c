/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht allow DEVICE --for TIME --reason TEXT, and lekdicht revoke DEVICE: a grant for a while, and its end. The agent
 * asks polkit, and knows what such a grant may be. */

#include <errno.h>

#include "cli/bus.h"
#include "cli/cli.h"
#include "cli/devices.h"
#include "cli/exit.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "cli/when.h"
#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)

static const struct trouble_verb verb = { .may = "open a device for a while, or end that" };

static int failed(const struct cli *cli, struct bus *bus, int r)
{
        int code;

        if (r == -EINVAL) {
                fputs("lekdicht: DEVICE and TEXT have to be UTF-8\n", cli->err);
                return EXIT_USAGE;
        }
        code = trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        if (r == BUS_UNKNOWN_DEVICE)
                devices_print_present(cli, bus);
        return code;
}

int cli_allow(const struct cli *cli)
{
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        char until[WHEN_MAX];
        uint64_t end = 0;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_grant(bus, cli->argument, cli->read_only, cli->minutes, cli->reason, cli->keep, &end);
        if (r != BUS_OK)
                return failed(cli, bus, r);
        when_short(end, cli->now, until);
        terminal_print(cli->out, cli->argument);
        fprintf(cli->out,
                " opens%s until %s, wherever it is plugged in on this laptop%s.\n"
                "Two minutes before, whoever sits here is told. `lekdicht revoke ",
                cli->read_only ? " for reading" : "", until,
                cli->keep ? ", also after a reboot" : "; not after a reboot");
        terminal_print(cli->out, cli->argument);
        fputs("` ends it sooner.\n", cli->out);
        return EXIT_WELL;
}

int cli_revoke(const struct cli *cli)
{
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_revoke(bus, cli->argument);
        if (r != BUS_OK)
                return failed(cli, bus, r);
        fputs("The grant is over, and the policy decides again. What is to be shut and is in use gets two minutes, "
              "and\n"
              "whoever sits here is told.\n",
              cli->out);
        return EXIT_WELL;
}
