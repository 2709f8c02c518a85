/* SPDX-License-Identifier: GPL-3.0-or-later */

/* There is no read-only after the fact: whoever has a disk mounted or open for writing goes on writing when its flag is set.
 * So a disk is read-only from its birth or not at all. While it is hidden its nodes are root's, and nothing of ours or of
 * the system's writes to what shows no file system; the flag comes before the grant, and the grant before anybody's eyes. */

#include "gate/readonly.h"

#include <errno.h>
#include <inttypes.h>

#include "gate/lun.h"
#include "gate/opening.h"
#include "gate/refuse.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"

/* It is bound. Can nobody have it open for writing? */
static bool never_was_writable(const struct roots *roots, const struct device *lun)
{
        uint64_t diskseq;

        return lun_diskseq(lun, &diskseq) == 0 && roflag_is_set(roots, lun, diskseq) &&
               (state_granted(roots, diskseq) == GRANT_READ_ONLY ||
                (state_granted(roots, diskseq) == GRANT_NONE && !lun_claimed(roots, lun)));
}

static enum gate_exit make_readonly(const struct roots *roots, const struct device *lun, const char *disk,
                                    uint64_t diskseq)
{
        int r;

        r = roflag_set(roots, lun, diskseq);
        if (r < 0)
                return opening_failed(lun, "making it read-only", r);
        r = opening_grant(roots, lun, disk, diskseq, state_grant_readonly);
        if (r < 0)
                return opening_failed(lun, "writing its grant", r);
        if (!opening_still_holds(roots, lun, diskseq)) {
                state_revoke(roots, diskseq);
                roflag_clear(roots, lun, diskseq);
                return opening_failed(lun, "changed while it was opened", -EAGAIN);
        }
        lun_trigger(lun);
        say("opened %s read-only as %s, disk sequence number %" PRIu64, lun->name, disk, diskseq);
        return GATE_DONE;
}

enum gate_exit readonly(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        char disk[SYSFS_NAME_MAX];
        enum gate_exit code;
        uint64_t diskseq;

        code = opening_prepare(roots, device, "read-only", "read-only");
        if (code == GATE_DONE && device_bound(device) && !never_was_writable(roots, device))
                code = refuse(roots, uses, device);
        if (code == GATE_DONE)
                code = opening_find(roots, device, disk, &diskseq);
        if (code != GATE_DONE || !disk[0])
                return code;
        return make_readonly(roots, device, disk, diskseq);
}
