/* SPDX-License-Identifier: GPL-3.0-or-later */

/* While a disk is hidden its nodes are root's, so that what is found on it is what is on it when it is shown. What somebody
 * writes to it afterwards (udisks formats for who sits at the screen) the udev rules find at the event that follows, node by
 * node, before it can be mounted; the agent hears of the same event and has all of it looked at here. */

#include "gate/encrypted.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/sysfs.h"
#include "gate/lun.h"
#include "gate/probe.h"
#include "gate/refuse.h"
#include "gate/release.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"
#include "gate/usbnode.h"

static enum gate_exit failed(const struct device *lun, const char *deed, int r)
{
        if (r == -ENODEV || !device_alive(lun)) {
                complain("%s: gone, nothing is opened", lun->name);
                return GATE_GONE;
        }
        complain("%s: %s: %s", lun->name, deed, strerror(-r));
        return GATE_FAILED;
}

/* Hidden at once, also while somebody uses it; then as `refuse` does. code: what to answer when that has gone well. */
static enum gate_exit shut(const struct roots *roots, const struct uses *uses, const struct device *lun,
                           uint64_t diskseq, enum gate_exit code)
{
        enum gate_exit refused;

        if (!walk_carries(uses, lun->devpath) && state_granted(roots, diskseq) != GRANT_NONE) {
                int r = state_revoke(roots, diskseq);

                if (r < 0)
                        return failed(lun, "taking back its grant", r);
                lun_trigger(lun);
        }
        refused = refuse(roots, uses, lun);
        return refused == GATE_DONE ? code : refused;
}

static enum gate_exit grant(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq)
{
        char text[SYSFS_NAME_MAX + PATH_MAX + 32];
        enum grant before = state_granted(roots, diskseq);
        uint64_t after;
        int r = 0;

        if (before == GRANT_ENCRYPTED)
                return GATE_DONE;
        if (before == GRANT_READ_ONLY)
                r = roflag_clear(roots, lun, diskseq);
        if (r < 0)
                return failed(lun, "making it writable", r);
        snprintf(text, sizeof text, "disk=%s\ndevpath=%s\n", disk, lun->devpath);
        r = state_grant_encrypted(roots, diskseq, text);
        if (r < 0)
                return failed(lun, "writing its grant", r);
        /* A medium that was changed meanwhile has a new number, and a gate that was opened has let all go. */
        if (lun_diskseq(lun, &after) < 0 || after != diskseq || state_has(roots, NULL, STATE_OPEN)) {
                state_revoke(roots, diskseq);
                return failed(lun, "changed while it was looked at", -EAGAIN);
        }
        lun_trigger(lun);
        say("opened %s, which is encrypted, as %s, disk sequence number %" PRIu64, lun->name, disk, diskseq);
        return GATE_DONE;
}

static enum gate_exit look(const struct roots *roots, const struct uses *uses, const struct device *lun,
                           const char *disk)
{
        char why[PROBE_WHY_MAX];
        uint64_t diskseq;
        int r;

        r = lun_diskseq(lun, &diskseq);
        if (r < 0)
                return failed(lun, "finding its disk", r);
        if (probe_is_empty(lun, disk)) {
                say("bound %s, which has no medium", lun->name);
                return GATE_DONE;
        }
        switch (probe(roots, lun, disk, diskseq, why, sizeof why)) {
        case PROBE_ENCRYPTED:
                return grant(roots, lun, disk, diskseq);
        case PROBE_PLAIN:
                say("%s is not encrypted: %s", lun->name, why);
                return shut(roots, uses, lun, diskseq, GATE_PLAIN);
        case PROBE_TROUBLE:
                break;
        }
        if (!device_alive(lun))
                return failed(lun, "looking at it", -ENODEV);
        complain("%s: is it encrypted? %s", lun->name, why);
        return shut(roots, uses, lun, diskseq, GATE_FAILED);
}

enum gate_exit encrypted(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        char disk[SYSFS_NAME_MAX];
        int r;

        if (device->type != DEVICE_LUN) {
                complain("%s is no disk: only what is on the buses scsi, mmc and memstick can be looked at",
                         device->name);
                return GATE_USAGE;
        }
        if (state_has(roots, NULL, STATE_OPEN)) {
                complain("%s: the gate is open, nothing can be kept hidden", device->name);
                return GATE_FAILED;
        }
        r = usbnode_close(roots, device);
        if (r < 0)
                return failed(device, "closing its USB node", r);
        if (!device_bound(device)) {
                enum gate_exit code = release_bind(roots, device);

                if (code != GATE_DONE)
                        return code;
        }
        r = lun_disk(device, disk, sizeof disk);
        if (r == -ENOENT && device_alive(device)) {
                say("bound %s, which has no disk", device->name);
                return GATE_DONE;
        }
        return r < 0 ? failed(device, "finding its disk", r) : look(roots, uses, device, disk);
}
