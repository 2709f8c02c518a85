/* SPDX-License-Identifier: GPL-3.0-or-later */

/* No part has to know of it: it looks whenever the loop has done something. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "agent/inventory.h"
#include "agent/plugs.h"
#include "agent/ready.h"

struct ready {
        const struct inventory *inventory;
        const struct plugs *plugs;
        sd_event_source *post, *timer;
};

static bool is_done(const struct ready *ready)
{
        for (const struct device *device = inventory_first(ready->inventory); device; device = device->next)
                if (device->state == DEVICE_PENDING)
                        return false;
        return !plugs_unrecorded(ready->plugs);
}

static void tell(struct ready *ready)
{
        ready->post = sd_event_source_disable_unref(ready->post);
        ready->timer = sd_event_source_disable_unref(ready->timer);
        (void) sd_notify(0, "READY=1");
}

static int on_post(sd_event_source *source, void *userdata)
{
        struct ready *ready = userdata;

        (void) source;
        if (is_done(ready))
                tell(ready);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void) source;
        (void) usec;
        tell(userdata);
        return 0;
}

int ready_new(sd_event *loop, const struct inventory *inventory, const struct plugs *plugs, struct ready **ret)
{
        struct ready *ready = calloc(1, sizeof(*ready));
        int r;

        if (!ready) {
                (void) sd_notify(0, "READY=1");
                return -ENOMEM;
        }
        ready->inventory = inventory;
        ready->plugs = plugs;
        r = sd_event_add_post(loop, &ready->post, on_post, ready);
        if (r >= 0)
                r = sd_event_add_time_relative(loop, &ready->timer, CLOCK_MONOTONIC, READY_MAX_USEC, 0, on_timer,
                                               ready);
        if (r < 0 || is_done(ready))
                tell(ready);
        if (r < 0) {
                free(ready);
                return r;
        }
        *ret = ready;
        return 0;
}

struct ready *ready_free(struct ready *ready)
{
        if (!ready)
                return NULL;
        sd_event_source_disable_unref(ready->post);
        sd_event_source_disable_unref(ready->timer);
        free(ready);
        return NULL;
}
