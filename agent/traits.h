/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Plain questions about a device and its answers so far; none changes anything. */

#include <stdbool.h>

#include "agent/device.h"

/* Has some logical unit that can be opened this answer? */
bool traits_lun_is(const struct device *device, enum assessment answer);
/* Does some open, for reading at least, or if it is encrypted? */
bool traits_opens(const struct device *device);
/* Of a device of which some opens: the most that one does, ASSESS_READ_ONLY, ASSESS_ENCRYPTED or ASSESS_ALLOWED. */
enum assessment traits_most(const struct device *device);
/* Is there a disk or disc on it, whatever the answer? */
bool traits_has_openable(const struct device *device);
/* Has it mass storage, besides being a phone or not? */
bool traits_has_storage(const struct device *device);
bool traits_is_only_phone(const struct device *device);
bool traits_has_phone_interface(const struct device *device);
/* Is everything on the device storage, or what else is refused, so that it can be refused whole? */
bool traits_is_only_storage(const struct device *device);
/* Is it deauthorised? An attribute that cannot be read belongs to a device that is going: its removal is on the way. */
bool traits_is_off(const struct target *target);
/* Is it, or one of its interfaces, meant to be refused? */
bool traits_is_refused(const struct device *device);
