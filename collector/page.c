/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Top down: a function for each block of the page, and the page. Everything that a laptop has sent goes through
 * html_text() or html_attribute(). */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/attributes.h"
#include "collector/html.h"
#include "collector/page.h"
#include "collector/page_parts.h"
#include "common/cleanup.h"

#define NUMBER_MAX 64 /* bytes of a number or time, NUL included */

/* ---- laptops ------------------------------------------------------------------------------------------------------ */

/* What the laptop said of itself last: "closed, policy 7 (enforce), 3 waiting". */
static int write_heartbeat(struct html *html, const char *heartbeat)
{
        static const struct {
                const char *before, *key, *behind;
        } parts[] = {
                { "gate ", "lekdicht.gate", "" },
                { ", policy ", "lekdicht.policy.version", "" },
                { " (", "lekdicht.policy.mode", ")" },
                { ", ", "lekdicht.queue.waiting", " waiting" },
                { ", ", "lekdicht.queue.dropped", " dropped" },
                { ", ", "lekdicht.queue.aside", " set aside" },
        };
        CLEANUP(attributes_clear) struct attributes attributes = { .n = 0 };
        int r = heartbeat ? attributes_read(heartbeat, &attributes) : 0;

        html_markup(html, "<td>");
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r == 0; i++) {
                const char *value = attributes_value(&attributes, parts[i].key);

                if (!value[0] || (i > 3 && strcmp(value, "0") == 0))
                        continue;
                html_markup(html, parts[i].before);
                html_text(html, value);
                html_markup(html, parts[i].behind);
        }
        html_markup(html, "</td>");
        return r;
}

static int write_laptop(struct html *html, const struct store_laptop *laptop)
{
        int r;

        html_markup(html, "<tr><td>");
        page_host(html, laptop->host, laptop->label);
        html_markup(html, "</td><td>");
        page_time(html, laptop->last_seen_ns);
        html_markup(html, "</td>");
        html_element(html, "td", laptop->version);
        r = write_heartbeat(html, laptop->heartbeat);
        page_number(html, "number", laptop->events);
        page_number(html, laptop->missing ? "number warn" : "number", laptop->missing);
        page_number(html, laptop->clones ? "number bad" : "number", laptop->clones);
        html_markup(html, "</tr>\n");
        return r;
}

static int write_laptops(struct html *html, struct store *store, const char *site)
{
        CLEANUP(store_laptops_clear) struct store_laptops laptops = { 0 };
        int r;

        r = store_site_laptops(store, site, PAGE_LAPTOPS, &laptops);
        if (r < 0)
                return r;
        html_markup(html, "<section><h2>Laptops</h2>\n");
        if (laptops.n == 0) {
                html_markup(html, "<p>No laptop has reported yet.</p></section>\n");
                return 0;
        }
        html_markup(html,
                    "<p>Last seen first. Not here: numbers that the laptop has given out, that have not come (yet) and "
                    "that "
                    "it does not report as dropped. "
                    "Twice: events with a number that had come before, from a laptop with a copied identity.</p>\n"
                    "<div class=\"wide\"><table id=\"laptops\">\n<thead><tr><th scope=\"col\">Laptop</th>"
                    "<th scope=\"col\">Last seen</th><th scope=\"col\">Version</th><th scope=\"col\">How it is</th>"
                    "<th scope=\"col\" class=\"number\">Events</th><th scope=\"col\" class=\"number\">Not here</th>"
                    "<th scope=\"col\" class=\"number\">Twice</th></tr></thead>\n<tbody>\n");
        for (size_t i = 0; i < laptops.n && r == 0; i++)
                r = write_laptop(html, &laptops.items[i]);
        html_markup(html, "</tbody></table></div>\n");
        if (laptops.more)
                html_markup(html, "<p>There are more laptops than are shown here.</p>\n");
        html_markup(html, "</section>\n");
        return r;
}

/* The gaps in one laptop's numbers: "not here: 11, 14 to 20". */
static int write_gaps(struct html *html, struct store *store, const char *site, const char *host)
{
        CLEANUP(intervals_clear) struct intervals intervals = { 0 };
        uint64_t next = 1;
        size_t gaps = 0;
        int r;

        r = site ? store_site_has(store, site, host) : 1;
        if (r == 1)
                r = store_intervals(store, host, &intervals);
        if (r < 0)
                return r;
        html_markup(html, "<p id=\"gaps\">");
        for (size_t i = 0; i < intervals.n && gaps <= PAGE_GAPS; i++) {
                char text[2 * NUMBER_MAX];
                uint64_t last = intervals.items[i].first - 1;

                if (last >= next) {
                        snprintf(text, sizeof(text), last == next ? "%" PRIu64 : "%" PRIu64 " to %" PRIu64, next, last);
                        html_markup(html, gaps == 0 ? "Numbers that are not here: " : ", ");
                        html_text(html, gaps == PAGE_GAPS ? "and more" : text);
                        gaps++;
                }
                next = intervals.items[i].last + 1;
        }
        html_markup(html, intervals.n == 0 ? "Nothing has come from this laptop."
                          : gaps == 0      ? "Every number up to the last one is here."
                                           : ".");
        html_markup(html, "</p>\n");
        return 0;
}

/* ---- events --- */

/* The place behind the last event of this page, as ?before= of the next. */
static void write_older(struct html *html, const char *laptop, struct store_position position)
{
        char address[256];

        snprintf(address, sizeof(address), "/?%s%s%sbefore=%" PRId64 "-%" PRId64, laptop ? "laptop=" : "",
                 laptop ? laptop : "", laptop ? "&" : "", position.shown_ns, position.id);
        html_markup(html, "<p><a rel=\"next\"");
        html_attribute(html, "href", address);
        html_markup(html, ">Older events</a></p>\n");
}

static int write_events(struct html *html, struct store *store, const char *site, const char *laptop,
                        struct store_position before)
{
        CLEANUP(store_events_clear) struct store_events events = { 0 };
        int r;

        r = store_site_events(store, site, laptop, before, PAGE_EVENTS, &events);
        if (r < 0)
                return r;
        if (events.n == 0) {
                html_markup(html, "<p>No events here.</p>\n");
                return 0;
        }
        r = page_events_table(html, &events);
        if (events.more)
                write_older(html, laptop, events.items[events.n - 1].position);
        return r;
}

/* ---- the page ----------------------------------------------------------------------------------------------------- */

bool page_read_position(const char *text, struct store_position *ret)
{
        size_t digits = strspn(text, "0123456789");
        int64_t shown, id;
        char *end;

        if (digits == 0 || text[digits] != '-' || text[digits + 1] < '0' || text[digits + 1] > '9')
                return false;
        errno = 0;
        shown = strtoll(text, NULL, 10);
        id = strtoll(text + digits + 1, &end, 10);
        if (errno != 0 || *end != '\0')
                return false;
        *ret = (struct store_position){ shown, id };
        return true;
}

static int write_main(struct html *html, struct store *store, const char *site, const char *laptop,
                      struct store_position before)
{
        int r = 0;

        html_markup(html, "<main><h2>");
        if (laptop) {
                html_markup(html, "Events of laptop <code>");
                html_text(html, laptop);
                html_markup(html, "</code></h2>\n<p><a href=\"/\">All laptops</a></p>\n");
                r = write_gaps(html, store, site, laptop);
        } else {
                html_markup(html, "Events of all laptops</h2>\n");
        }
        if (r == 0)
                r = write_events(html, store, site, laptop, before);
        html_markup(html, "</main>\n");
        return r;
}

static int write_page(struct html *html, struct store *store, const struct visit *visit, const char *laptop,
                      struct store_position before)
{
        const char *site = visit->account.site[0] ? visit->account.site : NULL;
        bool first = !laptop && before.shown_ns == INT64_MAX;
        int r = 0;

        page_begin(html, visit, "lekdicht: what happened");
        if (first)
                r = write_laptops(html, store, site);
        if (r == 0 && (visit->open || role_may(visit->account.role, RIGHT_EVENTS)))
                r = write_main(html, store, site, laptop, before);
        else if (r == 0 && !first)
                r = -EACCES;
        page_end(html);
        return r;
}

int page_render(struct store *store, const struct visit *visit, const struct page_query *query, char **ret,
                size_t *ret_size)
{
        struct store_position before = STORE_NEWEST;
        struct html html = { 0 };
        int r;

        if (query->laptop && !batch_is_host(query->laptop))
                return -EINVAL;
        if (query->before && !page_read_position(query->before, &before))
                return -EINVAL;
        r = write_page(&html, store, visit, query->laptop, before);
        if (r < 0) {
                html_clear(&html);
                return r;
        }
        return html_finish(&html, ret, ret_size);
}
