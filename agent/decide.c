/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Three questions in this order: does it carry the system (then hands off), what do the rules say (judgement.c), and what
 * has to be done in /sys so that it is so (enforce.c). Then it is recorded, once, and how it stands (standing.c). */

#include "agent/decide.h"
#include "agent/enforce.h"
#include "agent/judgement.h"
#include "agent/reader.h"
#include "agent/standing.h"
#include "agent/traits.h"
#include "common/clock.h"

static void record(const struct decide *decide, struct device *device)
{
        enum access access;

        if (device->exempt || !standing_is_decided(decide, device, &access))
                return;
        if (device->judged_usec == 0)
                device->judged_usec = clock_usec(CLOCK_MONOTONIC);
        /* It opens when its LUNs do, and whether they were open before is seen then. */
        if (access != ACCESS_BLOCK && !traits_is_only_phone(device) && !traits_opens(device))
                return;
        if (device->recorded && device->recorded_open == decide->open && device->recorded_access == access)
                return;
        /* An open gate and a verdict that opens come to the same. */
        if (device->recorded && device->recorded_access == ACCESS_ALLOW && access == ACCESS_ALLOW) {
                device->recorded_open = decide->open;
                return;
        }
        device->recorded = true;
        device->verdicts++;
        device->recorded_open = decide->open;
        device->recorded_access = access;
        decide->ops->verdict(decide->ops->userdata, device, decide->open);
        device->found = false;
}

void decide_refresh(const struct decide *decide, struct device *device)
{
        enum device_state state = standing_state(decide, device);

        if (state == device->state && device->since_usec != 0)
                return;
        device->state = state;
        device->since_usec = clock_usec(CLOCK_REALTIME);
        if (decide->ops->state)
                decide->ops->state(decide->ops->userdata, device);
}

void decide_device(const struct decide *decide, struct device *device, bool again)
{
        if (device->bus == DEVICE_USB &&
            (decide->open || rundir_phone(decide->run, device->target.name, device->devnum)))
                device->phone.shown = true;
        judgement_make(decide, device);
        reader_watch(decide, device,
                     device->answer != ASSESS_ALLOWED && device->answer != ASSESS_READ_ONLY &&
                             device->answer != ASSESS_ENCRYPTED && !traits_is_refused(device));
        reader_note_empty(decide, device);
        if (device->exempt || decide->open)
                enforce_nothing(decide, device);
        else
                enforce_device(decide, device, again);
        record(decide, device);

        if (!device->strings_known && !device->strings_asked) {
                device->strings_asked = true;
                decide->ops->read_strings(decide->ops->userdata, device);
        }
        decide_refresh(decide, device);
}
