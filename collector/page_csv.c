/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What was found, as a table for a spreadsheet. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/attributes.h"
#include "collector/csv.h"
#include "collector/filter.h"
#include "collector/page.h"
#include "common/cleanup.h"

#define NSEC_PER_SEC 1000000000U

/* Behind time, laptop, number, uid and event. */
static const char *const columns[] = {
        "lekdicht.device.kind", "device.vendor.name", "device.product.name", "device.vendor.id",
        "device.product.id",    "lekdicht.rule",      "lekdicht.reason",     "lekdicht.client",
        "lekdicht.service",     "lekdicht.audit",     "lekdicht.simulated",
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void write_head(FILE *file)
{
        static const char *const first[] = { "time", "laptop", "host.id", "uid", "event" };

        for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
                csv_field(file, i == 0, first[i]);
        for (size_t i = 0; i < COLUMNS; i++)
                csv_field(file, false, columns[i]);
        csv_end(file);
}

static int write_row(FILE *file, const struct store_event *event)
{
        CLEANUP(attributes_clear) struct attributes attributes;
        time_t seconds = (time_t) (event->time_ns / NSEC_PER_SEC);
        char when[sizeof("2026-11-22T10:20:30Z") + 16] = "";
        struct tm utc;
        int r = attributes_read(event->attributes, &attributes);

        if (r < 0)
                return r;
        if (gmtime_r(&seconds, &utc))
                strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
        csv_field(file, true, when);
        csv_field(file, false, event->label);
        csv_field(file, false, event->host);
        csv_field(file, false, event->uid);
        csv_field(file, false, event->name);
        for (size_t i = 0; i < COLUMNS; i++)
                csv_field(file, false, attributes_value(&attributes, columns[i]));
        csv_end(file);
        return 0;
}

static int write_rows(FILE *file, struct store *store, const struct store_wish *wish)
{
        struct store_position before = STORE_NEWEST;
        size_t looks = 0;
        bool more = true;
        int r = 0;

        for (; more && r == 0 && looks < PAGE_CSV_LOOKS; looks++) {
                CLEANUP(store_events_clear) struct store_events events = { 0 };

                r = store_find(store, wish, before, STORE_EVENTS_MAX, &events, &before);
                for (size_t i = 0; i < events.n && r == 0; i++)
                        r = write_row(file, &events.items[i]);
                more = r == 0 && events.more;
        }
        if (r == 0 && more) {
                csv_field(file, true, "there are older events that are not in this table: choose fewer days");
                csv_end(file);
        }
        return r;
}

int page_csv(struct store *store, const struct visit *visit, const struct filter *filter, char **ret, size_t *ret_size)
{
        struct store_wish wish;
        FILE *file;
        int r;

        if (!visit->open && !role_may(visit->account.role, RIGHT_EXPORT))
                return -EACCES;
        file = open_memstream(ret, ret_size);
        if (!file)
                return -ENOMEM;
        filter_wish(filter, &wish);
        wish.own_site = visit->account.site[0] ? visit->account.site : NULL;
        write_head(file);
        r = write_rows(file, store, &wish);
        if (fclose(file) != 0 && r == 0)
                r = -ENOMEM;
        if (r < 0) {
                free(*ret);
                *ret = NULL;
        }
        return r;
}
