/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which events somebody looks for: what a form says, and the same for the store. */

#include <stdbool.h>
#include <stddef.h>

#include "collector/store.h"

#define FILTER_VALUE_MAX 128U  /* bytes of a value */
#define FILTER_QUERY_MAX 4096U /* bytes of all of them in an address, NUL included */

enum filter_field {
        FILTER_LAPTOP, /* its label or its number */
        FILTER_CODE,   /* what a teacher reads from a notice */
        FILTER_NAME,   /* of the event: lekdicht.device.refused */
        FILTER_KIND,   /* of the device */
        FILTER_RULE,
        FILTER_CLIENT,
        FILTER_SITE,
        FILTER_FROM, /* days, 2026-11-22, both included */
        FILTER_TO,
        _FILTER_MAX,
};

struct filter {
        char values[_FILTER_MAX][FILTER_VALUE_MAX + 1]; /* "": whatever it is */
};

/* What it is called in an address: "laptop". */
const char *filter_field_name(enum filter_field field);

/* Set one from an address, where only + is decoded already. NULL is nothing. False: broken, too long, or no day. */
bool filter_set(struct filter *filter, enum filter_field field, const char *value);

/* As the part of an address behind "?", without those that are empty; "" when all are. */
void filter_write(const struct filter *filter, char ret[static FILTER_QUERY_MAX]);

/* For the store; what it points to is the filter's. */
void filter_wish(const struct filter *filter, struct store_wish *ret);
