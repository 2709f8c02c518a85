/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A reader that is part of something is held and never switched off, so that a card that comes later is seen; what is in
 * it, medium.c asks. */

#include "agent/facts.h"
#include "agent/reader.h"

bool reader_is_watched(const struct device *device)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].watched && device->luns[i].medium != MEDIUM_UNKNOWN)
                        return true;
        return false;
}

bool reader_is_empty(const struct device *device)
{
        bool empty = false;

        for (size_t i = 0; device->reader && i < device->n_luns; i++) {
                if (!device->luns[i].opens)
                        continue;
                if (!facts_disk_is_empty(device->luns[i].target.dirfd))
                        return false;
                empty = true;
        }
        return empty;
}

bool reader_has_card(const struct device *device)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].watched && device->luns[i].medium == MEDIUM_PRESENT)
                        return true;
        return false;
}

void reader_watch(const struct decide *decide, struct device *device, bool refused)
{
        for (size_t i = 0; i < device->n_luns; i++) {
                struct lun *lun = &device->luns[i];
                bool wanted = device->reader && refused && !device->exempt && !decide->open && lun->opens &&
                              !lun->optical && lun->answer == ASSESS_REFUSED;

                if (wanted == lun->watched || !decide->ops->watch)
                        continue;
                if (decide->ops->watch(decide->ops->userdata, &lun->target, wanted) < 0)
                        continue;
                lun->watched = wanted;
                lun->medium = lun->plain ? MEDIUM_PRESENT : MEDIUM_UNKNOWN; /* what is plain was looked at */
        }
}

void reader_note_empty(const struct decide *decide, struct device *device)
{
        if (decide->open || device->exempt || !reader_is_watched(device) || reader_has_card(device))
                return;
        if (device->recorded_access == ACCESS_BLOCK) {
                device->recorded = false;
                device->verdicts = 0;
        }
        if (device->empty_told || !device->scan_ended)
                return;
        device->empty_told = true;
        decide->ops->empty(decide->ops->userdata, device);
}
