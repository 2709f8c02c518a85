/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See spoolmeta.h. */

#include <errno.h>
#include <string.h>

#include "agent/spoolmeta.h"
#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_query, struct spooldb_query *, spooldb_done)

int spoolmeta_set(struct spooldb *db, const char *key, uint64_t value)
{
        return spooldb_do(db, NULL, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)", "ti", key, value);
}

int spoolmeta_set_text(struct spooldb *db, const char *key, const char *value)
{
        return spooldb_do(db, NULL, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)", "tt", key, value);
}

int spoolmeta_get(struct spooldb *db, const char *key, uint64_t *ret)
{
        int r = spooldb_do(db, ret, "SELECT value FROM meta WHERE key = ?1", "t", key);

        return r < 0 ? r : r == 0 ? -EUCLEAN : 0;
}

int spoolmeta_text(struct spooldb *db, const char *key, char *ret, size_t size)
{
        CLEANUP(cleanup_query) struct spooldb_query *query = NULL;
        const char *text;
        size_t length;
        int r = spooldb_query(db, &query, "SELECT value FROM meta WHERE key = ?1", "t", key);

        if (r >= 0)
                r = spooldb_step(query);
        if (r <= 0)
                return r < 0 ? r : -EUCLEAN;
        text = spooldb_text(query, 0, &length);
        if (!text || length != size - 1)
                return -EUCLEAN;
        memcpy(ret, text, size);
        return 0;
}
