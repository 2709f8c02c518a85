/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The device may be gone when there is something to record of its grant, so all of it comes from the grant. */

#include "agent/leasetell.h"

#include <stdio.h>

void leasetell_record(const struct lease *lease, uint64_t shown_usec, enum event_name name, const char *what,
                      struct record_receipt *ret)
{
        char words[VERDICT_REASON_MAX], reason[2 * VERDICT_REASON_MAX];
        struct record_subject subject = {
                .kind = lease->kind,
                .private = lease->private,
                .has_usb_id = lease->has_usb_id && !lease->private,
                .vendor = lease->private ? 0 : lease->vendor,
                .product = lease->private ? 0 : lease->product,
        };

        snprintf(subject.port, sizeof(subject.port), "%s", lease->name);
        lease_verdict(lease, shown_usec, &subject.verdict);
        snprintf(reason, sizeof(reason), "%s%s", what, lease_words(lease, shown_usec, words, sizeof(words)));
        record_grant(name, &subject, reason, ret);
}

void leasetell_notice(const struct lease *lease, const struct device *device, enum plug_news news,
                      const struct record_receipt *receipt, struct plug_notice *ret)
{
        *ret = (struct plug_notice){
                .kind = lease->kind,
                .news = news,
                .name = lease->private ? "" : device_name(device),
        };
        snprintf(ret->plug, sizeof(ret->plug), "%s#grant%u", lease->name, lease->number);
        plugs_code(receipt, ret->code);
}

const char *leasetell_end(const struct lease *lease, const struct device *device, char *text, size_t size)
{
        const char *how = !device                          ? "it was not plugged in"
                          : device->state == DEVICE_FAILED ? "it could not be closed"
                          : lease->phase == LEASE_CUTTING  ? "in use to the last, written back and cut off"
                          : lease->phase == LEASE_EXTENDED ? "in use at its end, closed when it was not any more"
                                                           : "closed";

        snprintf(text, size, "%s; %s; it was ", lease->revoked ? "taken back" : "its time was over", how);
        return text;
}
