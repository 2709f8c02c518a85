/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Is it a phone, tablet, player or camera, and which of its interfaces give its files away? Pure. */

#include <stdbool.h>

#include "agent/usbdesc.h"
#include "policy/facts.h"

#define PHONE_STRING_MAX 128U /* bytes of an interface's string that are looked at */

/* What udev's rules and tables know of the device (69-zz-lekdicht-phone.rules): many a player says nothing of itself. */
enum phone_told { PHONE_TOLD_NOTHING, PHONE_TOLD_PTP, PHONE_TOLD_MTP };

/* "mtp", "ptp"; everything else tells nothing that the descriptors do not. Accepts NULL. */
enum phone_told phone_told_from(const char *text);

/* An interface as the kernel has it. */
struct phone_interface {
        struct usbdesc_interface usb;
        const char *string; /* what it calls itself (iInterface); "" when it says nothing */
        bool driven;        /* the kernel has a driver of its own for it: a modem, a network card */
};

/* The kind that this interface is of, or -ENOENT: tethering, sound, charging and whatever else a phone is. */
int phone_kind(const struct usbdesc *desc, enum phone_told told, const struct phone_interface *interface);

/* The kinds (1U << enum storage_kind each) that the descriptors let expect; the interfaces' strings may tell more. 0: none. */
unsigned phone_kinds(const struct usbdesc *desc, enum phone_told told);
