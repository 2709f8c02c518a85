/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Hears of each write to `drivers_autoprobe` of the gated buses, whoever's it is: inotify sees writes through the VFS, in
 * /sys too. The kernel sends no event for it. */

#include <systemd/sd-event.h>

struct autoprobe;

typedef void (*autoprobe_callback)(void *userdata);

/* sys is borrowed. Nothing is heard before the first autoprobe_watch(). 0 or -errno. */
int autoprobe_new(sd_event *loop, const char *sys, autoprobe_callback callback, void *userdata, struct autoprobe **ret);
/* Accepts NULL; returns NULL. */
struct autoprobe *autoprobe_free(struct autoprobe *autoprobe);

/* Watch the buses there are now: the file of one that was unloaded and loaded again is another file. */
void autoprobe_watch(struct autoprobe *autoprobe);
