/* links: agent/lease.c common/text.c common/utf8.c policy/facts.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any line as a grant that was written down: refused, or within the bounds, and the same when it is written down anew. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *line = strndup((const char *) data, size), first[LEASE_LINE_MAX], second[LEASE_LINE_MAX];
        struct lease lease, again;
        struct verdict verdict;
        size_t length;

        must(line != NULL);
        if (lease_parse(line, &lease)) {
                length = lease_print(&lease, first);
                must(length < sizeof(first) && first[length - 1] == '\n' && strlen(first) == length);
                first[length - 1] = '\0';
                strcpy(second, first);
                must(lease_parse(second, &again));
                must(lease_print(&again, second) == length && strncmp(first, second, length - 1) == 0);
                lease_verdict(&lease, lease.end_usec, &verdict);
                must(verdict.access != ACCESS_BLOCK && strlen(verdict.reason) > strlen(lease.reason));
                (void) lease_step(&lease, lease.end_wall_usec);
        }
        free(line);
        return 0;
}
