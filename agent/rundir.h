/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What lekdicht-gate wrote into /run/lekdicht; the agent only reads it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNDIR_EXEMPT_MAX 64U /* exempt devices that are read; the gate itself spares the rest too */

struct exempt {
        char *name; /* kernel name of the bus device, "0:0:0:0" */
        char *devpath;
        uint64_t diskseq;
        char *carries; /* cleaned */
        bool told;     /* in the journal; for the caller's use */
};

struct exempts {
        struct exempt *items;
        size_t n;
};

/* Read exempt/: 0, also when there is none, or -ENOMEM. Lines that make no sense are passed over. */
int rundir_exempts(const char *run, struct exempts *ret);
void rundir_exempts_clear(struct exempts *exempts);

/* The entry that says that devpath, or something below it, carries the system, and is still that same disk (its diskseq
 * is compared with /sys). NULL: none. */
const struct exempt *rundir_find_exempt(const struct exempts *exempts, const char *sys, const char *devpath);

/* Did the gate deauthorise the USB device or interface of that name while its device had that devnum? */
bool rundir_refused(const char *run, const char *name, unsigned devnum);
/* Is the node of the phone of that kernel name ("1-2") and number given to users? */
bool rundir_phone(const char *run, const char *name, unsigned devnum);
/* Is the disk of that sequence number un-hidden, and for what? */
enum rundir_grant { RUNDIR_HIDDEN, RUNDIR_READ_ONLY, RUNDIR_ENCRYPTED, RUNDIR_OPEN };
enum rundir_grant rundir_granted(const char *run, uint64_t diskseq);
