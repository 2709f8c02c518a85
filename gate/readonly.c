/* SPDX-License-Identifier: GPL-3.0-or-later */

/* There is no read-only after the fact: whoever has a disk mounted or open for writing goes on writing when its flag is set.
 * So a disk is read-only from its birth or not at all. While it is hidden its nodes are root's, and nothing of ours or of
 * the system's writes to what shows no file system; the flag comes before the grant, and the grant before anybody's eyes. */

#include "gate/readonly.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/sysfs.h"
#include "gate/lun.h"
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

/* It is bound. Can nobody have it open for writing? */
static bool never_was_writable(const struct roots *roots, const struct device *lun)
{
        uint64_t diskseq;

        return lun_diskseq(lun, &diskseq) == 0 && roflag_is_set(roots, lun, diskseq) &&
               (state_granted(roots, diskseq) == GRANT_READ_ONLY ||
                (state_granted(roots, diskseq) == GRANT_NONE && !lun_claimed(roots, lun)));
}

static enum gate_exit make_readonly(const struct roots *roots, const struct device *lun, const char *disk)
{
        char text[SYSFS_NAME_MAX + PATH_MAX + 32];
        uint64_t diskseq, after;
        int r;

        r = lun_diskseq(lun, &diskseq);
        if (r < 0)
                return failed(lun, "finding its disk", r);
        r = roflag_set(roots, lun, diskseq);
        if (r < 0)
                return failed(lun, "making it read-only", r);
        snprintf(text, sizeof text, "disk=%s\ndevpath=%s\n", disk, lun->devpath);
        r = state_grant_readonly(roots, diskseq, text);
        if (r < 0)
                return failed(lun, "writing its grant", r);
        /* A medium that was changed meanwhile has a new number, and a gate that was opened has let all go. */
        if (lun_diskseq(lun, &after) < 0 || after != diskseq || state_has(roots, NULL, STATE_OPEN)) {
                state_revoke(roots, diskseq);
                roflag_clear(roots, lun, diskseq);
                return failed(lun, "changed while it was opened", -EAGAIN);
        }
        lun_trigger(lun);
        say("opened %s read-only as %s, disk sequence number %" PRIu64, lun->name, disk, diskseq);
        return GATE_DONE;
}

enum gate_exit readonly(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        char disk[SYSFS_NAME_MAX];
        enum gate_exit code;
        int r;

        if (device->type != DEVICE_LUN) {
                complain("%s is no disk: only what is on the buses scsi, mmc and memstick can be read-only", device->name);
                return GATE_USAGE;
        }
        if (state_has(roots, NULL, STATE_OPEN)) {
                complain("%s: the gate is open, nothing can be kept read-only", device->name);
                return GATE_FAILED;
        }
        r = usbnode_close(roots, device);
        if (r < 0)
                return failed(device, "closing its USB node", r);
        if (device_bound(device) && !never_was_writable(roots, device)) {
                code = refuse(roots, uses, device);
                if (code != GATE_DONE)
                        return code;
        }
        if (!device_bound(device)) {
                code = release_bind(roots, device);
                if (code != GATE_DONE)
                        return code;
        }
        r = lun_disk(device, disk, sizeof disk);
        if (r == -ENOENT && device_alive(device)) {
                say("bound %s, which has no disk", device->name);
                return GATE_DONE;
        }
        return r < 0 ? failed(device, "finding its disk", r) : make_readonly(roots, device, disk);
}
