/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One thread that writes what all requests bring, many batches with one commit: waiting for the disk is what costs, and
 * it costs the same for one event as for thousands. */

#include <stddef.h>

#include "collector/batch.h"
#include "collector/store.h"

#define WRITER_GROUP_MS          2U                    /* how long the first batch waits for company */
#define WRITER_GROUP_RECORDS     2000U                 /* so many records do not wait */
#define WRITER_QUEUE_BATCHES_MAX 1024U                 /* waiting; more are turned away */
#define WRITER_QUEUE_BYTES_MAX   (16U * 1024U * 1024U) /* the same, in memory */

struct writer;

/* The batch is durable (0), or not stored (-errno of store_add()). Called on the writer's thread: be quick. */
typedef void (*writer_done_t)(void *userdata, int result);

/* Called on the writer's thread when writing begins to fail (-errno) and when it works again (0). */
typedef void (*writer_trouble_t)(void *userdata, int error);

/* From now on only the writer adds to store, which must outlive it. trouble may be NULL. 0, -ENOMEM, or -errno of
 * pthread_create(3). */
int writer_new(struct store *store, writer_trouble_t trouble, void *userdata, struct writer **ret);

/* Finishes what was submitted, then ends. Takes NULL, returns NULL. */
struct writer *writer_free(struct writer *writer);

/* Hand a batch over; done is called once, later. From any thread. 0; -EAGAIN: too many are waiting, then the
 * batch stays the caller's and done is not called. */
int writer_submit(struct writer *writer, struct batch *batch, writer_done_t done, void *userdata);
