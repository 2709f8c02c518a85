/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The events on the disk: one SQLite database, and one small file beside it that outlives it. Every call here may wait
 * for the disk, so none is made from the loop; see spool.h. Not for two threads at a time.
 *
 * What was appended is there after a power cut: WAL with synchronous=FULL, which is one fsync a transaction. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/hostid.h"
#include "agent/spoolrecords.h"
#include "agent/spoolroom.h"
#include "common/event.h"

#define SPOOLSTORE_PAGES_MAX 8192U /* of 4096 bytes: no more than 32 MiB of the disk */
#define SPOOLSTORE_KEPT_DAYS 30U   /* what was acknowledged or set aside stays that long for `lekdicht events` */
#define SPOOLSTORE_MARK_STEP 1000U /* so often the high-water mark is written: each that many records */

enum spoolstore_aside {
        SPOOLSTORE_REJECTED,   /* the collector refused this one alone */
        SPOOLSTORE_TOO_LARGE,  /* for any request */
        SPOOLSTORE_UNREADABLE, /* it is no record at all */
};

struct spoolstore_state {
        char host_id[HOSTID_SIZE]; /* that of path.host, or else random; made with the database */
        uint64_t next_seq;         /* above all that were ever given */
        uint64_t acknowledged;     /* the highest seq that was */
        uint64_t waiting;          /* records that are neither acknowledged nor set aside */
        uint64_t aside;            /* records that are set aside, and kept */
        bool clean;                /* the run before this one ended with spoolstore_close() */
        bool made;                 /* there was no database */
        bool replaced;             /* there was one, and it was damaged and set aside */
        bool cloned;               /* there was one, and it is another laptop's: this disk is a copy of its */
};

struct spoolstore;

/* Open or make the database at path, 0600, in a directory that is there. machine is as for hostid_read(); NULL: whose it is
 * does not matter. What was made on another machine is renamed to path.cloned-TIME, the numbers with it, and begins anew. A
 * damaged one is renamed to
 * path.damaged-TIME, with what belongs to it, and a new one made; so is one of a later version, and any when `damaged` says
 * that it turned out to be so. A new database goes on above the high-water mark in path.seq, from 1 if there is none.
 * pages_max bounds its size (0: SPOOLSTORE_PAGES_MAX). 0; -ENOSPC, -EROFS, -EIO, -ENOMEM, -EBUSY (someone else has it
 * open) and others of open(2). */
int spoolstore_open(const char *path, const char *machine, unsigned pages_max, bool damaged, uint64_t now_sec,
                    struct spoolstore **ret);

/* The run ends as it should: say so in the database if events were appended, write the WAL back, close. Takes NULL,
 * returns NULL. */
struct spoolstore *spoolstore_close(struct spoolstore *store);
/* Close, and say nothing: to open it anew. */
struct spoolstore *spoolstore_abandon(struct spoolstore *store);

/* From now on this is pages_max, 0 as in spoolstore_open(). A file that is larger does not shrink, and does not grow any more. 0
 * or -errno. */
int spoolstore_limit(struct spoolstore *store, unsigned pages_max);

const struct spoolstore_state *spoolstore_state(const struct spoolstore *store);

/* Append events, in the order of seq, each above all before it, and have them on the disk, all or none: begin, add each,
 * commit. spoolstore_commit() gets the first error, or 0, and returns it after rolling back, or why the commit itself
 * failed. An event agent.started without EVENT_KEY_CLEAN gets it. What was added again after a commit that failed on the
 * way to the disk takes the place of what may have arrived there. 0; -ENOSPC: the disk is full or pages_max is
 * reached; -EUCLEAN: the database is damaged, open it again; or -errno as above. */
int spoolstore_begin(struct spoolstore *store);
int spoolstore_add(struct spoolstore *store, const struct event *event);
int spoolstore_commit(struct spoolstore *store, int r, uint64_t now_sec);

/* Delete a piece of what is there, to make room for new records: the oldest of those that are acknowledged or set aside; when
 * there are none and pages_max is what is reached, of those that wait, in the order of spoolroom.h. Nothing of these when it
 * is the disk that is full. Returns how many, or -errno. */
int spoolstore_make_room(struct spoolstore *store);

/* The first loss after that which was told last (an id; 0: none was), to be reported as an event EVENT_SPOOL_DROPPED with just
 * these numbers; until that is recorded, the loss is remembered, also over a power cut. What is lost from now on is another
 * loss. 1; 0: there is none; or -errno. */
int spoolstore_lost(struct spoolstore *store, uint64_t told, struct spoolroom_lost *ret);

/* All up to seq have arrived. 0, -EUCLEAN or -errno. */
int spoolstore_acknowledge(struct spoolstore *store, uint64_t seq, uint64_t now_sec);
/* This one is not handed out again, but kept. Twice is once. 1: from now on, and it has to be told that it was given up; 0: so
 * it was before, or it told that of others, which must not go on for ever; -ENOENT: there is no such record, or it was
 * acknowledged; -EUCLEAN; or -errno. */
int spoolstore_set_aside(struct spoolstore *store, uint64_t seq, enum spoolstore_aside why, uint64_t now_sec);

/* At most max waiting records above `after`, oldest first. 0, -EUCLEAN or -errno. */
int spoolstore_waiting(struct spoolstore *store, uint64_t after, unsigned max, struct spoolrecords *ret);
/* The last max records whose name begins so ("" is any), newest last. 0, -EUCLEAN or -errno. */
int spoolstore_recent(struct spoolstore *store, const char *filter, unsigned max, struct spoolrecords *ret);

/* "rejected" ... and back: the reason, or -EINVAL. */
const char *spoolstore_aside_name(enum spoolstore_aside why);
int spoolstore_aside_from_name(const char *name);
