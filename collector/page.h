/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The page: what happened, the newest first, of all laptops or one. Made here, works without scripts. */

#include <stddef.h>

#include "collector/store.h"

#define PAGE_EVENTS  100U /* on one page */
#define PAGE_LAPTOPS 100U
#define PAGE_GAPS    10U /* gaps in a laptop's numbers that are named */

struct page_query {
        const char *laptop; /* a host.id, or NULL: all */
        const char *before; /* where the page before this one ended, or NULL: the newest */
};

/* The page as HTML, for the caller to free, and its size. 0; -EINVAL: the query is none; or errors of the store. */
int page_render(struct store *store, const struct page_query *query, char **ret, size_t *ret_size);
