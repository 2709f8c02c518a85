/* SPDX-License-Identifier: GPL-3.0-or-later */

/* While a disk is hidden its nodes are root's, so that what is found on it is what is on it when it is shown. What somebody
 * writes to it afterwards (udisks formats for who sits at the screen) the udev rules find at the event that follows, node by
 * node, before it can be mounted; the agent hears of the same event and has all of it looked at here. */

#include "gate/encrypted.h"

#include <errno.h>
#include <inttypes.h>

#include "gate/lun.h"
#include "gate/opening.h"
#include "gate/probe.h"
#include "gate/refuse.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"

/* Hidden at once, also while somebody uses it; then as `refuse` does. code: what to answer when that has gone well. */
static enum gate_exit shut(const struct roots *roots, const struct uses *uses, const struct device *lun,
                           uint64_t diskseq, enum gate_exit code)
{
        enum gate_exit refused;

        if (!walk_carries(uses, lun->devpath) && state_granted(roots, diskseq) != GRANT_NONE) {
                int r = state_revoke(roots, diskseq);

                if (r < 0)
                        return opening_failed(lun, "taking back its grant", r);
                lun_trigger(lun);
        }
        refused = refuse(roots, uses, lun);
        return refused == GATE_DONE ? code : refused;
}

static enum gate_exit grant(const struct roots *roots, const struct device *lun, const char *disk, uint64_t diskseq)
{
        enum grant before = state_granted(roots, diskseq);
        int r = 0;

        if (before == GRANT_ENCRYPTED)
                return GATE_DONE;
        if (before == GRANT_READ_ONLY)
                r = roflag_clear(roots, lun, diskseq);
        if (r < 0)
                return opening_failed(lun, "making it writable", r);
        r = opening_grant(roots, lun, disk, diskseq, state_grant_encrypted);
        if (r < 0)
                return opening_failed(lun, "writing its grant", r);
        if (!opening_still_holds(roots, lun, diskseq)) {
                state_revoke(roots, diskseq);
                return opening_failed(lun, "changed while it was looked at", -EAGAIN);
        }
        lun_trigger(lun);
        say("opened %s, which is encrypted, as %s, disk sequence number %" PRIu64, lun->name, disk, diskseq);
        return GATE_DONE;
}

static enum gate_exit look(const struct roots *roots, const struct uses *uses, const struct device *lun,
                           const char *disk, uint64_t diskseq)
{
        char why[PROBE_WHY_MAX];

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
                return opening_failed(lun, "looking at it", -ENODEV);
        complain("%s: is it encrypted? %s", lun->name, why);
        return shut(roots, uses, lun, diskseq, GATE_FAILED);
}

enum gate_exit encrypted(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        char disk[SYSFS_NAME_MAX];
        enum gate_exit code;
        uint64_t diskseq;

        code = opening_prepare(roots, device, "looked at", "hidden");
        if (code == GATE_DONE)
                code = opening_find(roots, device, disk, &diskseq);
        if (code != GATE_DONE || !disk[0])
                return code;
        return look(roots, uses, device, disk, diskseq);
}
