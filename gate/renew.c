/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "gate/renew.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The host of "6:0:0:1", in that directory, is to look for "0 0 1" again. 0 or -errno. */
static int scan(int dirfd, const char *directory, const char *name)
{
        char path[PATH_MAX], unit[SYSFS_NAME_MAX];
        unsigned number;
        int used = 0;

        if (sscanf(name, "%u:%n", &number, &used) != 1 || used == 0)
                return -EINVAL;
        snprintf(unit, sizeof unit, "%s", name + used);
        for (char *colon = unit; (colon = strchr(colon, ':'));)
                *colon = ' '; /* "channel id lun" */
        if ((size_t) snprintf(path, sizeof path, "%s/host%u/scan", directory, number) >= sizeof path)
                return -ENAMETOOLONG;
        return attr_write(dirfd, path, unit);
}

bool renew(const struct roots *roots, const struct device *lun)
{
        CLEANUP(cleanup_close) int host = -1;
        char note[NOTE_MAX], noted[NOTE_MAX];

        if (!note_of(lun, note) || state_get(roots, STATE_UNBOUND, lun->name, noted, sizeof noted) < 0 ||
            strcmp(note, noted) != 0)
                return false;
        host = attr_open_dir(lun->dirfd, "../..");
        if (host < 0 || attr_write(lun->dirfd, "delete", "1") < 0)
                return false;
        /* The note goes last: should we die in between, renew_sweep() knows what is missing. */
        if (scan(host, "scsi_host", lun->name) < 0)
                complain("%s: removed, and its host does not look for it again", lun->name);
        else
                say("%s: found anew", lun->name);
        state_remove(roots, STATE_UNBOUND, lun->name);
        return true;
}

static int finish_one(const char *name, void *userdata)
{
        const struct roots *roots = *(const struct roots *const *) userdata;
        char path[PATH_MAX];

        if ((size_t) snprintf(path, sizeof path, "%s/bus/scsi/devices/%s", roots->sys, name) >= sizeof path ||
            access(path, F_OK) == 0)
                return 0;
        /* Unplugged, most often: then there is no such host, or it is another's by now, which finds nothing new. */
        snprintf(path, sizeof path, "%s/class/scsi_host", roots->sys);
        (void) scan(AT_FDCWD, path, name);
        state_remove(roots, STATE_UNBOUND, name);
        return 0;
}

void renew_sweep(const struct roots *roots)
{
        state_foreach(roots, STATE_UNBOUND, finish_one, &roots);
}
