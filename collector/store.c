/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What does not depend on where the events are kept. */

#include <stdlib.h>

#include "collector/store.h"

void store_events_clear(struct store_events *events)
{
        for (size_t i = 0; i < events->n; i++)
                free(events->items[i].attributes);
        free(events->items);
        *events = (struct store_events){ 0 };
}

void store_laptops_clear(struct store_laptops *laptops)
{
        for (size_t i = 0; i < laptops->n; i++)
                free(laptops->items[i].heartbeat);
        free(laptops->items);
        *laptops = (struct store_laptops){ 0 };
}
