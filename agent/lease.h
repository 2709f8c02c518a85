/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A grant for a while: this device, so far open, until then, for that reason. On the bus and to people it is a grant; here
 * it is a lease, for the gate's grants are something else (gate/state.h). Pure: the time is an argument, in microseconds of
 * CLOCK_BOOTTIME, which goes on while the laptop sleeps and cannot be set. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/device.h"

#define LEASE_MINUTES_MIN    3U           /* shorter, and its warning would come with its beginning */
#define LEASE_MINUTES_MAX    1440U        /* a day; what is needed longer belongs in the policy, with an `until` */
#define LEASE_REASON_MAX     120U         /* bytes of the reason, without the NUL */
#define LEASE_WARN_USEC      120000000ULL /* so long before its end it is warned of */
#define LEASE_EXTENSION_USEC 120000000ULL /* what is in use at the end gets so much more, once */
#define LEASE_PORT_MAX       512U         /* bytes of a path in /sys, NUL included */
#define LEASE_NAME_MAX       64U          /* bytes of a kernel name, NUL included */
#define LEASE_LINE_MAX       1536U        /* bytes of a lease as text, NUL included */
#define LEASE_RULE           "grant"      /* what a verdict names as its rule */
#define LEASE_NEVER          UINT64_MAX

enum lease_phase {
        LEASE_HOLDS,
        LEASE_WARNED,
        LEASE_CLOSING,  /* it is over, and the gate is at it */
        LEASE_EXTENDED, /* it was in use: for reading and writing it stays, until the end that was moved */
        LEASE_CUTTING,  /* the same for good */
        LEASE_OVER,     /* nothing is left to be done */
        _LEASE_PHASE_MAX,
};

struct lease {
        unsigned number; /* from 1: the same for what is said of one grant, and for no other */

        /* The device, by what plugging it in again keeps: bus, ids, and its serial, or else where it is plugged in. */
        enum device_bus bus;
        bool has_usb_id;
        uint16_t vendor, product;
        char serial[DEVICE_SERIAL_MAX]; /* "": it has none that tells it from others */
        char port[LEASE_PORT_MAX];      /* "/devices/..." */

        char name[LEASE_NAME_MAX]; /* its kernel name when it was given */
        enum storage_kind kind;
        bool private; /* a phone: nobody writes down which one */

        enum access access; /* ACCESS_READ_ONLY or ACCESS_ALLOW */
        char reason[LEASE_REASON_MAX + 1];
        bool keep;    /* over a reboot too */
        bool revoked; /* taken back before its time */
        bool used;    /* something opened under it */
        enum lease_phase phase;
        uint64_t end_usec;      /* CLOCK_BOOTTIME */
        uint64_t end_wall_usec; /* since 1970, by the time that does not go back (today.h): for a reboot */
};

enum lease_match {
        LEASE_NOT,
        LEASE_MAYBE, /* its serial has not been read yet, and decides */
        LEASE_IS,
};

/* A lease of this device, of which everything but the device is still to be filled in; its serial must have been read.
 * 0; -ENAMETOOLONG when its path is longer than any that is known. */
int lease_init(struct lease *lease, const struct device *device);

/* Is it about this device? */
enum lease_match lease_match(const struct lease *lease, const struct device *device);
/* Does it open anything at that time? */
bool lease_holds(const struct lease *lease, uint64_t now_usec);

/* What it makes of the device: the verdict. shown_usec: its end as the clock shows it, CLOCK_REALTIME. */
void lease_verdict(const struct lease *lease, uint64_t shown_usec, struct verdict *ret);
/* "open until 14:30: reason" or "open for reading until ...". Returns text. */
const char *lease_words(const struct lease *lease, uint64_t shown_usec, char *text, size_t size);

/* When the next step is due; LEASE_NEVER: not by time. */
uint64_t lease_due(const struct lease *lease);
/* Go on to the phase that time has brought, one at a time. What is to be done: */
enum lease_step { LEASE_NOTHING, LEASE_WARN, LEASE_CLOSE, LEASE_CUT };
enum lease_step lease_step(struct lease *lease, uint64_t now_usec);
/* Its end is now. False: it had come already. */
bool lease_revoke(struct lease *lease);
/* What is to be closed is in use: true the first time, and then it has got its extension. */
bool lease_extend(struct lease *lease, uint64_t now_usec);

/* As one line with its newline, and back. lease_print: its length. lease_parse: false for what is no lease within the
 * bounds above; line is without the newline and is written to. */
size_t lease_print(const struct lease *lease, char line[LEASE_LINE_MAX]);
bool lease_parse(char *line, struct lease *ret);
