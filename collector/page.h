/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The page: what happened, the newest first, of all laptops or one. Made here, works without scripts. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/filter.h"
#include "collector/store.h"
#include "collector/visit.h"

#define PAGE_EVENTS      100U /* on one page */
#define PAGE_LAPTOPS     100U
#define PAGE_CSV_LOOKS   50U /* 10,000 events, or as many as are found in 1,000,000 */
#define PAGE_SILENT_DAYS 7U  /* a laptop that nobody heard of for so long is silent */
#define PAGE_RECENT_DAYS 30U /* so far back goes what needs attention */
#define PAGE_GAPS        10U /* gaps in a laptop's numbers that are named */

/* The form for name and password, with a message of the program's own or NULL, as page_render(). */
int page_login(const char *message, char **ret, size_t *ret_size);

struct page_query {
        const char *laptop; /* a host.id, or NULL: all */
        const char *before; /* where the page before this one ended, or NULL: the newest */
};

/* The page as that visitor may see it, HTML, for the caller to free, and its size. 0; -EINVAL: the query is none; -EACCES: this
 * role may not see it; or errors of the store. */
int page_render(struct store *store, const struct visit *visit, const struct page_query *query, char **ret,
                size_t *ret_size);

/* What somebody should look at; now: seconds of CLOCK_REALTIME. As page_render(). */
int page_attention(struct store *store, const struct visit *visit, uint64_t now, char **ret, size_t *ret_size);

/* Those that fit a filter, before that place or NULL, with the form for it; as page_render(). */
int page_events(struct store *store, const struct visit *visit, const struct filter *filter, const char *before,
                char **ret, size_t *ret_size);

/* The same as CSV, all of them, but for as many as PAGE_CSV_LOOKS looks of the store find; the last line says so then. */
int page_csv(struct store *store, const struct visit *visit, const struct filter *filter, char **ret, size_t *ret_size);

/* "NUMBER-NUMBER", as ?before= has it. */
bool page_read_position(const char *text, struct store_position *ret);
