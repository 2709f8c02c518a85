/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What somebody should look at: laptops that are silent or not whole, and events that should not be. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "collector/attributes.h"
#include "collector/page.h"
#include "collector/page_parts.h"
#include "common/cleanup.h"

#define NSEC_PER_SEC  UINT64_C(1000000000)
#define SECONDS_A_DAY UINT64_C(86400)
#define REASON_MAX    96U /* bytes, NUL included */

static void write_reason(struct html *html, const char *class, const char *before, uint64_t number, const char *behind)
{
        char text[REASON_MAX];

        snprintf(text, sizeof(text), "%s%" PRIu64 "%s", before, number, behind);
        page_badge(html, class, text);
}

/* Records that it gave up or set aside, by its last sign of life. */
static int write_queue(struct html *html, const char *heartbeat)
{
        static const struct {
                const char *key, *words;
        } queues[] = {
                { "lekdicht.queue.dropped", " records dropped" },
                { "lekdicht.queue.aside", " records set aside" },
        };
        CLEANUP(attributes_clear) struct attributes attributes = { .n = 0 };
        int r = heartbeat ? attributes_read(heartbeat, &attributes) : 0;

        for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]) && r == 0; i++) {
                const char *value = attributes_value(&attributes, queues[i].key);
                char text[REASON_MAX];

                if (!value[0] || strcmp(value, "0") == 0)
                        continue;
                snprintf(text, sizeof(text), "%.20s%s", value, queues[i].words);
                page_badge(html, "badge warn", text);
        }
        return r;
}

static int write_laptop(struct html *html, const struct store_laptop *laptop, uint64_t now)
{
        uint64_t seen = laptop->last_seen_ns / NSEC_PER_SEC, days = now > seen ? (now - seen) / SECONDS_A_DAY : 0;
        int r;

        html_markup(html, "<tr><td>");
        page_host(html, laptop->host, laptop->label);
        html_markup(html, "</td><td>");
        page_time(html, laptop->last_seen_ns);
        html_markup(html, "</td><td>");
        if (days >= PAGE_SILENT_DAYS)
                write_reason(html, "badge warn", "silent for ", days, " days");
        if (laptop->clones)
                write_reason(html, "badge bad", "copied identity: ", laptop->clones, " events came twice");
        if (laptop->missing)
                write_reason(html, "badge warn", "", laptop->missing, " records are not here");
        r = write_queue(html, laptop->heartbeat);
        html_markup(html, "</td></tr>\n");
        return r;
}

static int write_laptops(struct html *html, struct store *store, const char *site, uint64_t now)
{
        CLEANUP(store_laptops_clear) struct store_laptops laptops = { 0 };
        uint64_t silent = now > PAGE_SILENT_DAYS * SECONDS_A_DAY ? now - PAGE_SILENT_DAYS * SECONDS_A_DAY : 0;
        int r = store_attention_laptops(store, site, silent * NSEC_PER_SEC, PAGE_LAPTOPS, &laptops);

        if (r < 0)
                return r;
        html_markup(html, "<h2>Laptops that need attention</h2>\n");
        if (laptops.n == 0) {
                html_markup(html, "<p>None: all were heard of lately, and all they recorded is here.</p>\n");
                return 0;
        }
        html_markup(html,
                    "<p>The one that was silent longest first.</p>\n<div class=\"wide\"><table id=\"laptops\">\n"
                    "<thead><tr><th scope=\"col\">Laptop</th><th scope=\"col\">Last seen</th><th scope=\"col\">Why"
                    "</th></tr></thead>\n<tbody>\n");
        for (size_t i = 0; i < laptops.n && r == 0; i++)
                r = write_laptop(html, &laptops.items[i], now);
        html_markup(html, "</tbody></table></div>\n");
        if (laptops.more)
                html_markup(html, "<p>There are more laptops than are shown here.</p>\n");
        return r;
}

static int write_events(struct html *html, struct store *store, const char *site, uint64_t now)
{
        CLEANUP(store_events_clear) struct store_events events = { 0 };
        uint64_t since = now > PAGE_RECENT_DAYS * SECONDS_A_DAY ? now - PAGE_RECENT_DAYS * SECONDS_A_DAY : 0;
        int r = store_attention_events(store, site, since * NSEC_PER_SEC, PAGE_EVENTS, &events);

        if (r < 0)
                return r;
        html_markup(html, "<h2>What should not have happened, in 30 days</h2>\n");
        if (events.n == 0) {
                html_markup(html,
                            "<p>Nothing: no policy was refused, nothing was changed behind lekdicht's back, and no "
                            "record was lost.</p>\n");
                return 0;
        }
        r = page_events_table(html, &events);
        if (events.more)
                html_markup(html, "<p>There are more than are shown here.</p>\n");
        return r;
}

int page_attention(struct store *store, const struct visit *visit, uint64_t now, char **ret, size_t *ret_size)
{
        const char *site = visit->account.site[0] ? visit->account.site : NULL;
        struct html html = { 0 };
        int r;

        _Static_assert(PAGE_RECENT_DAYS == 30, "a heading says it");
        page_begin(&html, visit, "lekdicht: needs attention");
        html_markup(&html, "<main>\n");
        r = write_laptops(&html, store, site, now);
        if (r == 0 && (visit->open || role_may(visit->account.role, RIGHT_EVENTS)))
                r = write_events(&html, store, site, now);
        html_markup(&html, "</main>\n");
        page_end(&html);
        if (r < 0) {
                html_clear(&html);
                return r;
        }
        return html_finish(&html, ret, ret_size);
}
