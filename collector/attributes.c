/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int attributes_read(const char *json, struct attributes *ret)
{
        ret->n = 0;
        return otlp_each_attribute(json, take_attribute, ret);
}

void attributes_clear(struct attributes *attributes)
{
        for (size_t i = 0; i < attributes->n; i++) {
                free(attributes->items[i].key);
                free(attributes->items[i].value);
        }
        attributes->n = 0;
}

const char *attributes_value(const struct attributes *attributes, const char *key)
{
        for (size_t i = 0; i < attributes->n; i++)
                if (strcmp(attributes->items[i].key, key) == 0)
                        return attributes->items[i].value;
        return "";
}
