/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The gate as the kernel itself holds it, for when there is no agent to ask: `drivers_autoprobe` of the buses that
 * storage hangs on (Documentation/ABI/testing/sysfs-bus-..., drivers/base/bus.c). Everybody may read it. */

#include <stdbool.h>

#define KERNEL_BUSES 3U

enum kernel_bus {
        KERNEL_BUS_CLOSED,
        KERNEL_BUS_OPEN,
        KERNEL_BUS_ABSENT,  /* not in this kernel now */
        KERNEL_BUS_UNKNOWN, /* there, but it could not be read or said something else than 0 or 1 */
};

enum kernel_gate {
        KERNEL_GATE_CLOSED, /* every bus that is there is closed, and one is there */
        KERNEL_GATE_OPEN,   /* every bus that is there is open */
        KERNEL_GATE_PARTLY, /* neither */
        KERNEL_GATE_NO_BUS, /* none is there */
};

struct kernel {
        enum kernel_bus buses[KERNEL_BUSES];
        bool armed; /* lekdicht-gate closed it: a bus that is loaded later is closed when it comes */
        enum kernel_gate gate;
};

extern const char *const kernel_bus_names[KERNEL_BUSES]; /* "scsi", "mmc", "memstick" */

/* "closed", "open", "absent", "unknown" */
const char *kernel_bus_word(enum kernel_bus bus);

/* sys_root: "/sys", run_root: "/run/lekdicht". Never fails: what cannot be read is said so in *ret. */
void kernel_read(const char *sys_root, const char *run_root, struct kernel *ret);

/* One plain sentence, without a full stop: what holds at this moment. Static. */
const char *kernel_says(const struct kernel *kernel);
