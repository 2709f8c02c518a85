/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Looking for events: a form, what was found, and the way on. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/filter.h"
#include "collector/page.h"
#include "collector/page_parts.h"
#include "common/cleanup.h"
#include "common/event.h"

#define ADDRESS_MAX (FILTER_QUERY_MAX + 128U)

static void write_input(struct html *html, const struct filter *filter, enum filter_field field, const char *label,
                        const char *type)
{
        html_markup(html, "<label>");
        html_text(html, label);
        html_markup(html, " <input");
        html_attribute(html, "name", filter_field_name(field));
        html_attribute(html, "type", type);
        html_attribute(html, "value", filter->values[field]);
        html_markup(html, "></label>\n");
}

static void write_names(struct html *html, const struct filter *filter)
{
        html_markup(html, "<label>What <select");
        html_attribute(html, "name", filter_field_name(FILTER_NAME));
        html_markup(html, "><option value=\"\">everything</option>");
        for (int i = 0; i < _EVENT_NAME_MAX; i++) {
                const char *name = event_name_string((enum event_name) i);

                html_markup(html, "<option");
                html_attribute(html, "value", name);
                html_markup(html, strcmp(name, filter->values[FILTER_NAME]) == 0 ? " selected>" : ">");
                html_text(html, event_name_words((enum event_name) i));
                html_markup(html, "</option>");
        }
        html_markup(html, "</select></label>\n");
}

static void write_form(struct html *html, const struct visit *visit, const struct filter *filter)
{
        html_markup(html, "<form id=\"filter\" action=\"/events\" method=\"get\">\n");
        write_names(html, filter);
        write_input(html, filter, FILTER_FROM, "From", "date");
        write_input(html, filter, FILTER_TO, "To", "date");
        write_input(html, filter, FILTER_LAPTOP, "Laptop", "text");
        if (!visit->account.site[0])
                write_input(html, filter, FILTER_SITE, "Site", "text");
        write_input(html, filter, FILTER_CODE, "Code of a notice", "text");
        write_input(html, filter, FILTER_KIND, "Kind of device", "text");
        write_input(html, filter, FILTER_RULE, "Rule", "text");
        write_input(html, filter, FILTER_CLIENT, "Client or service", "text");
        html_markup(html, "<button type=\"submit\">Find</button>\n</form>\n");
}

static void write_link(struct html *html, const char *address, const char *rel, const char *text)
{
        html_markup(html, "<p><a");
        html_attribute(html, "rel", rel);
        html_attribute(html, "href", address);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</a></p>\n");
}

static void write_ways(struct html *html, const struct visit *visit, const struct filter *filter,
                       const struct store_events *events, struct store_position next)
{
        char query[FILTER_QUERY_MAX], address[ADDRESS_MAX];

        filter_write(filter, query);
        if (events->more) {
                snprintf(address, sizeof(address), "/events?%s%sbefore=%" PRId64 "-%" PRId64, query,
                         query[0] ? "&" : "", next.shown_ns, next.id);
                write_link(html, address, "next", "Older events");
        }
        if (events->n > 0 && (visit->open || role_may(visit->account.role, RIGHT_EXPORT))) {
                snprintf(address, sizeof(address), "/events.csv%s%s", query[0] ? "?" : "", query);
                write_link(html, address, "nofollow", "These events as a table for a spreadsheet (CSV)");
        }
}

static int write_found(struct html *html, const struct visit *visit, struct store *store, const struct filter *filter,
                       struct store_position before)
{
        CLEANUP(store_events_clear) struct store_events events = { 0 };
        struct store_position next = STORE_NEWEST;
        struct store_wish wish;
        int r;

        filter_wish(filter, &wish);
        wish.own_site = visit->account.site[0] ? visit->account.site : NULL;
        r = store_find(store, &wish, before, PAGE_EVENTS, &events, &next);
        if (r < 0)
                return r;
        if (events.n > 0)
                r = page_events_table(html, &events);
        else
                html_markup(html, events.more ? "<p>None among the newest of these. Older ones have not been looked at "
                                                "yet.</p>\n"
                                              : "<p>No events like that.</p>\n");
        write_ways(html, visit, filter, &events, next);
        return r;
}

int page_events(struct store *store, const struct visit *visit, const struct filter *filter, const char *before,
                char **ret, size_t *ret_size)
{
        struct store_position position = STORE_NEWEST;
        struct html html = { 0 };
        int r;

        if (!visit->open && !role_may(visit->account.role, RIGHT_EVENTS))
                return -EACCES;
        if (before && !page_read_position(before, &position))
                return -EINVAL;
        page_begin(&html, visit, "lekdicht: find events");
        html_markup(&html, "<main><h2>Find events</h2>\n");
        write_form(&html, visit, filter);
        r = write_found(&html, visit, store, filter, position);
        html_markup(&html, "</main>\n");
        page_end(&html);
        if (r < 0) {
                html_clear(&html);
                return r;
        }
        return html_finish(&html, ret, ret_size);
}
