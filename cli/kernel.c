/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reads three files. That they can be read without us is the point: what keeps storage shut is in the kernel. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/kernel.h"
#include "common/cleanup.h"

const char *const kernel_bus_names[KERNEL_BUSES] = { "scsi", "mmc", "memstick" };

const char *kernel_bus_word(enum kernel_bus bus)
{
        switch (bus) {
        case KERNEL_BUS_CLOSED:
                return "closed";
        case KERNEL_BUS_OPEN:
                return "open";
        case KERNEL_BUS_ABSENT:
                return "absent";
        case KERNEL_BUS_UNKNOWN:
                break;
        }
        return "unknown";
}

static enum kernel_bus read_bus(const char *sys_root, const char *name)
{
        CLEANUP(cleanup_close) int fd = -1;
        char path[PATH_MAX], answer[2];
        ssize_t n;
        int length;

        length = snprintf(path, sizeof(path), "%s/bus/%s/drivers_autoprobe", sys_root, name);
        if (length < 0 || (size_t) length >= sizeof(path))
                return KERNEL_BUS_UNKNOWN;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOENT ? KERNEL_BUS_ABSENT : KERNEL_BUS_UNKNOWN;
        n = read(fd, answer, sizeof(answer));
        if (n < 1 || (n == 2 && answer[1] != '\n'))
                return KERNEL_BUS_UNKNOWN;
        if (answer[0] == '0')
                return KERNEL_BUS_CLOSED;
        return answer[0] == '1' ? KERNEL_BUS_OPEN : KERNEL_BUS_UNKNOWN;
}

void kernel_read(const char *sys_root, const char *run_root, struct kernel *ret)
{
        unsigned closed = 0, open = 0, unknown = 0;
        char path[PATH_MAX];
        int length;

        for (unsigned i = 0; i < KERNEL_BUSES; i++) {
                ret->buses[i] = read_bus(sys_root, kernel_bus_names[i]);
                closed += ret->buses[i] == KERNEL_BUS_CLOSED;
                open += ret->buses[i] == KERNEL_BUS_OPEN;
                unknown += ret->buses[i] == KERNEL_BUS_UNKNOWN;
        }
        length = snprintf(path, sizeof(path), "%s/armed", run_root);
        ret->armed = length > 0 && (size_t) length < sizeof(path) && access(path, F_OK) == 0;

        if (closed + open + unknown == 0)
                ret->gate = KERNEL_GATE_NO_BUS;
        else if (unknown > 0 || (closed > 0 && open > 0))
                ret->gate = KERNEL_GATE_PARTLY;
        else
                ret->gate = closed > 0 ? KERNEL_GATE_CLOSED : KERNEL_GATE_OPEN;
}

const char *kernel_says(const struct kernel *kernel)
{
        switch (kernel->gate) {
        case KERNEL_GATE_CLOSED:
                return "storage stays shut: the kernel holds the gate";
        case KERNEL_GATE_OPEN:
                return "storage is OPEN: the kernel's gate is open, and new sticks and cards open too";
        case KERNEL_GATE_PARTLY:
                return "storage is only PARTLY shut: the buses differ, some sticks or cards may open";
        case KERNEL_GATE_NO_BUS:
                break;
        }
        if (kernel->armed)
                return "no storage bus is loaded in this kernel; the gate was closed and closes again with a bus that "
                       "is loaded";
        return "no storage bus is loaded in this kernel, so there is no gate to hold";
}
