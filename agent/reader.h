/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Card readers that are built in, or in a dock or a printer (device->reader): what decide.c asks about them. */

#include <stdbool.h>

#include "agent/decide.h"
#include "agent/device.h"

/* Is it known what is in it? Then it is held, not switched off. */
bool reader_is_watched(const struct device *device);
/* Is there a card in it? */
bool reader_has_card(const struct device *device);
/* With the gate open, where the kernel's own drivers ask: is it a reader, and is there no card? Such a disk has no size. */
bool reader_is_empty(const struct device *device);

/* Ask for cards, or do not any more: the rules refuse what would be in it, and it is not refused as a whole. An open gate asks
 * by itself. */
void reader_watch(const struct decide *decide, struct device *device, bool refused);
/* If there is no card: the next one is a plug of its own; and that the reader was empty is said once. */
void reader_note_empty(const struct decide *decide, struct device *device);
