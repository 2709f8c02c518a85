/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Give up what looking at a disk does not need, before its first byte is read: the descriptors are there already. */

#define CONFINE_MEMORY  (256U * 1024U * 1024U) /* bytes of address space */
#define CONFINE_SECONDS 10U                    /* of processor time */
#define CONFINE_FILES   4U                     /* descriptors 0 to 3, and no other */

/* Limits, no new privileges, the user and group nobody (for root; who is not root stays who he is), and a filter that lets
 * nothing but reading, memory and the answer pass. 0 or -errno; then nothing may be looked at. */
int confine(void);
