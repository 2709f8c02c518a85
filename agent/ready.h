/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* When systemd is told that we are ready: what was there at the start is judged, dealt with and recorded by then, so that
 * nobody logs in before (lekdichtd.service is ordered so). A device that keeps the kernel waiting does not keep a laptop
 * from booting. */

#include <systemd/sd-event.h>

#define READY_MAX_USEC 5000000ULL /* so long the boot waits for a device */

struct inventory;
struct plugs;
struct ready;

/* Look now, and after all that happens, until it is so; then tell by sd_notify(3), once. Both are borrowed. 0 or -errno,
 * and then it was told. */
int ready_new(sd_event *loop, const struct inventory *inventory, const struct plugs *plugs, struct ready **ret);
struct ready *ready_free(struct ready *ready);
