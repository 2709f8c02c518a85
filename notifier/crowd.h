/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Many devices: some get a notice of their own, and one notice says how many others there were. */

#include "notifier/show.h"

struct crowd;

/* show: borrowed. */
struct crowd *crowd_new(struct show *show);

/* Show it, or count it. What closes, and programs, are always shown: there are few of them and they cannot wait. */
void crowd_notice(struct crowd *crowd, const struct notice *notice);

/* Accepts NULL; returns NULL. */
struct crowd *crowd_free(struct crowd *crowd);
