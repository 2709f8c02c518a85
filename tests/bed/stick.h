/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the agent plug in most, and what they ask about it. */

#include <stdio.h>
#include <string.h>

#include "agent/inventory.h"
#include "agent/parts.h"
#include "tests/bed/scene.h"

static const struct bed_usb stick = { .port = "1-2",
                                      .vendor = 0x0951,
                                      .product = 0x1666,
                                      .manufacturer = "Kingston",
                                      .name = "DataTraveler",
                                      .serial = "60A44C4252E1E4A1",
                                      .devnum = 5,
                                      .interfaces = { BED_BOT } };

/* A keyboard with a disk in it: only the disk is refused. */
static const struct bed_usb composite = {
        .port = "1-3", .vendor = 0x1d6b, .product = 0x0104, .devnum = 8, .interfaces = { BED_HID, BED_BOT }
};

/* The path of interface n of configuration 1; valid until the next call. */
static inline const char *interface_of(const struct bed_usb *usb, const char *devpath, unsigned n)
{
        static char path[BED_PATH * 2];

        snprintf(path, sizeof(path), "%s/%s:1.%u", devpath, usb->port, n);
        return path;
}

static inline bool is_off(const char *devpath)
{
        const char *authorized = bed_get(&scene.bed, devpath, "authorized");

        return authorized && strcmp(authorized, "0") == 0;
}

/* What the agent makes of the device of that name. */
static inline const char *state_of(const char *name)
{
        const struct device *device = inventory_find(scene.agent->inventory, name);

        return device ? device_state_name(device->state) : "unknown";
}
