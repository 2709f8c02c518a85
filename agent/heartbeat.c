/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "agent/heartbeat.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/gateview.h"
#include "agent/record.h"
#include "common/clock.h"

struct heartbeat {
        sd_event_source *timer;
        uint64_t usec;
        struct spool *spool;
        struct gatewatch *gatewatch;
        const struct policystore *store;
        uint64_t ticket; /* of the last one; 0: there was none, or it was given up */
};

static void beat(struct heartbeat *heartbeat)
{
        const struct policy *policy = heartbeat->store->policy;
        struct spool_status spool;
        struct gateview view;

        spool_status(heartbeat->spool, &spool);
        if (heartbeat->ticket > spool.acknowledged)
                return;
        gatewatch_view(heartbeat->gatewatch, &view);
        heartbeat->ticket = record_heartbeat(&(struct record_heartbeat){
                .gate = gateview_gate(view.gate),
                .source = policy_source_name(heartbeat->store->source),
                .version = policy->version,
                .audit = policy->mode == POLICY_AUDIT,
                .waiting = spool.waiting,
                .dropped = spool.dropped,
                .aside = spool.aside,
        });
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct heartbeat *heartbeat = userdata;
        int r;

        (void) usec;
        beat(heartbeat);
        /* From now on: after a night in a bag there is one, and not one for each quarter of an hour. */
        r = sd_event_source_set_time(source, clock_usec(CLOCK_BOOTTIME) + heartbeat->usec);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int heartbeat_new(sd_event *loop, uint64_t usec, struct spool *spool, struct gatewatch *gatewatch,
                  const struct policystore *store, struct heartbeat **ret)
{
        struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));
        int r;

        if (!heartbeat)
                return -ENOMEM;
        heartbeat->usec = usec ? usec : HEARTBEAT_USEC;
        heartbeat->spool = spool;
        heartbeat->gatewatch = gatewatch;
        heartbeat->store = store;
        r = sd_event_add_time(loop, &heartbeat->timer, CLOCK_BOOTTIME, clock_usec(CLOCK_BOOTTIME) + heartbeat->usec,
                              usec ? 1 : HEARTBEAT_SLACK_USEC, on_timer, heartbeat);
        if (r < 0) {
                free(heartbeat);
                return r;
        }
        *ret = heartbeat;
        return 0;
}

struct heartbeat *heartbeat_free(struct heartbeat *heartbeat)
{
        if (!heartbeat)
                return NULL;
        sd_event_source_disable_unref(heartbeat->timer);
        free(heartbeat);
        return NULL;
}
