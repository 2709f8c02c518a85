/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The number lies beside the database, under its name. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "agent/spoolmark.h"
#include "common/kept.h"

static int name_mark(char ret[static PATH_MAX], const char *path)
{
        return snprintf(ret, PATH_MAX, "%s.seq", path) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int spoolmark_read(const char *path, uint64_t *ret)
{
        char name[PATH_MAX];
        int r = name_mark(name, path);

        return r < 0 ? r : kept_read(name, INT64_MAX, ret);
}

int spoolmark_write(const char *path, uint64_t mark)
{
        char name[PATH_MAX];
        int r = name_mark(name, path);

        return r < 0 ? r : kept_write(name, mark);
}
