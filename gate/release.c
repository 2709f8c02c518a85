/* SPDX-License-Identifier: GPL-3.0-or-later */

/* drivers_probe takes a name, and a name can have gone to another device while we were writing it. So the grant, not the
 * probe, is what opens a disk: it is given to the sequence number read through the pinned descriptor, after the probe. */

#include "gate/release.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/attr.h"
#include "gate/lun.h"
#include "gate/phone.h"
#include "gate/renew.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"

#define USB_NUMBER_MAX 999U

static enum gate_exit gone(const struct device *device)
{
        complain("%s: gone, nothing is opened", device->name);
        return GATE_GONE;
}

static enum gate_exit failed(const struct device *device, const char *deed, int r)
{
        if (r == -ENODEV || !device_alive(device))
                return gone(device);
        complain("%s: %s: %s", device->name, deed, strerror(-r));
        return GATE_FAILED;
}

static int begins_with(const char *name, void *userdata)
{
        return strncmp(name, userdata, strlen(userdata)) == 0;
}

/* An interface of the same USB device is still refused: "1-2:1.1" for 1-2 and for 1-2:1.0. */
static bool sibling_is_refused(const struct roots *roots, const struct device *device)
{
        char prefix[SYSFS_NAME_MAX + 1];

        snprintf(prefix, sizeof prefix, "%.*s:", (int) strcspn(device->name, ":"), device->name);
        return state_foreach(roots, STATE_REFUSED, begins_with, prefix) != 0;
}

static enum gate_exit release_usb(const struct roots *roots, const struct device *device)
{
        CLEANUP(cleanup_close) int parent = -1;
        uint64_t busnum, devnum;
        char path[PATH_MAX], node[32];
        int r;

        r = attr_write(device->dirfd, "authorized", "1");
        if (r == 0 && device->type == DEVICE_USB_INTERFACE) {
                /* Authorising an interface binds nothing by itself (drivers/usb/core/message.c). */
                if ((size_t) snprintf(path, sizeof path, "%s/bus/usb/drivers_probe", roots->sys) >= sizeof path)
                        return GATE_FAILED;
                r = attr_write(AT_FDCWD, path, device->name);
        }
        if (r < 0)
                return failed(device, "authorising", r);
        state_remove(roots, STATE_REFUSED, device->name);

        parent = attr_open_dir(device->dirfd, device->type == DEVICE_USB_INTERFACE ? ".." : ".");
        if (parent >= 0 && sysfs_read_number(parent, "busnum", 10, USB_NUMBER_MAX, &busnum) == 0 &&
            sysfs_read_number(parent, "devnum", 10, USB_NUMBER_MAX, &devnum) == 0) {
                snprintf(node, sizeof node, "%" PRIu64 "-%" PRIu64 "", busnum, devnum);
                /* Through an open node the user could bring the sibling back. */
                if (!sibling_is_refused(roots, device)) {
                        state_remove(roots, STATE_NODES, node);
                        /* Only the whole device is given to users: one interface opens no node of a phone. */
                        if (device->type == DEVICE_USB_DEVICE)
                                phone_give(roots, (unsigned) busnum, (unsigned) devnum);
                }
                /* libmtp's rules, and the file manager, hear of a phone at "add" only. */
                if (device->type == DEVICE_USB_DEVICE)
                        attr_announce(parent, ".");
                else
                        attr_trigger(parent, ".");
        }
        say("authorised %s", device->name);
        return GATE_DONE;
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

enum gate_exit release_bind(const struct roots *roots, const struct device *lun)
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
                return gone(lun);
        }
        if (device_bound(lun))
                return GATE_DONE;
        return failed(lun, "no driver bound", r < 0 ? r : -ENOENT);
}

static enum gate_exit release_lun(const struct roots *roots, const struct device *lun)
{
        char disk[SYSFS_NAME_MAX], text[SYSFS_NAME_MAX + PATH_MAX + 32];
        enum gate_exit code;
        uint64_t diskseq;
        int r;

        if (!device_bound(lun)) {
                code = release_bind(roots, lun);
                if (code != GATE_DONE)
                        return code;
        }
        r = lun_disk(lun, disk, sizeof disk);
        if (r == -ENOENT && device_alive(lun)) {
                say("bound %s, which has no disk", lun->name);
                return GATE_DONE;
        }
        if (r == 0)
                r = lun_diskseq(lun, &diskseq);
        if (r < 0)
                return failed(lun, "finding its disk", r);
        snprintf(text, sizeof text, "disk=%s\ndevpath=%s\n", disk, lun->devpath);
        if (state_granted(roots, diskseq) == GRANT_READ_ONLY) {
                r = roflag_clear(roots, lun, diskseq);
                if (r < 0)
                        return failed(lun, "making it writable", r);
        }
        r = state_grant(roots, diskseq, text);
        if (r < 0)
                return failed(lun, "writing its grant", r);
        lun_trigger(lun);
        say("opened %s as %s, disk sequence number %" PRIu64, lun->name, disk, diskseq);
        return GATE_DONE;
}

enum gate_exit release(const struct roots *roots, const struct device *device)
{
        switch (device->type) {
        case DEVICE_USB_DEVICE:
        case DEVICE_USB_INTERFACE:
                return release_usb(roots, device);
        case DEVICE_LUN:
                return release_lun(roots, device);
        }
        return GATE_FAILED;
}
