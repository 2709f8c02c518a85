/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where records come from: the agent, org.lekdicht.Agent1 on the system bus. Asked of it:
 *
 *      Events(t after, u max) -> (s resource, a(ts) records)   what was recorded with a seq above `after` and not yet
 *                                                              acknowledged, oldest first, at most max
 *      Acknowledge(t seq)                                      it and all before it have arrived
 *      SetAside(t seq, s reason)                               this one will never arrive: "too-large", "unreadable" or
 *                                                              "rejected" by the collector
 *      signal Recorded()                                       there is something new; it may stand for many
 *
 * The connection is made when it is first needed, and again whenever it was lost. */

#include <stdbool.h>
#include <stdint.h>

#include "reporter/batch.h"

struct source;

/* address: of the bus, "unix:path=..."; it has to outlive the source. 0 or -ENOMEM, -errno of timerfd_create(2). */
int source_new(const char *address, struct source **ret);

/* Takes NULL, returns NULL. */
struct source *source_free(struct source *source);

/* Put the next records into an empty batch, at most BATCH_RECORDS_MAX. None is no error. Returns 0; -EBADMSG when the
 * agent's answer makes no sense; -ENOMEM; else -errno as sd-bus gives it: no bus, no agent, no permission. The batch is
 * empty after an error. */
int source_fetch(struct source *source, struct batch *batch);

/* Tell the agent that all records up to seq have arrived: the one that gave them in the last source_fetch(), and no
 * other. 0; -ENOTCONN when that one is gone; -errno; after an error they will be fetched again. */
int source_acknowledge(struct source *source, uint64_t seq);

/* Tell it that the record with that seq, the first that it was not told of yet, will never arrive. An agent that has no
 * SetAside is told that it arrived, or it would give it for ever. Returns as source_acknowledge() does. */
int source_set_aside(struct source *source, uint64_t seq, enum batch_fault fault);

/* Sleep until usec microseconds have passed, suspension of the laptop included. With `wake`, come back early when the
 * agent recorded something, when it (re)started, or when the bus was lost. Signals that arrive in the meantime are read
 * either way, so that they do not pile up at the bus. Returns 1 when woken, 0 when the time is up, or -errno of
 * timerfd_settime(2) or poll(2). */
int source_wait(struct source *source, uint64_t usec, bool wake);
