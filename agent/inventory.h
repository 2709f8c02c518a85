/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The storage devices that are present. Events and enumerations go in, whatever their order; each time /sys is read and
 * the device judged anew (decide.c). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/decide.h"
#include "agent/device.h"
#include "agent/watch.h"
#include "policy/policy.h"

#define INVENTORY_DEVICES_MAX 512U /* more are not judged: the gate holds them */

/* After the last LUN of a device appeared: so long until no more are expected. The kernel scans them one after
 * another. */
#define INVENTORY_SETTLE_USEC 2000000ULL

/* So long a card reader may take until it is known what is in it; then it is refused as a stick is. */
#define INVENTORY_READER_USEC 8000000ULL

#define INVENTORY_NEVER UINT64_MAX

struct inventory;

/* sys is "/sys", run "/run/lekdicht". ops is borrowed. */
int inventory_new(const char *sys, const char *run, const struct decide_ops *ops, struct inventory **ret);
struct inventory *inventory_free(struct inventory *inventory);

/* Borrowed until the next call. Nothing is judged before inventory_judge_all(). */
void inventory_set_policy(struct inventory *inventory, const struct policy *policy);
/* The gate is meant to be open: devices are judged and recorded only. */
void inventory_set_open(struct inventory *inventory, bool open);
/* Read /run/lekdicht/exempt again. 0 or -ENOMEM, and then the old ones stay. */
int inventory_read_exempts(struct inventory *inventory);
/* They may be marked as told. */
struct exempts *inventory_exempts(struct inventory *inventory);

/* Judge all again, and try again what failed. */
void inventory_judge_all(struct inventory *inventory);
/* Judge those again of which the rules may say something else by today (policy/policy.h). */
void inventory_judge_due(struct inventory *inventory, unsigned today);
/* Judge those again of which the rules may say something else when other people are here. */
void inventory_judge_users(struct inventory *inventory);
/* Judge one again, and try again what failed. */
void inventory_judge(struct inventory *inventory, struct device *device);
/* From now on being in use is no reason to leave it open when it is to be shut or made read-only. */
void inventory_cut(struct inventory *inventory, struct device *device);
void inventory_event(struct inventory *inventory, const struct watch_event *event);

/* Forget what is gone; before or after a watch_enumerate(). */
void inventory_prune(struct inventory *inventory);

/* What became of a wish; with retry the gatekeeper will try again by itself. said is the gate's own words. */
void inventory_result(struct inventory *inventory, uint64_t device, uint64_t target, enum verb verb, enum deed deed,
                      bool retry, const char *said);
/* What a USB device calls itself, cleaned; "" where it says nothing. */
void inventory_strings(struct inventory *inventory, uint64_t device, const char *text, const char *serial);

/* What is in the logical unit that is watched under that target's id. */
void inventory_medium(struct inventory *inventory, uint64_t target, enum medium medium);

/* Judge the devices whose last LUN was seen, or for which was waited, long enough ago. Returns when to call again (CLOCK_MONOTONIC), or
 * INVENTORY_NEVER. */
uint64_t inventory_settle(struct inventory *inventory, uint64_t now_usec);

/* From now on what comes is plugged in; until now it was there already. */
void inventory_begin(struct inventory *inventory);

/* The list, and the device of that kernel name or NULL. Changed by any of the calls above. */
struct device *inventory_first(const struct inventory *inventory);
struct device *inventory_find(struct inventory *inventory, const char *name);
struct device *inventory_find_id(struct inventory *inventory, uint64_t id);
/* What decide_judge() needs, for an answer without consequences. */
const struct decide *inventory_decide(const struct inventory *inventory);

/* ---- for discover.c ---- */

/* The device of that path if it is still the one we know. Another instance's remains are cleared away. */
struct device *inventory_find_alive(struct inventory *inventory, const char *devpath);
/* A USB device that has no storage: perhaps it is what one of ours has become. Not kept. */
void inventory_not_storage(struct inventory *inventory, const struct device *device);
/* Takes the device. NULL: full, and it was freed. */
struct device *inventory_add(struct inventory *inventory, struct device *device);
void inventory_drop_interface(struct inventory *inventory, struct device *device, size_t i);
void inventory_drop_lun(struct inventory *inventory, struct device *device, size_t i);
