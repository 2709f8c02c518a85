/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The kernel's answer counts, not what we remember having done. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/gateview.h"
#include "common/cleanup.h"
#include "common/sysfs.h"

static const char *const buses[GATEVIEW_BUSES] = { "scsi", "mmc", "memstick" };

const char *gateview_bus(unsigned i)
{
        return buses[i];
}

static enum gate_bus read_bus(const char *sys, const char *name)
{
        CLEANUP(cleanup_close) int fd = -1;
        char path[PATH_MAX];
        uint64_t autoprobe;

        snprintf(path, sizeof(path), "%s/bus/%s", sys, name);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || sysfs_read_number(fd, "drivers_autoprobe", 10, 1, &autoprobe) < 0)
                return BUS_ABSENT;
        return autoprobe ? BUS_OPEN : BUS_CLOSED;
}

static enum gate_wish read_wish(const char *etc)
{
        CLEANUP(cleanup_close) int fd = open(etc, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char text[32];

        if (fd < 0 || faccessat(fd, "gate.open", F_OK, 0) < 0)
                return GATE_WISH_CLOSED;
        if (sysfs_read_text(fd, "gate.open", text, sizeof(text)) > 0 && strcmp(text, "audit") == 0)
                return GATE_WISH_AUDIT;
        return GATE_WISH_OPEN;
}

static void read_why(const char *run, char *ret, size_t size)
{
        static const char key[] = "why=";
        CLEANUP(cleanup_close) int fd = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
        char text[sizeof(key) - 1 + GATEVIEW_WHY_MAX];

        ret[0] = '\0';
        if (fd >= 0 && sysfs_read_text(fd, "open", text, sizeof(text)) > 0 && strncmp(text, key, strlen(key)) == 0)
                snprintf(ret, size, "%s", text + strlen(key));
}

void gateview_read(const char *sys, const char *run, const char *etc, struct gateview *ret)
{
        unsigned closed = 0, open_ = 0;
        char path[PATH_MAX];

        for (unsigned i = 0; i < GATEVIEW_BUSES; i++) {
                ret->buses[i] = read_bus(sys, buses[i]);
                closed += ret->buses[i] == BUS_CLOSED;
                open_ += ret->buses[i] == BUS_OPEN;
        }
        ret->gate = closed == GATEVIEW_BUSES ? GATE_CLOSED : closed == 0 && open_ > 0 ? GATE_OPEN : GATE_PARTLY;
        ret->wish = read_wish(etc);
        snprintf(path, sizeof(path), "%s/open", run);
        ret->opened = access(path, F_OK) == 0;
        read_why(run, ret->why, sizeof(ret->why));
}

const char *gateview_bus_state(enum gate_bus state)
{
        switch (state) {
        case BUS_CLOSED:
                return "closed";
        case BUS_OPEN:
                return "open";
        case BUS_ABSENT:
                return "absent";
        }
        return "unknown";
}

const char *gateview_gate(enum gate gate)
{
        switch (gate) {
        case GATE_CLOSED:
                return "closed";
        case GATE_OPEN:
                return "open";
        case GATE_PARTLY:
                return "partly";
        }
        return "unknown";
}

const char *gateview_wish(enum gate_wish wish)
{
        switch (wish) {
        case GATE_WISH_CLOSED:
                return "closed";
        case GATE_WISH_OPEN:
                return "open";
        case GATE_WISH_AUDIT:
                return "audit";
        }
        return "unknown";
}
