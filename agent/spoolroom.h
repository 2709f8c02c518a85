/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What goes when the spool is full of records that nobody has yet: the oldest of the least severe, refusals and drift after
 * all others, and a report of what went never. How many went, and between which numbers, is written in the same transaction
 * and stands in the database until a report of it stands there, too: no power cut makes it forgotten. */

#include <stdbool.h>
#include <stdint.h>

#include "agent/spooldb.h"
#include "common/event.h"

#define SPOOLROOM_PIECE 200U /* records given up at a time */

struct spoolroom_lost {
        uint64_t id; /* from 1, ever larger in one database */
        uint64_t count;
        uint64_t first, last; /* seq; between them may be others that are still there */
};

/* What it needs in the database, made if it is not there. 0 or -errno. */
int spoolroom_prepare(struct spooldb *db);

/* Is the database at its bound? Else it is the disk that is full, and deleting gives nothing back. 1, 0 or -errno. */
int spoolroom_is_full(struct spooldb *db, unsigned pages_max);

/* Inside a transaction: give up one piece. What was told up to that id is not told again, so a loss after it is a new one.
 * Returns how many; 0: nothing is left that may go; or -errno. */
int spoolroom_give_up(struct spooldb *db, uint64_t told);

/* The first loss above that id. 1, 0: none; or -errno. */
int spoolroom_lost(struct spooldb *db, uint64_t told, struct spoolroom_lost *ret);

/* Inside a transaction: this event, an EVENT_SPOOL_DROPPED, is being written; the loss that it reports is remembered no
 * longer. 0 or -errno. */
int spoolroom_reported(struct spooldb *db, const struct event *event);
