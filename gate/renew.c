/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gate/renew.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "gate/say.h"
#include "gate/state.h"

#define NOTE_MAX 64U

/* A unit is known by its directory in /sys: host numbers are used again. */
static bool note_of(const struct device *lun, char note[NOTE_MAX])
{
        struct stat st;

        if (strcmp(lun->bus->name, "scsi") != 0 || fstat(lun->dirfd, &st) < 0)
                return false;
        snprintf(note, NOTE_MAX, "inode=%" PRIuMAX, (uintmax_t) st.st_ino);
        return true;
}

void renew_note(const struct roots *roots, const struct device *lun)
{
        char note[NOTE_MAX];

        if (note_of(lun, note))
                state_put(roots, STATE_UNBOUND, lun->name, note);
}

bool renew(const struct roots *roots, const struct device *lun)
{
        CLEANUP(cleanup_close) int host = -1;
        char note[NOTE_MAX], noted[NOTE_MAX], scan[NOTE_MAX], unit[SYSFS_NAME_MAX];
        unsigned number;
        int used = 0;

        if (!note_of(lun, note) || state_get(roots, STATE_UNBOUND, lun->name, noted, sizeof noted) < 0 ||
            strcmp(note, noted) != 0 || sscanf(lun->name, "%u:%n", &number, &used) != 1 || used == 0)
                return false;
        snprintf(scan, sizeof scan, "scsi_host/host%u/scan", number);
        snprintf(unit, sizeof unit, "%s", lun->name + used);
        for (char *colon = unit; (colon = strchr(colon, ':'));)
                *colon = ' '; /* "channel id lun" */
        host = attr_open_dir(lun->dirfd, "../..");
        if (host < 0 || attr_write(lun->dirfd, "delete", "1") < 0)
                return false;
        state_remove(roots, STATE_UNBOUND, lun->name);
        if (attr_write(host, scan, unit) < 0)
                complain("%s: removed, and its host does not look for it again", lun->name);
        else
                say("%s: found anew", lun->name);
        return true;
}
