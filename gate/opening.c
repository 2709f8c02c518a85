/* SPDX-License-Identifier: GPL-3.0-or-later */

/* drivers_probe takes a name, and a name can have gone to another device while we were writing it. So the grant, not the
 * probe, is what opens a disk: it is given to the sequence number read through the pinned descriptor, after the probe. */

#include "gate/opening.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "gate/lun.h"
#include "gate/renew.h"
#include "gate/say.h"
#include "gate/state.h"
#include "gate/usbnode.h"

enum gate_exit opening_failed(const struct device *device, const char *deed, int r)
{
        if (r == -ENODEV || !device_alive(device)) {
                complain("%s: gone, nothing is opened", device->name);
                return GATE_GONE;
        }
        complain("%s: %s: %s", device->name, deed, strerror(-r));
        return GATE_FAILED;
}

enum gate_exit opening_prepare(const struct roots *roots, const struct device *device, const char *deed,
                               const char *kept)
{
        int r;

        if (device->type != DEVICE_LUN) {
                complain("%s is no disk: only what is on the buses scsi, mmc and memstick can be %s", device->name,
                         deed);
                return GATE_USAGE;
        }
        if (state_has(roots, NULL, STATE_OPEN)) {
                complain("%s: the gate is open, nothing can be kept %s", device->name, kept);
                return GATE_FAILED;
        }
        r = usbnode_close(roots, device);
        return r < 0 ? opening_failed(device, "closing its USB node", r) : GATE_DONE;
}

/* Another device may have taken the name between our look and the kernel's: it was bound by our doing and is unbound. */
static void undo_probe_of_other(const struct roots *roots, const struct device *lun)
{
        CLEANUP_DEVICE struct device other = DEVICE_NULL;
        uint64_t diskseq;

        if (state_has(roots, NULL, STATE_OPEN))
                return; /* everything may be bound then */
        if (device_open(roots, lun->name, &other) < 0 || other.type != DEVICE_LUN || !device_bound(&other) ||
            (lun_diskseq(&other, &diskseq) == 0 && state_granted(roots, diskseq) != GRANT_NONE) ||
            !device_removable(roots, &other))
                return;
        if (lun_unbind(&other) == 0)
                say("unbound %s, which is another device by now", other.name);
}

static enum gate_exit bind_unit(const struct roots *roots, const struct device *lun)
{
        int r;

        if (renew(roots, lun))
                return GATE_GONE; /* whoever asked hears of the new one */
        r = bus_probe(roots, lun->bus, lun->name);
        if (device_alive(lun) && !device_bound(lun)) {
                /* Its driver may have been unloaded since the gate was closed. */
                bus_load(roots, lun->bus);
                r = bus_probe(roots, lun->bus, lun->name);
        }
        if (!device_alive(lun)) {
                undo_probe_of_other(roots, lun);
                return opening_failed(lun, "binding", -ENODEV);
        }
        if (device_bound(lun))
                return GATE_DONE;
        return opening_failed(lun, "no driver bound", r < 0 ? r : -ENOENT);
}

enum gate_exit opening_find(const struct roots *roots, const struct device *lun, char disk[SYSFS_NAME_MAX],
                            uint64_t *diskseq)
{
        int r;

        disk[0] = '\0';
        if (!device_bound(lun)) {
                enum gate_exit code = bind_unit(roots, lun);

                if (code != GATE_DONE)
                        return code;
        }
        r = lun_disk(lun, disk, SYSFS_NAME_MAX);
        if (r == -ENOENT && device_alive(lun)) {
                disk[0] = '\0';
                say("bound %s, which has no disk", lun->name);
                return GATE_DONE;
        }
        if (r == 0)
                r = lun_diskseq(lun, diskseq);
        return r < 0 ? opening_failed(lun, "finding its disk", r) : GATE_DONE;
}

int opening_grant(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq,
                  int (*grant)(const struct roots *roots, uint64_t diskseq, const char *text))
{
        char text[SYSFS_NAME_MAX + PATH_MAX + 32];

        snprintf(text, sizeof text, "disk=%s\ndevpath=%s\n", disk, lun->devpath);
        return grant(roots, diskseq, text);
}

bool opening_still_holds(const struct roots *roots, const struct device *lun, uint64_t diskseq)
{
        uint64_t now;

        return lun_diskseq(lun, &now) == 0 && now == diskseq && !state_has(roots, NULL, STATE_OPEN);
}
