/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where grants are written down: all of them below /run, which is empty after a boot, and those that are to outlive one in
 * a file that does. One line each, root's alone: there are serials in it. */

#include <stdbool.h>
#include <stddef.h>

#include "agent/lease.h"

struct leasefile;

/* path: a file below /run; kept: one that outlives a boot, or NULL; nothing is read yet. 0 or -ENOMEM. */
int leasefile_new(const char *path, const char *kept, struct leasefile **ret);
struct leasefile *leasefile_free(struct leasefile *file);

/* Up to max of them, and how many. Lines that make no sense are none. *ret_rebooted: they are those that were kept, and
 * this is the first look at them in this boot. */
size_t leasefile_read(struct leasefile *file, struct lease *leases, size_t max, bool *ret_rebooted);
/* From now on there are these n. False: not all could be written; try again. */
bool leasefile_write(struct leasefile *file, const struct lease *leases, size_t n);
