/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The record of a deed is written before the deed: should we die in between, `open` gives back something that was never
 * taken, which harms nobody. The other way round a port would stay dead. */

#include "gate/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/attr.h"
#include "gate/lun.h"
#include "gate/phone.h"
#include "gate/renew.h"
#include "gate/say.h"
#include "gate/settle.h"
#include "gate/state.h"

#define USB_CLASS_HID  0x03U /* USB-IF defined class codes */
#define USB_CLASS_HUB  0x09U
#define USB_CLASS_MAX  0xffU
#define USB_NUMBER_MAX 999U /* bus and device numbers */

static enum gate_exit failure(const struct device *device, const char *deed, int r)
{
        if (r == -ENODEV || !device_alive(device)) {
                complain("%s: gone", device->name);
                return GATE_GONE;
        }
        complain("%s: %s: %s", device->name, deed, strerror(-r));
        return r == -EBUSY ? GATE_BUSY : GATE_FAILED;
}

struct revocation {
        const struct roots *roots;
        int error;
};

static int revoke_grant(const struct device *lun, void *userdata)
{
        struct revocation *revocation = userdata;
        uint64_t diskseq;
        int r;

        if (lun_diskseq(lun, &diskseq) == 0) {
                r = state_revoke(revocation->roots, diskseq);
                if (r < 0)
                        revocation->error = r;
        }
        return 0;
}

static int revoke_grants(const struct roots *roots, const struct device *device)
{
        struct revocation revocation = { .roots = roots };

        lun_foreach(roots, device->devpath, revoke_grant, &revocation);
        return revocation.error;
}

/* Why the interface in this directory is never taken away: "a keyboard or mouse", "a hub"; else NULL. */
static const char *interface_must_live(int dirfd, const char *directory)
{
        char attribute[SYSFS_NAME_MAX + 32];
        uint64_t class;

        snprintf(attribute, sizeof attribute, "%s/bInterfaceClass", directory);
        if (sysfs_read_number(dirfd, attribute, 16, USB_CLASS_MAX, &class) < 0)
                return NULL;
        return class == USB_CLASS_HID ? "a keyboard or mouse" : class == USB_CLASS_HUB ? "a hub" : NULL;
}

/* The same for a whole USB device: any of its interfaces. */
static const char *device_must_live(const struct device *device)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        const char *what = NULL;
        uint64_t class;
        int fd;

        if (sysfs_read_number(device->dirfd, "bDeviceClass", 16, USB_CLASS_MAX, &class) == 0 && class == USB_CLASS_HUB)
                return "a hub";
        fd = openat(device->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        stream = fd < 0 ? NULL : fdopendir(fd);
        if (!stream && fd >= 0)
                close(fd);
        while (!what && stream && (entry = readdir(stream)))
                if (strchr(entry->d_name, ':'))
                        what = interface_must_live(device->dirfd, entry->d_name);
        return what;
}

static const char *must_live(const struct device *device)
{
        switch (device->type) {
        case DEVICE_USB_DEVICE:
                return device_must_live(device);
        case DEVICE_USB_INTERFACE:
                return interface_must_live(device->dirfd, ".");
        case DEVICE_LUN:
                return NULL;
        }
        return NULL;
}

/* Write 0 to `authorized` and read it back (Documentation/usb/authorization.rst). */
static int deauthorize(const struct device *device)
{
        uint64_t value;
        int r;

        r = attr_write(device->dirfd, "authorized", "0");
        if (r == 0)
                r = sysfs_read_number(device->dirfd, "authorized", 10, 1, &value);
        return r < 0 ? r : value == 0 ? 0 : -EIO;
}

static int record(const struct roots *roots, const char *name, uint64_t devnum)
{
        char text[32];

        snprintf(text, sizeof text, "devnum=%" PRIu64 "\n", devnum);
        return state_put(roots, STATE_REFUSED, name, text);
}

static enum gate_exit refuse_usb_device(const struct roots *roots, const struct device *device)
{
        uint64_t busnum, devnum;
        int r;

        r = sysfs_read_number(device->dirfd, "devnum", 10, USB_NUMBER_MAX, &devnum);
        /* Its node stays when its interfaces go. */
        if (r == 0 && sysfs_read_number(device->dirfd, "busnum", 10, USB_NUMBER_MAX, &busnum) == 0 &&
            phone_take(roots, (unsigned) busnum, (unsigned) devnum))
                attr_trigger(device->dirfd, ".");
        if (r == 0)
                r = record(roots, device->name, devnum);
        if (r == 0)
                r = deauthorize(device);
        if (r < 0)
                return failure(device, "deauthorising", r);
        say("deauthorised usb device %s", device->name);
        return GATE_DONE;
}

static enum gate_exit refuse_usb_interface(const struct roots *roots, const struct device *device)
{
        CLEANUP(cleanup_close) int parent = attr_open_dir(device->dirfd, "..");
        uint64_t busnum, devnum;
        char node[32];
        int r = parent;

        if (r >= 0)
                r = sysfs_read_number(parent, "busnum", 10, USB_NUMBER_MAX, &busnum);
        if (r >= 0)
                r = sysfs_read_number(parent, "devnum", 10, USB_NUMBER_MAX, &devnum);
        if (r < 0)
                return failure(device, "finding its device", r);

        /* Node first: while it is open to users the interface can be brought back as soon as it is gone. */
        snprintf(node, sizeof node, "%" PRIu64 "-%" PRIu64 "", busnum, devnum);
        phone_take(roots, (unsigned) busnum, (unsigned) devnum);
        r = state_put(roots, STATE_NODES, node, "");
        if (r == 0)
                r = attr_trigger(parent, ".");
        if (r == 0)
                r = record(roots, device->name, devnum);
        if (r == 0)
                r = deauthorize(device);
        if (r < 0)
                return failure(device, "deauthorising", r);
        say("deauthorised usb interface %s", device->name);
        return GATE_DONE;
}

static enum gate_exit refuse_lun(const struct roots *roots, const struct device *lun)
{
        int r;

        if (!device_bound(lun)) {
                say("held %s", lun->name);
                return GATE_DONE;
        }
        r = lun_unbind(lun);
        if (r < 0)
                return failure(lun, "unbinding", r);
        renew_note(roots, lun);
        say("unbound %s", lun->name);
        return GATE_DONE;
}

enum gate_exit refuse_in_use(const struct roots *roots, const struct device *device)
{
        int r;

        /* From here on a disk below it that appears again is hidden. */
        r = revoke_grants(roots, device);
        if (r < 0)
                return failure(device, "taking back its grant", r);
        switch (device->type) {
        case DEVICE_USB_DEVICE:
                return refuse_usb_device(roots, device);
        case DEVICE_USB_INTERFACE:
                return refuse_usb_interface(roots, device);
        case DEVICE_LUN:
                return refuse_lun(roots, device);
        }
        return GATE_FAILED;
}

enum gate_exit refuse(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        const char *what;
        int r;

        /* Asked before anything else: what stays must not lose a mount or a grant on the way. */
        what = must_live(device);
        if (what) {
                complain("%s is or has %s and is never refused%s", device->name, what,
                         device->type == DEVICE_USB_DEVICE ? ": refuse its storage interface instead" : "");
                return GATE_FAILED;
        }
        r = settle(roots, uses, device);
        if (r < 0)
                return r == -EBUSY ? GATE_BUSY : GATE_FAILED;
        return refuse_in_use(roots, device);
}
