/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "agent/spoolowner.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/durable.h"

#define DATABASE 4U /* parts that are the database */
#define ALL      6U

static int name_host(char ret[static PATH_MAX], const char *path)
{
        return snprintf(ret, PATH_MAX, "%s.host", path) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* The first n parts, in their order. */
static int move_away(const char *path, size_t n, const char *why, uint64_t now_sec)
{
        /* The number last: a power cut in between leaves it another's. */
        static const char *const parts[] = { "-wal", "-journal", "-shm", "", ".seq", ".host" };
        char from[PATH_MAX], to[PATH_MAX];

        for (size_t i = 0; i < n; i++) {
                if (snprintf(from, sizeof(from), "%s%s", path, parts[i]) >= PATH_MAX ||
                    snprintf(to, sizeof(to), "%s.%s-%" PRIu64 "%s", path, why, now_sec, parts[i]) >= PATH_MAX)
                        return -ENAMETOOLONG;
                if (rename(from, to) < 0 && errno != ENOENT)
                        return -errno;
        }
        return durable_sync_directory_of(path);
}

int spoolowner_last(const char *path, char host[static HOSTID_SIZE])
{
        char name[PATH_MAX];
        int r = name_host(name, path);

        return r < 0 ? r : hostid_read(name, NULL, host);
}

int spoolowner_leave_copy(const char *path, const char *machine, uint64_t now_sec)
{
        char name[PATH_MAX], host[HOSTID_SIZE];
        int r = name_host(name, path);

        if (r < 0)
                return r;
        if (hostid_read(name, machine, host) != -EXDEV)
                return 0;
        r = move_away(path, ALL, "cloned", now_sec);
        return r < 0 ? r : 1;
}

int spoolowner_leave_damaged(const char *path, uint64_t now_sec)
{
        return move_away(path, DATABASE, "damaged", now_sec);
}

void spoolowner_keep(const char *path, const char *machine, const char *host)
{
        char name[PATH_MAX], kept[HOSTID_SIZE] = "";

        if (name_host(name, path) < 0)
                return;
        if (hostid_read(name, machine, kept) != 0 || strcmp(kept, host) != 0)
                (void) hostid_write(name, machine, host);
}
