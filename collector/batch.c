/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A list that grows. The text of the attributes is the one part that each record owns apart. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/batch.h"

#define BATCH_ROOM_FIRST 16U

bool batch_is_host(const char *text)
{
        if (strlen(text) != BATCH_HOST_LENGTH)
                return false;
        for (size_t i = 0; i < BATCH_HOST_LENGTH; i++)
                if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
                        return false;
        return true;
}

struct batch *batch_new(void)
{
        struct batch *batch = calloc(1, sizeof(*batch));

        if (batch)
                batch->bytes = sizeof(*batch);
        return batch;
}

struct batch *batch_free(struct batch *batch)
{
        if (!batch)
                return NULL;
        for (size_t i = 0; i < batch->n_records; i++)
                free(batch->records[i].attributes);
        free(batch->records);
        free(batch);
        return NULL;
}

int batch_add(struct batch *batch, struct batch_record **ret)
{
        if (batch->n_records == BATCH_RECORDS_MAX)
                return -E2BIG;
        if (batch->n_records == batch->room) {
                size_t room = batch->room ? batch->room * 2 : BATCH_ROOM_FIRST;
                struct batch_record *records = reallocarray(batch->records, room, sizeof(*records));

                if (!records)
                        return -ENOMEM;
                batch->bytes += (room - batch->room) * sizeof(*records);
                batch->records = records;
                batch->room = room;
        }
        *ret = &batch->records[batch->n_records++];
        **ret = (struct batch_record){ 0 };
        return 0;
}
