/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The events of one request: what the parser makes, the writer carries and the store keeps. All of it or none. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/interval.h"
#include "common/ulid.h"

#define BATCH_HOST_LENGTH   36U /* a UUID in lower case */
#define BATCH_NAME_MAX      64U /* bytes of an event's name */
#define BATCH_VERSION_MAX   32U /* bytes of service.version */
#define BATCH_LABEL_MAX     64U /* bytes of what IT calls a laptop */
#define BATCH_RECORDS_MAX   1000U
#define BATCH_RESOURCES_MAX 16U /* a reporter sends one; a relay may send a few */

/* Who sends. */
struct batch_resource {
        char host[BATCH_HOST_LENGTH + 1];
        char version[BATCH_VERSION_MAX + 1]; /* "" when it was not said */
};

struct batch_record {
        size_t resource; /* index of its resource in the batch */
        char uid[ULID_LENGTH + 1];
        char name[BATCH_NAME_MAX + 1];
        uint64_t seq;            /* 1 to INT64_MAX */
        uint64_t time_ns;        /* 1 to INT64_MAX */
        int severity;            /* 0 (not said) to 24 */
        struct interval dropped; /* numbers that it reports as dropped; first 0: none */
        char *attributes;        /* one JSON object: key -> string, number or boolean */
};

struct batch {
        struct batch_resource resources[BATCH_RESOURCES_MAX];
        size_t n_resources;
        struct batch_record *records;
        size_t n_records, room;
        size_t bytes; /* memory that it holds, about */
};

/* Is that a host.id as it is kept: a UUID in lower case? */
bool batch_is_host(const char *text);

/* An empty batch, or NULL. */
struct batch *batch_new(void);

/* Takes NULL, returns NULL. */
struct batch *batch_free(struct batch *batch);

/* A zeroed record at the end of the batch, in *ret, valid until the next call. 0; -E2BIG: there are BATCH_RECORDS_MAX;
 * -ENOMEM. */
int batch_add(struct batch *batch, struct batch_record **ret);
