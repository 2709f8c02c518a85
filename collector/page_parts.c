/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Everything that a laptop has sent goes through html_text() or html_attribute(). */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "collector/attributes.h"
#include "collector/page_parts.h"
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

void page_number(struct html *html, const char *class, uint64_t number)
{
        char text[NUMBER_MAX];

        format_number(text, number);
        html_markup(html, "<td");
        html_attribute(html, "class", class);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</td>");
}

void page_time(struct html *html, uint64_t time_ns)
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
void page_host(struct html *html, const char *host, const char *label)
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

void page_badge(struct html *html, const char *class, const char *text)
{
        html_markup(html, "<span");
        html_attribute(html, "class", class);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</span>");
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
        const char *vendor = attributes_value(attributes, vendor_name_key),
                   *product = attributes_value(attributes, product_name_key);

        html_markup(html, "<td>");
        html_text(html, attributes_value(attributes, kind_key));
        if (vendor[0] || product[0]) {
                html_markup(html, " <q>");
                html_text(html, vendor);
                html_markup(html, vendor[0] && product[0] ? " " : "");
                html_text(html, product);
                html_markup(html, "</q>");
        }
        if (attributes_value(attributes, vendor_id_key)[0]) {
                html_markup(html, " <code>");
                html_text(html, attributes_value(attributes, vendor_id_key));
                html_markup(html, ":");
                html_text(html, attributes_value(attributes, product_id_key));
                html_markup(html, "</code>");
        }
        html_markup(html, "</td>");
}

/* The reason, and the rule where the reason does not name it. */
static void write_why(struct html *html, const struct attributes *attributes)
{
        const char *rule = attributes_value(attributes, rule_key), *reason = attributes_value(attributes, reason_key);

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
        if (strcmp(attributes_value(attributes, simulated_key), "true") == 0)
                page_badge(html, "badge warn", "simulated");
        if (strcmp(attributes_value(attributes, audit_key), "true") == 0)
                page_badge(html, "badge", "audit: nothing was done");
        if (event->clone)
                page_badge(html, "badge bad", "number came twice: copied identity");
        html_markup(html, "<details><summary>more</summary><dl><dt>number</dt>");
        format_number(text, event->seq);
        html_element(html, "dd", text);
        html_markup(html, "<dt>received</dt><dd>");
        page_time(html, event->received_ns);
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
        CLEANUP(attributes_clear) struct attributes attributes;
        int r;

        r = attributes_read(event->attributes, &attributes);
        if (r < 0)
                return r;
        html_markup(html, "<tr><td>");
        page_time(html, event->time_ns);
        html_markup(html, "</td><td>");
        page_host(html, event->host, event->label);
        html_markup(html, "</td>");
        write_code(html, event);
        write_name(html, event);
        write_device(html, &attributes);
        write_why(html, &attributes);
        write_remarks(html, event, &attributes);
        html_markup(html, "</tr>\n");
        return 0;
}

int page_events_table(struct html *html, const struct store_events *events)
{
        char zone[NUMBER_MAX] = "UTC";
        time_t now = time(NULL);
        struct tm local;
        int r = 0;

        if (localtime_r(&now, &local))
                strftime(zone, sizeof(zone), "%Z", &local);
        html_markup(html, "<p>Newest first. Times are of the laptop's clock, in ");
        html_text(html, zone);
        html_markup(html,
                    ".</p>\n<div class=\"wide\"><table id=\"events\">\n<thead><tr><th scope=\"col\">When</th>"
                    "<th scope=\"col\">Laptop</th><th scope=\"col\">Code</th><th scope=\"col\">What</th>"
                    "<th scope=\"col\">Device</th><th scope=\"col\">Why</th><th scope=\"col\">Remarks</th></tr></thead>"
                    "\n<tbody>\n");
        for (size_t i = 0; i < events->n && r == 0; i++)
                r = write_event(html, &events->items[i]);
        html_markup(html, "</tbody></table></div>\n");
        return r;
}

/* ---- the frame of a page --- */

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

void page_begin(struct html *html, const struct visit *visit, const char *title)
{
        html_markup(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>");
        html_text(html, title);
        html_markup(html, "</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\n");
        write_visit(html, visit);
        html_markup(html, "<h1>lekdicht</h1>\n");
        html_markup(html, "<nav><a href=\"/\">Laptops</a> <a href=\"/attention\">Needs attention</a>");
        if (visit->open || role_may(visit->account.role, RIGHT_EVENTS))
                html_markup(html, " <a href=\"/events\">Find events</a>");
        html_markup(html, "</nav>\n");
}

void page_end(struct html *html)
{
        html_markup(html, "</body>\n</html>\n");
}
