/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How the gate stands, read from /sys and from the files of lekdicht-gate. */

#include <stdbool.h>

#define GATEVIEW_BUSES   3U
#define GATEVIEW_WHY_MAX 128U /* bytes of why a boot left the gate open, NUL included */

enum gate_bus { BUS_CLOSED, BUS_OPEN, BUS_ABSENT };
enum gate { GATE_CLOSED, GATE_OPEN, GATE_PARTLY };
enum gate_wish { GATE_WISH_CLOSED, GATE_WISH_OPEN, GATE_WISH_AUDIT };

struct gateview {
        enum gate_bus buses[GATEVIEW_BUSES]; /* scsi, mmc, memstick */
        enum gate gate;                      /* closed: all three buses are; open: none is; else partly */
        enum gate_wish wish;                 /* /etc/lekdicht/gate.open */
        bool opened;                /* /run/lekdicht/open: opened by command, perhaps until the next boot only */
        char why[GATEVIEW_WHY_MAX]; /* in it: why this boot left it open; "" for a command */
};

/* Never fails: what cannot be read is absent. */
void gateview_read(const char *sys, const char *run, const char *etc, struct gateview *ret);

const char *gateview_bus(unsigned i); /* "scsi" ... */
const char *gateview_bus_state(enum gate_bus state);
const char *gateview_gate(enum gate gate);
const char *gateview_wish(enum gate_wish wish);
