/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* An event in as few bytes as it has, for a queue of a thousand: the struct has room for the largest. */

#include <stdint.h>

#include "common/event.h"

struct spoolpack;

/* A copy, for the caller to free(). NULL: out of memory. */
struct spoolpack *spoolpack_new(const struct event *event);

/* The event again; seq is not part of a pack and becomes the one given. */
void spoolpack_event(const struct spoolpack *pack, uint64_t seq, struct event *ret);
