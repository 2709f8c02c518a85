/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An event is only a reason to look. Its device's directory is pinned first; if that fails, the event is old news. A
 * device or LUN that is known under that path but whose own pinned directory is dead was unplugged and replaced: the
 * event of its removal is still on the way, or was lost, and will find nothing to do. So it does not matter how
 * late, how often or in which order events come. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/discover.h"
#include "agent/facts.h"
#include "agent/zerocd.h"
#include "common/cleanup.h"
#include "common/text.h"

/* Takes the descriptor out of *fd when a device was made. */
static struct device *make_device(enum device_bus bus, const char *devpath, int *fd, uint64_t usec)
{
        struct device *device = device_new(bus, devpath, *fd);

        if (!device)
                return NULL;
        steal_fd(fd);
        device->seen_usec = usec;
        return device;
}

/* The USB device at devpath, made if need be. Without `must` only when it says that it has storage or is a phone. */
static struct device *usb_device(struct inventory *inventory, const char *devpath, bool must, uint64_t usec)
{
        CLEANUP(cleanup_close) int fd = -1;
        struct device *device = inventory_find_alive(inventory, devpath);
        bool authorized;
        int r;

        if (device)
                return device;
        fd = sysfs_open(inventory_decide(inventory)->sys, devpath);
        if (fd < 0)
                return NULL;
        device = make_device(DEVICE_USB, devpath, &fd, usec);
        if (!device)
                return NULL;
        r = facts_usb_device(device);
        /* -EBADMSG: no descriptors worth the name. The kernel may know more, and its storage interfaces count. */
        if ((r < 0 && r != -EBADMSG) ||
            (!must && !usbdesc_has_storage(&device->desc) && phone_kinds(&device->desc, PHONE_TOLD_NOTHING) == 0)) {
                if (r == 0)
                        inventory_not_storage(inventory, device);
                device_free(device);
                return NULL;
        }
        device->found = facts_authorized(device->target.dirfd, &authorized) == 0 && !authorized;
        device->reader = facts_usb_fixed(device->target.dirfd) || usbdesc_has_class(&device->desc, USB_CLASS_PRINTER);
        if (!device->found && zerocd_is(device->vendor, device->product))
                device->patience_usec = usec + ZEROCD_USEC;
        else if (!device->found && device->reader)
                device->patience_usec = usec + INVENTORY_READER_USEC;
        return inventory_add(inventory, device);
}

static struct interface *find_interface(struct device *device, const char *devpath, size_t *ret)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (strcmp(device->interfaces[i].target.devpath, devpath) == 0) {
                        *ret = i;
                        return &device->interfaces[i];
                }
        return NULL;
}

/* Note an interface that is in /sys; fd is its directory. phone: the kind of phone it makes the device, or negative: it is mass
 * storage. */
static void note_interface(struct inventory *inventory, struct device *device, const char *devpath, int *fd, int phone)
{
        struct interface *interface;
        unsigned config, number;
        bool authorized;
        size_t i;

        if (!facts_interface_name(sysfs_name(devpath), &config, &number))
                return;
        /* After a change of configuration the interfaces of the old one are dead; their events may be late. */
        for (i = device->n_interfaces; i-- > 0;)
                if (!sysfs_alive(device->interfaces[i].target.dirfd))
                        inventory_drop_interface(inventory, device, i);
        device->config = config;
        interface = find_interface(device, devpath, &i);
        if (interface && interface->phone && phone >= 0)
                interface->kind = (enum storage_kind) phone; /* udev knew more */
        if (interface)
                return;
        interface = device_add_interface(device, devpath, *fd);
        if (!interface)
                return;
        steal_fd(fd);
        interface->config = config;
        interface->number = number;
        interface->phone = phone >= 0;
        interface->kind = phone >= 0 ? (enum storage_kind) phone : STORAGE_USB_DISK;
        if (facts_authorized(interface->target.dirfd, &authorized) == 0 && !authorized)
                device->found = true;
}

/* The kind of phone that the interface in fd makes the device, or negative. The kernel has one setting of it, the descriptors
 * have all. */
static int phone_of(const struct device *device, int fd, const struct usbdesc_interface *described)
{
        char string[PHONE_STRING_MAX];
        struct phone_interface interface;
        int kind = -1;

        if (facts_phone_interface(fd, string, &interface) < 0)
                return -1;
        kind = phone_kind(&device->desc, device->phone.told, &interface);
        if (kind < 0 && described) {
                interface.usb = *described;
                kind = phone_kind(&device->desc, device->phone.told, &interface);
        }
        return kind;
}

static const struct usbdesc_interface *described_as(const struct device *device, unsigned config_value, unsigned number)
{
        const struct usbdesc_config *config = usbdesc_config(&device->desc, config_value);

        return config ? usbdesc_interface(config, number) : NULL;
}

/* Note what is in /sys of a phone by now: before it is let in, each part of it has to be looked at. */
static void note_phone(struct inventory *inventory, struct device *device)
{
        CLEANUP(cleanup_closedir) DIR *directory = NULL;
        const struct dirent *entry;
        int fd = openat(device->target.dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct usbdesc_config *described;
        unsigned count = 0;

        directory = fd < 0 ? NULL : fdopendir(fd);
        if (!directory && fd >= 0)
                close(fd);
        while (directory && (entry = readdir(directory))) {
                CLEANUP(cleanup_close) int interface_fd = -1;
                char devpath[SYSFS_PATH_MAX];
                unsigned config, number;
                int kind;

                if (!facts_interface_name(entry->d_name, &config, &number) ||
                    (size_t) snprintf(devpath, sizeof(devpath), "%s/%s", device->target.devpath, entry->d_name) >=
                            sizeof(devpath))
                        continue;
                interface_fd = openat(device->target.dirfd, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (interface_fd < 0)
                        continue;
                count++;
                device->config = config;
                kind = facts_interface_is_storage(interface_fd)
                               ? -1
                               : phone_of(device, interface_fd, described_as(device, config, number));
                if (kind >= 0)
                        note_interface(inventory, device, devpath, &interface_fd, kind);
        }
        described = usbdesc_config(&device->desc, device->config);
        device->phone.whole = described && device->desc.complete && count >= described->n_interfaces;
}

/* udev's rules have done with a phone: what was no business of ours may be one by now. */
static struct device *on_phone(struct inventory *inventory, const struct watch_event *event)
{
        struct device *device = usb_device(inventory, event->devpath, true, event->usec);

        if (!device)
                return NULL;
        device->phone.told = phone_told_from(event->phone);
        note_phone(inventory, device);
        return device;
}

/* Before its device is made, and so only by what the interface says: is it one of a phone? */
static bool says_phone(int fd)
{
        static const struct usbdesc nothing;
        char string[PHONE_STRING_MAX];
        struct phone_interface interface;

        return facts_phone_interface(fd, string, &interface) == 0 &&
               phone_kind(&nothing, PHONE_TOLD_NOTHING, &interface) >= 0;
}

static struct device *on_usb_interface(struct inventory *inventory, const char *devpath, uint64_t usec)
{
        CLEANUP(cleanup_close) int fd = sysfs_open(inventory_decide(inventory)->sys, devpath);
        char parent[SYSFS_PATH_MAX];
        const struct usbdesc_interface *described;
        struct device *device;
        unsigned config_value, number;
        bool storage;
        int phone;

        if (fd < 0 || !facts_interface_name(sysfs_name(devpath), &config_value, &number))
                return NULL;
        storage = facts_interface_is_storage(fd);
        strcpy(parent, devpath);
        *strrchr(parent, '/') = '\0';
        device = usb_device(inventory, parent, storage || says_phone(fd), usec);
        if (!device || !sysfs_alive(fd))
                return device;
        described = described_as(device, config_value, number);
        device->config = config_value;
        phone = phone_of(device, fd, described);
        if (storage || (described && described->storage))
                note_interface(inventory, device, devpath, &fd, -1);
        else if (phone >= 0 || device->phone.is)
                note_phone(inventory, device);
        return device;
}

/* Note a LUN of the device; fd is its directory. NULL when it is not to be judged (too many, or gone meanwhile). *ret_new: it
 * was not known; one of the same name may have been, whose "remove" is not here yet. */
static struct lun *note_lun(struct inventory *inventory, struct device *device, const char *devpath, int *fd,
                            bool *ret_new)
{
        struct lun *lun;

        *ret_new = false;
        for (size_t i = device->n_luns; i-- > 0;) {
                if (strcmp(device->luns[i].target.devpath, devpath) != 0)
                        continue;
                if (sysfs_alive(device->luns[i].target.dirfd))
                        return &device->luns[i];
                inventory_drop_lun(inventory, device, i);
        }
        lun = device_add_lun(device, devpath, *fd);
        if (!lun)
                return NULL;
        steal_fd(fd);
        *ret_new = true;
        return lun;
}

/* A SCSI device below a USB device. */
static struct device *on_usb_lun(struct inventory *inventory, const struct transport *transport, const char *devpath,
                                 int *fd, const struct watch_event *event)
{
        CLEANUP(cleanup_close)
        int interface_fd = sysfs_open(inventory_decide(inventory)->sys, transport->usb_interface);
        struct device *device = usb_device(inventory, transport->usb_device, true, event->usec);
        struct lun *lun;
        bool is_new;

        if (!device)
                return NULL;
        if (interface_fd >= 0)
                note_interface(inventory, device, transport->usb_interface, &interface_fd, -1);
        lun = note_lun(inventory, device, devpath, fd, &is_new);
        if (!lun)
                return device;
        if (is_new) {
                if (facts_scsi_lun(lun) < 0)
                        device_drop_lun(device, device->n_luns - 1);
                else if (!device->recorded && decide_lun_is_open(inventory_decide(inventory), lun))
                        device->found = true;
                device->settle_usec = event->usec + INVENTORY_SETTLE_USEC;
                device->scan_ended = false;
        }
        return device;
}

/* A disk or card that is a device of its own: FireWire, external PCI, the SD and Memory Stick buses. */
static struct device *on_single(struct inventory *inventory, enum device_bus bus, const struct transport *transport,
                                const char *devpath, int *fd, const struct watch_event *event)
{
        CLEANUP(cleanup_close) int lun_fd = sysfs_open(inventory_decide(inventory)->sys, devpath);
        struct device *device = inventory_find_alive(inventory, devpath);
        enum card card = CARD_SD;
        struct lun *lun;
        bool is_new;
        int r = 0;

        if (device || lun_fd < 0)
                return device;
        device = make_device(bus, devpath, fd, event->usec);
        if (!device)
                return NULL;
        device->strings_known = true;
        lun = note_lun(inventory, device, devpath, &lun_fd, &is_new);
        if (!lun) {
                device_free(device);
                return NULL;
        }
        switch (bus) {
        case DEVICE_SCSI:
                r = facts_scsi_lun(lun);
                break;
        case DEVICE_MMC:
                r = facts_mmc_card(lun->target.dirfd, &card, lun->text, sizeof(lun->text), device->serial,
                                   sizeof(device->serial));
                lun->opens = true;
                break;
        case DEVICE_MEMSTICK:
                lun->opens = true;
                break;
        case DEVICE_PCI:
                facts_lone_disk(lun);
                break;
        case DEVICE_USB:
                r = -EINVAL;
                break;
        }
        /* What is soldered in is of type MMC too; on USB it is a card all the same. */
        if (r < 0 || card == CARD_OTHER || (card == CARD_MMC && !transport->usb_device[0])) {
                device_free(device);
                return NULL;
        }
        memcpy(device->text, lun->text, sizeof(device->text));
        /* Nobody plugged in what is built in, however late the kernel finds it. */
        device->found = decide_lun_is_open(inventory_decide(inventory), lun) ||
                        (bus == DEVICE_SCSI && !transport->firewire && !transport->external_pci);
        if (transport->usb_device[0]) {
                CLEANUP(cleanup_close) int usb = sysfs_open(inventory_decide(inventory)->sys, transport->usb_device);
                uint64_t vendor, product;

                if (usb >= 0 && sysfs_read_number(usb, "idVendor", 16, UINT16_MAX, &vendor) == 0 &&
                    sysfs_read_number(usb, "idProduct", 16, UINT16_MAX, &product) == 0) {
                        device->has_usb_id = true;
                        device->vendor = (uint16_t) vendor;
                        device->product = (uint16_t) product;
                }
        }
        return inventory_add(inventory, device);
}

static struct device *on_bus_device(struct inventory *inventory, enum device_bus bus, const struct watch_event *event)
{
        CLEANUP(cleanup_close) int fd = sysfs_open(inventory_decide(inventory)->sys, event->devpath);
        struct transport transport;

        if (fd < 0 || facts_transport(inventory_decide(inventory)->sys, event->devpath, &transport) < 0)
                return NULL;
        /* Alive now means that all above it was its own. */
        if (!sysfs_alive(fd))
                return NULL;
        if (bus == DEVICE_SCSI && transport.usb_device[0])
                return on_usb_lun(inventory, &transport, event->devpath, &fd, event);
        if (bus == DEVICE_PCI && (!transport.external_pci || !facts_is_lone_disk(fd)))
                return NULL;
        /* Internal: none of our business, but for a drive that takes discs. */
        if (bus == DEVICE_SCSI && !transport.firewire && !transport.external_pci && !facts_is_optical(fd))
                return NULL;
        return on_single(inventory, bus, &transport, event->devpath, &fd, event);
}

/* A disk came, went or got another medium: whose is it? When its LUN goes with it, that is all. A disk that is nobody's may be
 * one that has no bus to wait on. */
static struct device *on_block(struct inventory *inventory, const struct watch_event *event)
{
        const char *devpath = event->devpath;

        for (struct device *device = inventory_first(inventory); device; device = device->next)
                for (size_t i = 0; i < device->n_luns; i++)
                        if (text_path_below(devpath, device->luns[i].target.devpath)) {
                                /* Its unit was looked at. */
                                if (event->action == WATCH_PRESENT && device->bus != DEVICE_PCI)
                                        return NULL;
                                device->luns[i].touched = true;
                                return sysfs_alive(device->luns[i].target.dirfd) ? device : NULL;
                        }
        return event->action == WATCH_REMOVE ? NULL : on_bus_device(inventory, DEVICE_PCI, event);
}

struct device *discover(struct inventory *inventory, const struct watch_event *event)
{
        const char *name = sysfs_name(event->devpath);

        if (strlen(event->devpath) >= SYSFS_PATH_MAX)
                return NULL;
        if (event->phone)
                return on_phone(inventory, event);
        if (strcmp(event->subsystem, "usb") == 0)
                return strchr(name, ':') ? on_usb_interface(inventory, event->devpath, event->usec)
                                         : usb_device(inventory, event->devpath, false, event->usec);
        if (strcmp(event->subsystem, "scsi") == 0)
                return facts_is_scsi_name(name) ? on_bus_device(inventory, DEVICE_SCSI, event) : NULL;
        if (strcmp(event->subsystem, "mmc") == 0)
                return on_bus_device(inventory, DEVICE_MMC, event);
        if (strcmp(event->subsystem, "memstick") == 0)
                return on_bus_device(inventory, DEVICE_MEMSTICK, event);
        if (strcmp(event->subsystem, "block") == 0)
                return on_block(inventory, event);
        return NULL;
}
