/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Keeps the gate as it is meant to be: closed, unless the school's policy is in audit mode or someone opened it by
 * command. That wish is in files of lekdicht-gate, which are watched; what is so is in /sys, which is read back. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/gatekeeper.h"
#include "agent/gateview.h"

/* After the files changed: someone runs lekdicht-gate and is given that long to finish, before anything is put
 * right. */
#define GATEWATCH_GRACE_USEC 3000000ULL
/* While the gate is being closed no device is refused, so that what carries the system is found first; but not
 * longer than this, for the closing may hang in a sick device. */
#define GATEWATCH_CLOSING_USEC 10000000ULL

struct gatewatch_ops {
        /* The gate is now meant to be open, or closed, or it is the first time. */
        void (*changed)(void *userdata, bool open);
        /* /run/lekdicht/exempt changed. */
        void (*exempts_changed)(void *userdata);
        void *userdata;
};

struct gatewatch;

/* The strings are borrowed. 0 or -errno. */
int gatewatch_new(sd_event *loop, const char *sys, const char *run, const char *etc, struct gatekeeper *gatekeeper,
                  const struct gatewatch_ops *ops, struct gatewatch **ret);
struct gatewatch *gatewatch_free(struct gatewatch *gatewatch);

/* Whether the policy is in audit mode. Follow with gatewatch_check(). */
void gatewatch_set_audit(struct gatewatch *gatewatch, bool audit);
/* Look, tell what changed, and put right what is not as it is meant to be. */
void gatewatch_check(struct gatewatch *gatewatch);
/* Open or close by command, now. 0 or -errno; the end comes through the gatekeeper. */
int gatewatch_command(struct gatewatch *gatewatch, enum verb verb);
/* What the gatekeeper tells of its device GATEKEEPER_GLOBAL. */
void gatewatch_result(struct gatewatch *gatewatch, const struct gatekeeper_result *result);

/* How it stands, read now. */
void gatewatch_view(struct gatewatch *gatewatch, struct gateview *ret);
bool gatewatch_is_audit(const struct gatewatch *gatewatch);
