/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How lekdicht-probe answers: its exit code, and one line on its standard output that says why (plain ASCII, of our own
 * words and libblkid's names of formats; nothing from the disk). The gate relies on both; any other code is trouble. */
enum probe_answer {
        PROBE_ENCRYPTED = 0, /* all of it */
        PROBE_PLAIN = 1,     /* not all of it, or not for sure */
        PROBE_TROUBLE = 2,   /* it could not be read, or the call was wrong */
};

#define PROBE_PARTS_MAX 128U /* partitions of one disk; a disk with more is refused */
#define PROBE_WHY_MAX   160U /* bytes of that line, NUL included */
