/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The three buses on which a block driver binds to something removable. While `drivers_autoprobe` of a bus is 0, a new
 * device is enumerated but no driver binds to it, so that no block device appears (Documentation/ABI/testing/sysfs-bus,
 * drivers/base/bus.c). Keyboards, hubs, sound and network sit on other buses and are not touched. */

#include <stdbool.h>
#include <stddef.h>

#include "gate/roots.h"

#define BUS_MODULES 3

struct bus {
        const char *name; /* below /sys/bus */
        /* The bus and its block drivers, which must be there before the bus is closed: a driver that is loaded later
         * binds nothing, not even what was released. */
        const char *modules[BUS_MODULES];
};

#define BUSES 3
extern const struct bus buses[BUSES];

/* The bus of that name, or NULL. */
const struct bus *bus_by_name(const char *name);

/* Load the modules of a bus. What is built in or does not exist for this kernel is no error here: bus_state() tells. */
void bus_load(const struct roots *roots, const struct bus *bus);

enum bus_state { BUS_ABSENT, BUS_CLOSED, BUS_OPEN, BUS_UNREADABLE };
enum bus_state bus_state(const struct roots *roots, const struct bus *bus);
const char *bus_state_name(enum bus_state state);

/* Write drivers_autoprobe and read it back. 0; -ENOENT: there is no such bus; -EIO: the value did not stay; -errno. */
int bus_set(const struct roots *roots, const struct bus *bus, bool open);

/* Ask the bus to find a driver for one device by name (`drivers_probe`). The return value says only that the kernel took
 * the name: whether a driver bound is for the caller to look up. Blocks while the disk is first read. */
int bus_probe(const struct roots *roots, const struct bus *bus, const char *device);

/* Call back with each device on the bus: an O_PATH descriptor of its directory and its name. Stops at the first
 * non-zero answer and returns it. A device that leaves meanwhile is passed over. */
int bus_foreach(const struct roots *roots, const struct bus *bus,
                int (*callback)(int dirfd, const char *name, void *userdata), void *userdata);
