/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What happened, for the journal: one structured entry each. No serial, no user, no name of the machine. When stderr
 * is not the journal (in the foreground), the message is shown there too. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "agent/device.h"
#include "agent/verb.h"

struct record_sink {
        /* As sd_journal_sendv(). */
        int (*send)(void *userdata, const struct iovec *fields, int n);
        void *userdata;
};

/* NULL: the journal itself. */
void record_init(const struct record_sink *sink);

void record_started(const char *version);
void record_stopped(void);

/* The verdict on a device; usec from its first event to the verdict. open: nothing was done, for the gate is open. */
void record_verdict(const struct device *device, bool open, uint64_t usec);
/* Someone switched a refused device on again. */
void record_device_drift(const struct device *device, const char *target);
/* The gate could not do it: for good, or to be tried again. */
void record_gate_trouble(const char *name, enum verb verb, int status, const char *output, bool retry);
void record_gate_slow(const char *name, enum verb verb);

void record_gate_closed(void);
void record_gate_opened(const char *why);
void record_gate_drift(const char *what);
void record_gate_exempt(const char *name, const char *carries);

void record_policy_applied(const char *source, unsigned version, bool audit);
void record_policy_rejected(const char *error);

/* Something for the log alone; priority as in syslog. */
void record_note(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
