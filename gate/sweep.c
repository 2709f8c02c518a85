/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Sequence numbers are never reused and so a stale grant opens nothing; it is swept for tidiness. A stale refusal or node
 * record names a port or an address, which the next device may take: those matter. */

#include "gate/sweep.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "common/sysfs.h"
#include "gate/device.h"
#include "gate/lun.h"
#include "gate/phone.h"
#include "gate/renew.h"
#include "gate/state.h"

#define DISKS_MAX      4096U /* block devices looked at */
#define USB_NUMBER_MAX 999U

struct disks {
        uint64_t diskseq[DISKS_MAX];
        size_t n;
};

struct round {
        const struct roots *roots;
        struct disks disks;
};

static bool read_disks(const struct roots *roots, struct disks *ret)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char path[PATH_MAX];

        snprintf(path, sizeof path, "%s/block", roots->sys);
        stream = opendir(path);
        if (!stream)
                return false;
        ret->n = 0;
        while ((entry = readdir(stream))) {
                snprintf(path, sizeof path, "%s/diskseq", entry->d_name);
                if (entry->d_name[0] == '.' ||
                    sysfs_read_number(dirfd(stream), path, 10, UINT64_MAX, &ret->diskseq[ret->n]) < 0)
                        continue;
                if (++ret->n == DISKS_MAX)
                        return false; /* better no sweep than a wrong one */
        }
        return true;
}

static bool disk_is_there(const struct disks *disks, uint64_t diskseq)
{
        for (size_t i = 0; i < disks->n; i++)
                if (disks->diskseq[i] == diskseq)
                        return true;
        return false;
}

/* Another gate may have opened a disk since the list was made: then it is in a new one, since a grant or exemption is only
 * written while its disk is there. */
static bool disk_has_left(struct round *round, uint64_t diskseq)
{
        return !disk_is_there(&round->disks, diskseq) && read_disks(round->roots, &round->disks) &&
               !disk_is_there(&round->disks, diskseq);
}

static int sweep_grant(const char *name, void *userdata)
{
        struct round *round = userdata;

        if (disk_has_left(round, strtoull(name, NULL, 10)))
                state_remove(round->roots, STATE_GRANTS, name);
        return 0;
}

static int sweep_readonly(const char *name, void *userdata)
{
        struct round *round = userdata;

        if (disk_has_left(round, strtoull(name, NULL, 10)))
                state_remove(round->roots, STATE_READONLY, name);
        return 0;
}

static int sweep_encrypted(const char *name, void *userdata)
{
        struct round *round = userdata;

        if (disk_has_left(round, strtoull(name, NULL, 10)))
                state_remove(round->roots, STATE_ENCRYPTED, name);
        return 0;
}

static int sweep_exempt(const char *name, void *userdata)
{
        struct round *round = userdata;
        char text[STATE_TEXT_MAX], diskseq[32];

        if (state_get(round->roots, STATE_EXEMPT, name, text, sizeof text) < 0 ||
            !state_value(text, "diskseq", diskseq, sizeof diskseq) || disk_has_left(round, strtoull(diskseq, NULL, 10)))
                state_remove(round->roots, STATE_EXEMPT, name);
        return 0;
}

/* The device at that port still has the number it was refused under. */
static int sweep_refused(const char *name, void *userdata)
{
        const struct round *round = userdata;
        CLEANUP_DEVICE struct device device = DEVICE_NULL;
        char text[STATE_TEXT_MAX], recorded[32];
        uint64_t devnum;

        if (state_get(round->roots, STATE_REFUSED, name, text, sizeof text) >= 0 &&
            state_value(text, "devnum", recorded, sizeof recorded) && device_open(round->roots, name, &device) == 0 &&
            sysfs_read_number(device.dirfd, device.type == DEVICE_USB_INTERFACE ? "../devnum" : "devnum", 10,
                              USB_NUMBER_MAX, &devnum) == 0 &&
            devnum == strtoull(recorded, NULL, 10))
                return 0;
        state_remove(round->roots, STATE_REFUSED, name);
        return 0;
}

static int sweep_node(const char *name, void *userdata)
{
        const struct round *round = userdata;
        unsigned busnum, devnum;
        char path[PATH_MAX];

        /* /dev/bus/usb/BBB/DDD is the one place that is named by these two numbers. */
        if (sscanf(name, "%u-%u", &busnum, &devnum) == 2 &&
            (size_t) snprintf(path, sizeof path, "%s/bus/usb/%03u/%03u", round->roots->dev, busnum, devnum) <
                    sizeof path &&
            access(path, F_OK) == 0)
                return 0;
        state_remove(round->roots, STATE_NODES, name);
        return 0;
}

static int sweep_phone(const char *name, void *userdata)
{
        const struct round *round = userdata;
        unsigned busnum, devnum;
        char path[PATH_MAX];

        if (phone_numbers(name, &busnum, &devnum) &&
            (size_t) snprintf(path, sizeof path, "%s/bus/usb/%03u/%03u", round->roots->dev, busnum, devnum) <
                    sizeof path &&
            access(path, F_OK) == 0)
                return 0;
        state_remove(round->roots, STATE_PHONES, name);
        return 0;
}

void sweep(const struct roots *roots)
{
        static struct round round; /* 32 KiB: not for the stack */

        round.roots = roots;
        if (read_disks(roots, &round.disks)) {
                state_foreach(roots, STATE_GRANTS, sweep_grant, &round);
                state_foreach(roots, STATE_READONLY, sweep_readonly, &round);
                state_foreach(roots, STATE_ENCRYPTED, sweep_encrypted, &round);
                state_foreach(roots, STATE_EXEMPT, sweep_exempt, &round);
        }
        state_foreach(roots, STATE_REFUSED, sweep_refused, &round);
        state_foreach(roots, STATE_NODES, sweep_node, &round);
        state_foreach(roots, STATE_PHONES, sweep_phone, &round);
        renew_sweep(roots);
}
