/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What several pages show. */

#include <stdint.h>

#include "collector/html.h"
#include "collector/store.h"
#include "collector/visit.h"

/* All before and behind the content of a page: head, who is signed in, the way to the other pages. */
void page_begin(struct html *html, const struct visit *visit, const char *title);
void page_end(struct html *html);

/* A number in a cell of that class. */
void page_number(struct html *html, const char *class, uint64_t number);
void page_time(struct html *html, uint64_t time_ns);
/* A laptop by its label, or by the beginning of its number, as a link to its events. */
void page_host(struct html *html, const char *host, const char *label);
void page_badge(struct html *html, const char *class, const char *text);

/* Events as a table, at least one. 0, or errors of reading their attributes. */
int page_events_table(struct html *html, const struct store_events *events);
