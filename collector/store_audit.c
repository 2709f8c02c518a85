/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The audit in the SQLite store: one walk through what came and what was dropped, in the order of numbers. Each laptop is
 * read by itself, so that nobody waits for the whole. */

#include <stdio.h>
#include <string.h>

#include "collector/audit.h"
#include "collector/store_sqlite.h"

static void add_gap(struct audit_laptop *laptop, struct interval gap)
{
        if (laptop->n_gaps < AUDIT_GAPS_MAX)
                laptop->gaps[laptop->n_gaps] = gap;
        laptop->n_gaps++;
        laptop->unexplained += gap.last - gap.first + 1;
}

int sqlite_audit(struct store *store, struct audit_laptop *laptop, uint64_t highest)
{
        sqlite3_stmt *statement = sqlite_bind(store, SCHEMA_EXPLAINED, "tn", laptop->host, highest);
        uint64_t next = 1;
        int code;

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                struct interval interval = { sqlite_number(statement, 0), sqlite_number(statement, 1) };

                if (interval.first > next)
                        add_gap(laptop, (struct interval){ next, interval.first - 1 });
                if (interval.last >= next)
                        next = interval.last + 1;
        }
        sqlite3_reset(statement);
        return sqlite_error(code);
}

int audit_next(struct store *store, const char *after, struct audit_laptop *ret)
{
        char last[BATCH_HOST_LENGTH + 1];
        uint64_t highest = 0;
        sqlite3_stmt *statement;
        int code, r = 0;

        snprintf(last, sizeof(last), "%s", after); /* which may be in *ret */
        memset(ret, 0, sizeof(*ret));
        pthread_mutex_lock(&store->reading);
        statement = sqlite_bind(store, SCHEMA_NEXT_LAPTOP, "t", last);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
                sqlite_text(ret->host, sizeof(ret->host), statement, 0);
                highest = sqlite_number(statement, 1);
                ret->twice = sqlite_number(statement, 2);
                sqlite_text(ret->label, sizeof(ret->label), statement, 3);
                ret->received = sqlite_number(statement, 4);
        }
        sqlite3_reset(statement);
        if (code == SQLITE_ROW)
                r = sqlite_audit(store, ret, highest);
        pthread_mutex_unlock(&store->reading);
        if (code != SQLITE_ROW)
                return sqlite_error(code);
        ret->dropped = highest - ret->received - ret->unexplained;
        return r < 0 ? r : 1;
}
