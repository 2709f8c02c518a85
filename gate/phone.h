/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Phones have no disk that could be granted: what opens one is its usbfs node, which 69-zz-lekdicht-phone.rules keep for root
 * until there is a file for it. */

#include <stdbool.h>

#include "gate/roots.h"

/* The node of the USB device with these numbers is for users: 0 or -errno. The rule looks at the next event that is asked for. */
int phone_give(const struct roots *roots, unsigned busnum, unsigned devnum);
/* For root alone again. True when it had been given. */
bool phone_take(const struct roots *roots, unsigned busnum, unsigned devnum);

/* The numbers in the name of such a file. */
bool phone_numbers(const char *name, unsigned *busnum, unsigned *devnum);

/* Ask udev to look again at each device that the rule has marked as a phone; `announce`: as when it came (attr_announce()). */
void phone_look_again(const struct roots *roots, bool announce);
