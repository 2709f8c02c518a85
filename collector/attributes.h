/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The attributes of one event, by their keys. */

#include <stddef.h>

#include "collector/otlp.h"

struct attributes {
        struct {
                char *key, *value;
        } items[OTLP_ATTRIBUTES_MAX];
        size_t n;
};

/* Of the JSON that a store keeps; *ret need not be set before. 0, or as otlp_each_attribute(); to be cleared in any case. */
int attributes_read(const char *json, struct attributes *ret);
void attributes_clear(struct attributes *attributes);

/* The value of a key, or "". */
const char *attributes_value(const struct attributes *attributes, const char *key);
