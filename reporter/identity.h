/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* In whose name records go: the laptop's credential at the collector, HOST.SECRET, and how it comes by one.
 *
 * The laptop makes it and keeps it on the disk before it asks the collector to let it in with the site's token. So an
 * answer that is lost is asked for again with the same one, and no laptop stands before a door that knows another. A new
 * one is made when the host.id is another (the disk of this laptop was copied to it), and when somebody enrolled it anew;
 * never by itself, or a laptop that IT revoked would let itself in again. */

#include <stdbool.h>
#include <stddef.h>

#include "common/enrolment.h"
#include "reporter/batch.h"
#include "reporter/reply.h"

#define IDENTITY_SECRET_LENGTH   43U /* of 64 characters each: 258 random bits */
#define IDENTITY_CREDENTIAL_SIZE (BATCH_HOST_SIZE + IDENTITY_SECRET_LENGTH + 1U)
#define IDENTITY_WISH_SIZE       (8U + 1U + ENROLMENT_ATTEMPT + 1U)
#define IDENTITY_FILE_MAX        512U /* bytes */

struct identity {
        const char *path; /* of the file that it is kept in; borrowed */
        struct enrolment enrolment;
        char wish[IDENTITY_WISH_SIZE];             /* which enrolment it was made for: the token's id and the attempt */
        char credential[IDENTITY_CREDENTIAL_SIZE]; /* "": none yet */
        char previous[IDENTITY_CREDENTIAL_SIZE];   /* the one before it of the same host; "": none */
        bool accepted;                             /* by the collector */
};

/* Read what is kept. A file that is not there, or makes no sense, is none. 0, or -errno of reading it. */
int identity_load(struct identity *identity, const struct enrolment *enrolment, const char *path);

/* Is it that host's, made for this enrolment, and accepted? */
bool identity_holds(const struct identity *identity, const char *host);

/* Have one for that host and enrolment, on the disk, and write the question to the collector: JSON, for the caller to
 * free. 0; -ENOMEM; -errno of writing the file or of getrandom(2). */
int identity_ask(struct identity *identity, const char *host, char **ret, size_t *ret_size);

/* What the collector answered, 200. 0 and it holds; -EBADMSG: that is no answer of a collector; -errno of writing. */
int identity_take(struct identity *identity, const struct reply *reply);
