/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht gate open | close: asks the agent, which asks polkit and then lets lekdicht-gate do it. Comes back when it is
 * done. */

#include "cli/bus.h"
#include "cli/cli.h"
#include "cli/exit.h"
#include "cli/trouble.h"
#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)

static int set_gate(const struct cli *cli, bool open)
{
        const struct trouble_verb verb = {
                .may = "open or shut the gate",
                .without = open ? "lekdicht-gate open" : "lekdicht-gate close",
        };
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_set_gate(bus, open);
        if (r != BUS_OK)
                return trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        if (open)
                fputs("The gate is open: all removable storage opens, also after a reboot.\n"
                      "`lekdicht gate close` shuts it again.\n",
                      cli->out);
        else
                fputs("The gate is closed: removable storage opens only where the policy allows it.\n", cli->out);
        return EXIT_WELL;
}

int cli_gate_open(const struct cli *cli)
{
        return set_gate(cli, true);
}

int cli_gate_close(const struct cli *cli)
{
        return set_gate(cli, false);
}
