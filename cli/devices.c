/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht devices: the storage devices that are plugged in, one a line, with the rule that decided.
 *
 * --json: { "devices": [ object of device.h, ... ] }; when the agent does not answer, the object of trouble.h.
 *
 * Exit code: 1 when one of them is not as its rule says ("failed", "busy"). */

#include <errno.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/device.h"
#include "cli/devices.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/trouble.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/jsonw.h"

#define USB_ID_MAX 64U /* bytes shown of vendor:product */

DEFINE_CLEANUP(cleanup_bus, struct bus *, bus_free)
DEFINE_CLEANUP(cleanup_table, struct table *, table_free)

static int add_row(const struct cli *cli, struct table *table, const struct answer_device *device)
{
        CLEANUP(cleanup_free) char *nodes = device_nodes(device);
        char since[WHEN_MAX], usb_id[USB_ID_MAX];

        if (!nodes)
                return -ENOMEM;
        when_short(device->since, cli->now, since);
        device_usb_id(device, usb_id, sizeof(usb_id));
        return table_add(table, (const char *const[]){
                                        device->id,
                                        device->state,
                                        since,
                                        device->kind,
                                        *usb_id ? usb_id : "-",
                                        *device->name ? device->name : "-",
                                        *nodes ? nodes : "-",
                                        device->reason[0] ? device->reason : device->rule,
                                });
}

static int print_table(const struct cli *cli, const struct answer_devices *devices)
{
        static const char *const titles[] = { "DEVICE", "STATE",        "SINCE", "KIND",
                                              "USB ID", "CALLS ITSELF", "NODES", "WHY" };
        CLEANUP(cleanup_table) struct table *table = NULL;
        int r;

        if (devices->n == 0) {
                fputs("No removable storage is plugged in.\n", cli->out);
                return 0;
        }
        r = table_new(sizeof(titles) / sizeof(titles[0]), &table);
        if (r < 0)
                return r;
        r = table_add(table, titles);
        for (size_t i = 0; i < devices->n && r == 0; i++)
                r = add_row(cli, table, &devices->items[i]);
        if (r < 0)
                return r;
        table_print(table, cli->out);
        return 0;
}

static int print_json(const struct cli *cli, const struct answer_devices *devices)
{
        struct jsonw json;

        jsonw_init_file(&json, cli->out, JSONW_INDENT);
        jsonw_begin_object(&json, NULL);
        jsonw_begin_array(&json, "devices");
        for (size_t i = 0; i < devices->n; i++)
                device_json(&json, &devices->items[i]);
        jsonw_end_array(&json);
        jsonw_end_object(&json);
        return jsonw_finish(&json);
}

int devices_print(const struct cli *cli, const struct answer_devices *devices)
{
        int r, code = EXIT_WELL;

        r = cli->json ? print_json(cli, devices) : print_table(cli, devices);
        if (r < 0) {
                fprintf(cli->err, "lekdicht: cannot print: %s\n", strerror(-r));
                return EXIT_WRONG;
        }
        for (size_t i = 0; i < devices->n; i++)
                if (strcmp(devices->items[i].state, "failed") == 0 || strcmp(devices->items[i].state, "busy") == 0)
                        code = EXIT_WRONG;
        return code;
}

void devices_print_present(const struct cli *cli, struct bus *bus)
{
        struct answer_devices devices;

        if (cli->json || bus_devices(bus, &devices) != BUS_OK)
                return;
        fputs(devices.n ? "Plugged in:" : "No removable storage is plugged in.", cli->err);
        for (size_t i = 0; i < devices.n; i++) {
                fputc(' ', cli->err);
                terminal_print(cli->err, devices.items[i].id);
        }
        fputc('\n', cli->err);
        answer_devices_clear(&devices);
}

int devices_trouble(const struct cli *cli, struct bus *bus, int answer)
{
        static const struct trouble_verb verb = { .may = "ask about devices when nobody is logged in at the screen" };
        int code;

        if (answer == -EINVAL) /* not UTF-8: no device has such a name */
                answer = BUS_UNKNOWN_DEVICE;
        code = trouble_say(cli, answer, bus ? bus_message(bus) : "", &verb);
        if (answer == BUS_UNKNOWN_DEVICE)
                devices_print_present(cli, bus);
        return code;
}

int devices_ask(const struct cli *cli, struct answer_device *ret)
{
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_explain(bus, cli->argument, ret);
        return r == BUS_OK ? EXIT_WELL : devices_trouble(cli, bus, r);
}

int cli_devices(const struct cli *cli)
{
        static const struct trouble_verb verb = { .may = "see the devices when nobody is logged in at the screen" };
        CLEANUP(cleanup_bus) struct bus *bus = NULL;
        struct answer_devices devices;
        int r;

        r = bus_new(&bus);
        if (r == BUS_OK)
                r = bus_devices(bus, &devices);
        if (r != BUS_OK)
                return trouble_say(cli, r, bus ? bus_message(bus) : "", &verb);
        r = devices_print(cli, &devices);
        answer_devices_clear(&devices);
        return r;
}
