/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gate/renew.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "gate/say.h"
#include "gate/state.h"

void renew_note_unbound(const struct roots *roots, const struct device *lun)
{
        if (strcmp(lun->bus->name, "scsi") == 0)
                state_put(roots, STATE_UNBOUND, lun->name, "");
}

void renew_note_bound(const struct roots *roots, const struct device *lun)
{
        state_remove(roots, STATE_UNBOUND, lun->name);
}

bool renew(const struct roots *roots, const struct device *lun)
{
        CLEANUP(cleanup_close) int host = -1;
        char scan[64], unit[64];
        unsigned number;
        int used = 0;

        if (strcmp(lun->bus->name, "scsi") != 0 || !state_has(roots, STATE_UNBOUND, lun->name))
                return false;
        /* The note goes first: a unit that is sick is not found anew for ever. */
        state_remove(roots, STATE_UNBOUND, lun->name);
        if (sscanf(lun->name, "%u:%n", &number, &used) != 1 || used == 0)
                return false;
        snprintf(scan, sizeof scan, "scsi_host/host%u/scan", number);
        snprintf(unit, sizeof unit, "%s", lun->name + used);
        for (char *colon = unit; (colon = strchr(colon, ':'));)
                *colon = ' '; /* "channel id lun" */
        host = attr_open_dir(lun->dirfd, "../..");
        if (host < 0 || attr_write(lun->dirfd, "delete", "1") < 0)
                return false;
        if (attr_write(host, scan, unit) < 0)
                complain("%s: removed, and its host does not look for it again", lun->name);
        else
                say("%s: no driver could be bound again, found anew", lun->name);
        return true;
}
