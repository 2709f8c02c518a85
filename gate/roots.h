/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where the kernel and our own few files are. A parameter, so that the tests can stand up a machine of their own; the
 * installed program has no switch for it. */

struct roots {
        const char *sys;      /* "/sys" */
        const char *proc;     /* "/proc" */
        const char *dev;      /* "/dev" */
        const char *run;      /* "/run/lekdicht": what holds until the next boot */
        const char *etc;      /* "/etc/lekdicht": the wish, which outlasts it */
        const char *udev;     /* "/run/udev" */
        const char *modprobe; /* program that loads a module */
        const char *probe;    /* lekdicht-probe */
};
