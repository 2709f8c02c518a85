/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where events are kept. What a store promises, whatever is behind it:
 *
 * - What store_add() has confirmed is on the disk: it survives a kill and a power cut.
 * - A batch is there whole or not at all.
 * - An event, known by host and uid, is there once however often it comes.
 * - Of each laptop the last sign of life is kept, not all of them.
 * - The numbers that came are kept apart from the events and outlive them.
 * - Two events of one host with one number are both there, and marked: there are two laptops with one identity.
 *
 * Adding and closing are for one thread, everything else for any.
 *
 * Errors of all: -ENOSPC no room; -EBUSY someone else holds the database; -EIO; -EROFS; -EACCES; -EUCLEAN it is damaged;
 * -ENOMEM. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/batch.h"
#include "collector/interval.h"

#define STORE_EVENTS_MAX    200U /* of one page */
#define STORE_LAPTOPS_MAX   500U
#define STORE_LOOKED_AT_MAX 20000U /* events for one page of a search */
#define STORE_INTERVALS_MAX 1000U

struct store;

/* A place in the list of events: the newest first. */
struct store_position {
        int64_t shown_ns, id;
};

#define STORE_NEWEST ((struct store_position){ INT64_MAX, INT64_MAX })

struct store_event {
        struct store_position position;
        char host[BATCH_HOST_LENGTH + 1];
        char uid[ULID_LENGTH + 1];
        char name[BATCH_NAME_MAX + 1];
        uint64_t seq, time_ns, received_ns;
        int severity;
        char label[BATCH_LABEL_MAX + 1]; /* of its laptop; "": it has none */
        bool clone;                      /* another event of this host has the same seq */
        char *attributes;                /* as in struct batch_record */
};

struct store_events {
        struct store_event *items;
        size_t n;
        bool more; /* there are older ones */
};

struct store_laptop {
        char host[BATCH_HOST_LENGTH + 1];
        char label[BATCH_LABEL_MAX + 1]; /* "": it has none */
        char version[BATCH_VERSION_MAX + 1];
        uint64_t first_seen_ns, last_seen_ns;
        uint64_t events;  /* stored so far */
        uint64_t clones;  /* of these, with a seq that had come before */
        uint64_t highest; /* seq */
        uint64_t missing; /* numbers below highest that have not come and were not reported as dropped */
        char *heartbeat;  /* attributes of its last sign of life, as in struct batch_record; NULL: none has come */
};

struct store_laptops {
        struct store_laptop *items;
        size_t n;
        bool more;
};

/* Open the database at that place, made when it is not there, brought to this program's form when it is older.
 * Besides: -EPROTONOSUPPORT made by a newer lekdicht; -EMEDIUMTYPE something else's. */
int store_open(const char *place, struct store **ret);

/* Takes NULL, returns NULL. */
struct store *store_close(struct store *store);

/* Add n batches in one transaction, all or none; 0 means they are durable. received_ns: CLOCK_REALTIME. */
int store_add(struct store *store, struct batch *const *batches, size_t n, uint64_t received_ns);

/* Up to limit (at most STORE_EVENTS_MAX) events before that place, of one host or, when NULL, of all; by the event's own
 * time, or the time it came when that is earlier. */
int store_events(struct store *store, const char *host, struct store_position before, size_t limit,
                 struct store_events *ret);
void store_events_clear(struct store_events *events);

/* Up to limit (at most STORE_LAPTOPS_MAX) laptops, the last seen first. */
int store_laptops(struct store *store, size_t limit, struct store_laptops *ret);
void store_laptops_clear(struct store_laptops *laptops);

/* The same of the laptops of one site, which is that of the token with which a laptop was let in last; NULL: of all. */
int store_site_events(struct store *store, const char *site, const char *host, struct store_position before,
                      size_t limit, struct store_events *ret);
int store_site_laptops(struct store *store, const char *site, size_t limit, struct store_laptops *ret);
/* Is that laptop one of the site's? 1 or 0. */
int store_site_has(struct store *store, const char *site, const char *host);

/* Which events are looked for; NULL: whatever it is. */
struct store_wish {
        const char *own_site; /* and no other, whatever is wished for */
        const char *site, *laptop, *code, *name, *kind, *rule, *client;
        int64_t from_ns, until_ns; /* by when they are shown; the first included, the second not */
};

/* Up to limit (at most STORE_EVENTS_MAX) of those before that place, as store_events() has them, but at most
 * STORE_LOOKED_AT_MAX events are looked at. With `more` there are older ones to look at, before *ret_next; also when none
 * of these was one. */
int store_find(struct store *store, const struct store_wish *wish, struct store_position before, size_t limit,
               struct store_events *ret, struct store_position *ret_next);

/* What somebody should look at, of one site or, with NULL, of all. Laptops that are not revoked and were last seen before that,
 * or of which numbers are missing, dropped or there twice, or that say that records wait aside; the one that is silent longest
 * first. And events since then that should not be, the newest first: policies that were refused, drift, devices that failed,
 * records that were dropped, copies. */
int store_attention_laptops(struct store *store, const char *site, uint64_t silent_ns, size_t limit,
                            struct store_laptops *ret);
int store_attention_events(struct store *store, const char *site, uint64_t since_ns, size_t limit,
                           struct store_events *ret);

/* The numbers that came from a host or were reported by it as dropped, of at most STORE_INTERVALS_MAX intervals, the first. Empty for a host never seen. */
int store_intervals(struct store *store, const char *host, struct intervals *ret);
