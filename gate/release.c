/* SPDX-License-Identifier: GPL-3.0-or-later */

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
#include "gate/opening.h"
#include "gate/phone.h"
#include "gate/roflag.h"
#include "gate/say.h"
#include "gate/state.h"

#define USB_NUMBER_MAX 999U

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
                return opening_failed(device, "authorising", r);
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

static enum gate_exit release_lun(const struct roots *roots, const struct device *lun)
{
        char disk[SYSFS_NAME_MAX];
        enum gate_exit code;
        uint64_t diskseq;
        int r;

        code = opening_find(roots, lun, disk, &diskseq);
        if (code != GATE_DONE || !disk[0])
                return code;
        if (state_granted(roots, diskseq) == GRANT_READ_ONLY) {
                r = roflag_clear(roots, lun, diskseq);
                if (r < 0)
                        return opening_failed(lun, "making it writable", r);
        }
        r = opening_grant(roots, lun, disk, diskseq, state_grant);
        if (r < 0)
                return opening_failed(lun, "writing its grant", r);
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
