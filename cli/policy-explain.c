/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht policy explain DEVICE|CLIENT|PID: what it is, what happens to it, by which rule and why; and, when it does not
 * open, how it would. The agent judges it now, with the policy it holds; nothing is done to the device. What is no device may
 * be a client: client-explain.c.
 *
 * --json: the object of device.h, for a client that of clients.c; when the agent does not answer, the object of trouble.h. */

#include <string.h>

#include "cli/client-explain.h"
#include "cli/device.h"
#include "cli/devices.h"
#include "cli/exit.h"
#include "cli/policy-explain.h"
#include "cli/terminal.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)

static void line(FILE *file, const char *label, const char *text)
{
        fprintf(file, "  %-7s ", label);
        terminal_print(file, text);
        fputc('\n', file);
}

/* Where the lines are that would let it in. Only for what a rule refused and what a policy can name. */
static void print_way_in(const struct cli *cli, const struct answer_device *device)
{
        if (strcmp(device->state, "refused") != 0 && !device->audit)
                return;
        if (*device->vendor == '\0' && !device->serial)
                return;
        fputs("\nTo let it in, IT adds to ", cli->out);
        terminal_print(cli->out, cli->policy);
        fputs(" what this prints:\n\n  sudo lekdicht learn ", cli->out);
        terminal_print(cli->out, device->id);
        fputc('\n', cli->out);
}

static void print_words(const struct cli *cli, const struct answer_device *device)
{
        CLEANUP(cleanup_free) char *nodes = device_nodes(device);
        const char *kind = device_kind_words(device->kind), *state = device_state_words(device->state);
        char when[WHEN_MAX], text[512], usb_id[64];

        device_usb_id(device, usb_id, sizeof(usb_id));
        terminal_print(cli->out, device->id);
        fputs(" is a ", cli->out);
        terminal_print(cli->out, kind ? kind : device->kind);
        if (*usb_id) {
                fputs(", USB ", cli->out);
                terminal_print(cli->out, usb_id);
        }
        if (*device->name) {
                fputs(", and calls itself \"", cli->out);
                terminal_print(cli->out, device->name);
                fputc('"', cli->out);
        }
        fputs(".\n\n", cli->out);

        when_short(device->since, cli->now, when);
        snprintf(text, sizeof(text), "%s%s%s", device->state, state ? ": " : "", state ? state : "");
        line(cli->out, "state", text);
        line(cli->out, "since", when);
        line(cli->out, "rule", device->rule);
        line(cli->out, "why", device->reason);
        if (device->users)
                line(cli->out, "users",
                     "it depends on who is at the screen: it is judged again when people come and go");
        if (nodes && *nodes)
                line(cli->out, "nodes", nodes);
        print_way_in(cli, device);
}

int policy_explain_print(const struct cli *cli, const struct answer_device *device)
{
        struct jsonw json;

        if (!cli->json) {
                print_words(cli, device);
                return EXIT_WELL;
        }
        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        device_json(&json, device);
        return jsonw_finish(&json) < 0 ? EXIT_WRONG : EXIT_WELL;
}

int cli_policy_explain(const struct cli *cli)
{
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct answer_device device;
        int r, code;

        r = bus_new(&bus);
        if (r == BUS_OK && client_explain_is_pid(cli->argument))
                return client_explain(cli, bus, &code) ? code : EXIT_WRONG;
        if (r == BUS_OK)
                r = bus_explain(bus, cli->argument, &device);
        if (r == BUS_UNKNOWN_DEVICE && client_explain(cli, bus, &code))
                return code;
        if (r != BUS_OK)
                return devices_trouble(cli, bus, r);
        r = policy_explain_print(cli, &device);
        answer_device_clear(&device);
        return r;
}
