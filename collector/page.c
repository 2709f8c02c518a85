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

#include "collector/html.h"
#include "collector/otlp.h"
#include "collector/page.h"
#include "common/cleanup.h"
#include "common/event.h"

#define NSEC_PER_SEC   1000000000U
#define HOST_SHORT     8  /* characters of a host.id that are enough to tell laptops apart by eye */
#define NUMBER_MAX     64 /* bytes of a number or time, NUL included */
#define SEVERITY_WARN  13 /* OTLP */
#define SEVERITY_ERROR 17

/* The attributes that have a place in the table; all others stand under "more". */
static const char kind_key[] = "lekdicht.device.kind", vendor_id_key[] = "device.vendor.id",
                  product_id_key[] = "device.product.id", vendor_name_key[] = "device.vendor.name",
                  product_name_key[] = "device.product.name", rule_key[] = "lekdicht.rule",
                  reason_key[] = "lekdicht.reason", audit_key[] = "lekdicht.audit",
                  simulated_key[] = "lekdicht.simulated";

static const char *const placed_keys[] = {
        kind_key, vendor_id_key, product_id_key, vendor_name_key, product_name_key,
        rule_key, reason_key,    audit_key,      simulated_key,
};

struct attributes {
        struct {
                char *key, *value;
        } items[OTLP_ATTRIBUTES_MAX];
        size_t n;
};

static int take_attribute(void *userdata, const char *key, const char *value)
{
        struct attributes *attributes = userdata;

        if (attributes->n == OTLP_ATTRIBUTES_MAX)
                return -EBADMSG;
        attributes->items[attributes->n].key = strdup(key);
        attributes->items[attributes->n].value = strdup(value);
        attributes->n++;
        return attributes->items[attributes->n - 1].key && attributes->items[attributes->n - 1].value ? 0 : -ENOMEM;
}

static void attributes_clear(struct attributes *attributes)
{
        for (size_t i = 0; i < attributes->n; i++) {
                free(attributes->items[i].key);
                free(attributes->items[i].value);
        }
        attributes->n = 0;
}

/* The value of a key, or "". */
static const char *value_of(const struct attributes *attributes, const char *key)
{
        for (size_t i = 0; i < attributes->n; i++)
                if (strcmp(attributes->items[i].key, key) == 0)
                        return attributes->items[i].value;
        return "";
}

static bool is_placed(const char *key)
{
        for (size_t i = 0; i < sizeof(placed_keys) / sizeof(placed_keys[0]); i++)
                if (strcmp(placed_keys[i], key) == 0)
                        return true;
        return false;
}

static void format_number(char text[static NUMBER_MAX], uint64_t number)
{
        snprintf(text, NUMBER_MAX, "%" PRIu64, number);
}

static void write_number(struct html *html, const char *class, uint64_t number)
{
        char text[NUMBER_MAX];

        format_number(text, number);
        html_markup(html, "<td");
        html_attribute(html, "class", class);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</td>");
}

static void write_time(struct html *html, uint64_t time_ns)
{
        time_t seconds = (time_t) (time_ns / NSEC_PER_SEC);
        char text[NUMBER_MAX] = "", machine[NUMBER_MAX] = "";
        struct tm local, utc;

        if (!localtime_r(&seconds, &local) || !gmtime_r(&seconds, &utc))
                return;
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
        strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &utc);
        html_markup(html, "<time");
        html_attribute(html, "datetime", machine);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</time>");
}

/* A laptop by its label, or by the beginning of its number. */
static void write_host(struct html *html, const char *host, const char *label)
{
        char address[sizeof("/?laptop=") + BATCH_HOST_LENGTH], brief[HOST_SHORT + 1];

        snprintf(address, sizeof(address), "/?laptop=%s", host);
        snprintf(brief, sizeof(brief), "%s", host);
        html_markup(html, "<a");
        html_attribute(html, "href", address);
        html_attribute(html, "title", host);
        html_markup(html, ">");
        if (label[0])
                html_text(html, label);
        else
                html_element(html, "code", brief);
        html_markup(html, "</a>");
}

static void write_badge(struct html *html, const char *class, const char *text)
{
        html_markup(html, "<span");
        html_attribute(html, "class", class);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</span>");
}

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
        int r = heartbeat ? otlp_each_attribute(heartbeat, take_attribute, &attributes) : 0;

        html_markup(html, "<td>");
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r == 0; i++) {
                const char *value = value_of(&attributes, parts[i].key);

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
        write_host(html, laptop->host, laptop->label);
        html_markup(html, "</td><td>");
        write_time(html, laptop->last_seen_ns);
        html_markup(html, "</td>");
        html_element(html, "td", laptop->version);
        r = write_heartbeat(html, laptop->heartbeat);
        write_number(html, "number", laptop->events);
        write_number(html, laptop->missing ? "number warn" : "number", laptop->missing);
        write_number(html, laptop->clones ? "number bad" : "number", laptop->clones);
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

/* ---- events ------------------------------------------------------------------------------------------------------- */

static void write_name(struct html *html, const struct store_event *event)
{
        int name = event_name_from_string(event->name);
        const char *words = name >= 0 ? event_name_words((enum event_name) name) : event->name;

        html_markup(html, "<td");
        html_attribute(html, "title", event->name);
        html_attribute(html, "class",
                       event->severity >= SEVERITY_ERROR  ? "what bad"
                       : event->severity >= SEVERITY_WARN ? "what warn"
                                                          : "what");
        html_markup(html, ">");
        html_text(html, words);
        html_markup(html, "</td>");
}

/* What a teacher reads from the notice. */
static void write_code(struct html *html, const struct store_event *event)
{
        size_t length = strlen(event->uid);

        html_markup(html, "<td><code>");
        html_text(html, length > EVENT_CODE_LENGTH ? event->uid + length - EVENT_CODE_LENGTH : event->uid);
        html_markup(html, "</code></td>");
}

static void write_device(struct html *html, const struct attributes *attributes)
{
        const char *vendor = value_of(attributes, vendor_name_key), *product = value_of(attributes, product_name_key);

        html_markup(html, "<td>");
        html_text(html, value_of(attributes, kind_key));
        if (vendor[0] || product[0]) {
                html_markup(html, " <q>");
                html_text(html, vendor);
                html_markup(html, vendor[0] && product[0] ? " " : "");
                html_text(html, product);
                html_markup(html, "</q>");
        }
        if (value_of(attributes, vendor_id_key)[0]) {
                html_markup(html, " <code>");
                html_text(html, value_of(attributes, vendor_id_key));
                html_markup(html, ":");
                html_text(html, value_of(attributes, product_id_key));
                html_markup(html, "</code>");
        }
        html_markup(html, "</td>");
}

/* The reason, and the rule where the reason does not name it. */
static void write_why(struct html *html, const struct attributes *attributes)
{
        const char *rule = value_of(attributes, rule_key), *reason = value_of(attributes, reason_key);

        html_markup(html, "<td class=\"why\">");
        html_text(html, reason);
        if (rule[0] && !strstr(reason, rule)) {
                html_markup(html, reason[0] ? " (" : "");
                html_text(html, rule);
                html_markup(html, reason[0] ? ")" : "");
        }
        html_markup(html, "</td>");
}

static void write_remarks(struct html *html, const struct store_event *event, const struct attributes *attributes)
{
        char text[NUMBER_MAX];

        html_markup(html, "<td>");
        if (strcmp(value_of(attributes, simulated_key), "true") == 0)
                write_badge(html, "badge warn", "simulated");
        if (strcmp(value_of(attributes, audit_key), "true") == 0)
                write_badge(html, "badge", "audit: nothing was done");
        if (event->clone)
                write_badge(html, "badge bad", "number came twice: copied identity");
        html_markup(html, "<details><summary>more</summary><dl><dt>number</dt>");
        format_number(text, event->seq);
        html_element(html, "dd", text);
        html_markup(html, "<dt>received</dt><dd>");
        write_time(html, event->received_ns);
        html_markup(html, "</dd><dt>uid</dt>");
        html_element(html, "dd", event->uid);
        for (size_t i = 0; i < attributes->n; i++) {
                if (is_placed(attributes->items[i].key))
                        continue;
                html_element(html, "dt", attributes->items[i].key);
                html_element(html, "dd", attributes->items[i].value);
        }
        html_markup(html, "</dl></details></td>");
}

static int write_event(struct html *html, const struct store_event *event)
{
        CLEANUP(attributes_clear) struct attributes attributes = { .n = 0 };
        int r;

        r = otlp_each_attribute(event->attributes, take_attribute, &attributes);
        if (r < 0)
                return r;
        html_markup(html, "<tr><td>");
        write_time(html, event->time_ns);
        html_markup(html, "</td><td>");
        write_host(html, event->host, event->label);
        html_markup(html, "</td>");
        write_code(html, event);
        write_name(html, event);
        write_device(html, &attributes);
        write_why(html, &attributes);
        write_remarks(html, event, &attributes);
        html_markup(html, "</tr>\n");
        return 0;
}

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
        char zone[NUMBER_MAX] = "UTC";
        time_t now = time(NULL);
        struct tm local;
        int r;

        r = store_site_events(store, site, laptop, before, PAGE_EVENTS, &events);
        if (r < 0)
                return r;
        if (events.n == 0) {
                html_markup(html, "<p>No events here.</p>\n");
                return 0;
        }
        if (localtime_r(&now, &local))
                strftime(zone, sizeof(zone), "%Z", &local);
        html_markup(html, "<p>Newest first. Times are of the laptop's clock, in ");
        html_text(html, zone);
        html_markup(html,
                    ".</p>\n<div class=\"wide\"><table id=\"events\">\n<thead><tr><th scope=\"col\">When</th>"
                    "<th scope=\"col\">Laptop</th><th scope=\"col\">Code</th><th scope=\"col\">What</th>"
                    "<th scope=\"col\">Device</th><th scope=\"col\">Why</th><th scope=\"col\">Remarks</th></tr></thead>"
                    "\n<tbody>\n");
        for (size_t i = 0; i < events.n && r == 0; i++)
                r = write_event(html, &events.items[i]);
        html_markup(html, "</tbody></table></div>\n");
        if (events.more)
                write_older(html, laptop, events.items[events.n - 1].position);
        return r;
}

/* ---- the page ----------------------------------------------------------------------------------------------------- */

static bool read_position(const char *text, struct store_position *ret)
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

/* Who is signed in, and the way out. */
static void write_visit(struct html *html, const struct visit *visit)
{
        if (visit->open) {
                html_markup(
                        html,
                        "<p class=\"banner\" role=\"note\">Not protected by accounts: loopback only. Whoever can use "
                        "this machine can read this page.</p>\n");
                return;
        }
        html_markup(html, "<form class=\"who\" method=\"post\" action=\"/logout\"><span>");
        html_text(html, visit->account.name);
        html_markup(html, " (");
        html_text(html, role_to_string(visit->account.role));
        html_markup(html, visit->account.site[0] ? ", " : "");
        html_text(html, visit->account.site);
        html_markup(html, ")</span><input type=\"hidden\" name=\"token\"");
        html_attribute(html, "value", visit->token);
        html_markup(html, "><button type=\"submit\">Sign out</button></form>\n");
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

        html_markup(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                          "<title>lekdicht: what happened</title>"
                          "<link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\n");
        write_visit(html, visit);
        html_markup(html, "<h1>lekdicht</h1>\n");
        if (first)
                r = write_laptops(html, store, site);
        if (r == 0 && (visit->open || role_may(visit->account.role, RIGHT_EVENTS)))
                r = write_main(html, store, site, laptop, before);
        else if (r == 0 && !first)
                r = -EACCES;
        html_markup(html, "</body>\n</html>\n");
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
        if (query->before && !read_position(query->before, &before))
                return -EINVAL;
        r = write_page(&html, store, visit, query->laptop, before);
        if (r < 0) {
                html_clear(&html);
                return r;
        }
        return html_finish(&html, ret, ret_size);
}
