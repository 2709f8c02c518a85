/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is recorded of a grant, and what whoever sits at the laptop is told of it. */

#include "agent/lease.h"
#include "agent/plugs.h"
#include "agent/record.h"

/* One EVENT_GRANT_...; what: how it came to that, before until when it is open and why; shown_usec: as lease_verdict(). */
void leasetell_record(const struct lease *lease, uint64_t shown_usec, enum event_name name, const char *what,
                      struct record_receipt *ret);
/* The notice about the device it opened; receipt: of the event that says the same. Borrows from the device. */
void leasetell_notice(const struct lease *lease, const struct device *device, enum plug_news news,
                      const struct record_receipt *receipt, struct plug_notice *ret);
/* How it ended with that device (NULL: it is not there), for EVENT_GRANT_ENDED. Returns text. */
const char *leasetell_end(const struct lease *lease, const struct device *device, char *text, size_t size);
