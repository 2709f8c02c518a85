/* SPDX-License-Identifier: GPL-3.0-or-later */

/* An event is only a reason to look. Its device's directory is pinned first; if that fails, the event is old news. A device
 * or LUN that is known under that path but whose own pinned directory is dead was unplugged and replaced: the event of
 * its removal is still on the way, or was lost, and will find nothing to do. So it does not matter how late, how often
 * or in which order events come. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/facts.h"
#include "agent/inventory.h"
#include "common/cleanup.h"
#include "common/text.h"

struct inventory {
        struct decide decide;
        struct exempts exempts;
        struct device *devices;
        size_t n_devices;
};

int inventory_new(const char *sys, const char *run, const struct decide_ops *ops, struct inventory **ret)
{
        struct inventory *inventory = calloc(1, sizeof(*inventory));

        if (!inventory)
                return -ENOMEM;
        inventory->decide = (struct decide){ .sys = sys, .run = run, .ops = ops, .exempts = &inventory->exempts };
        *ret = inventory;
        return 0;
}

static void drop_target(struct inventory *inventory, const struct device *device, const struct target *target)
{
        inventory->decide.ops->drop(inventory->decide.ops->userdata, device, target);
}

static void drop_interface(struct inventory *inventory, struct device *device, size_t i)
{
        drop_target(inventory, device, &device->interfaces[i].target);
        device_drop_interface(device, i);
}

static void drop_lun(struct inventory *inventory, struct device *device, size_t i)
{
        drop_target(inventory, device, &device->luns[i].target);
        device_drop_lun(device, i);
}

static void drop_device(struct inventory *inventory, struct device *device)
{
        struct device **at = &inventory->devices;

        while (*at != device)
                at = &(*at)->next;
        *at = device->next;
        inventory->n_devices--;
        while (device->n_interfaces > 0)
                drop_interface(inventory, device, device->n_interfaces - 1);
        while (device->n_luns > 0)
                drop_lun(inventory, device, device->n_luns - 1);
        drop_target(inventory, device, &device->target);
        device_free(device);
}

struct inventory *inventory_free(struct inventory *inventory)
{
        if (!inventory)
                return NULL;
        while (inventory->devices)
                drop_device(inventory, inventory->devices);
        rundir_exempts_clear(&inventory->exempts);
        free(inventory);
        return NULL;
}

void inventory_set_policy(struct inventory *inventory, const struct policy *policy)
{
        inventory->decide.policy = policy;
        for (struct device *device = inventory->devices; device; device = device->next)
                device->settled = false;
}

void inventory_set_open(struct inventory *inventory, bool open)
{
        inventory->decide.open = open;
}

int inventory_read_exempts(struct inventory *inventory)
{
        struct exempts exempts;
        int r = rundir_exempts(inventory->decide.run, &exempts);

        if (r < 0)
                return r;
        for (size_t i = 0; i < exempts.n; i++)
                for (size_t k = 0; k < inventory->exempts.n; k++)
                        if (strcmp(exempts.items[i].name, inventory->exempts.items[k].name) == 0 &&
                            exempts.items[i].diskseq == inventory->exempts.items[k].diskseq)
                                exempts.items[i].told = inventory->exempts.items[k].told;
        rundir_exempts_clear(&inventory->exempts);
        inventory->exempts = exempts;
        return 0;
}

struct exempts *inventory_exempts(struct inventory *inventory)
{
        return &inventory->exempts;
}

void inventory_judge_all(struct inventory *inventory)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                decide_device(&inventory->decide, device, true);
}

static struct device *find_path(const struct inventory *inventory, const char *devpath)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (strcmp(device->target.devpath, devpath) == 0)
                        return device;
        return NULL;
}

/* The device of that path if it is still the one we know. Another instance's remains are cleared away. */
static struct device *find_alive(struct inventory *inventory, const char *devpath)
{
        struct device *device = find_path(inventory, devpath);

        if (device && !sysfs_alive(device->target.dirfd)) {
                drop_device(inventory, device);
                return NULL;
        }
        return device;
}

/* Takes the descriptor out of *fd when a device was made. */
static struct device *make_device(struct inventory *inventory, enum device_bus bus, const char *devpath, int *fd, uint64_t usec)
{
        struct device *device;

        if (inventory->n_devices == INVENTORY_DEVICES_MAX)
                return NULL;
        device = device_new(bus, devpath, *fd);
        if (!device)
                return NULL;
        steal_fd(fd);
        device->seen_usec = usec;
        return device;
}

static struct device *keep_device(struct inventory *inventory, struct device *device)
{
        device->next = inventory->devices;
        inventory->devices = device;
        inventory->n_devices++;
        return device;
}

/* The USB device at devpath, made if need be. Without `must` only when it says that it has storage. */
static struct device *usb_device(struct inventory *inventory, const char *devpath, bool must, uint64_t usec)
{
        CLEANUP(cleanup_close) int fd = -1;
        struct device *device = find_alive(inventory, devpath);
        bool authorized;
        int r;

        if (device)
                return device;
        fd = sysfs_open(inventory->decide.sys, devpath);
        if (fd < 0)
                return NULL;
        device = make_device(inventory, DEVICE_USB, devpath, &fd, usec);
        if (!device)
                return NULL;
        r = facts_usb_device(device);
        /* -EBADMSG: no descriptors worth the name. The kernel may know more, and its storage interfaces count. */
        if ((r < 0 && r != -EBADMSG) || (!must && !usbdesc_has_storage(&device->desc))) {
                device_free(device);
                return NULL;
        }
        device->found_off = facts_authorized(device->target.dirfd, &authorized) == 0 && !authorized;
        return keep_device(inventory, device);
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

/* Note a storage interface that is in /sys; fd is its directory. */
static void note_interface(struct inventory *inventory, struct device *device, const char *devpath, int *fd)
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
                        drop_interface(inventory, device, i);
        device->config = config;
        if (find_interface(device, devpath, &i))
                return;
        interface = device_add_interface(device, devpath, *fd);
        if (!interface)
                return;
        steal_fd(fd);
        interface->config = config;
        interface->number = number;
        if (facts_authorized(interface->target.dirfd, &authorized) == 0 && !authorized)
                device->found_off = true;
}

static struct device *on_usb_interface(struct inventory *inventory, const char *devpath, uint64_t usec)
{
        CLEANUP(cleanup_close) int fd = sysfs_open(inventory->decide.sys, devpath);
        char parent[SYSFS_PATH_MAX];
        const struct usbdesc_config *config;
        const struct usbdesc_interface *described;
        struct device *device;
        unsigned config_value, number;
        bool storage;

        if (fd < 0 || !facts_interface_name(sysfs_name(devpath), &config_value, &number))
                return NULL;
        storage = facts_interface_is_storage(fd);
        strcpy(parent, devpath);
        *strrchr(parent, '/') = '\0';
        device = usb_device(inventory, parent, storage, usec);
        if (!device || !sysfs_alive(fd))
                return device;
        config = usbdesc_config(&device->desc, config_value);
        described = config ? usbdesc_interface(config, number) : NULL;
        device->config = config_value;
        if (storage || (described && described->storage))
                note_interface(inventory, device, devpath, &fd);
        return device;
}

/* Note a LUN of the device; fd is its directory. NULL when it is not to be judged (too many, or gone meanwhile). */
static struct lun *note_lun(struct inventory *inventory, struct device *device, const char *devpath, int *fd)
{
        struct lun *lun;

        for (size_t i = device->n_luns; i-- > 0;) {
                if (strcmp(device->luns[i].target.devpath, devpath) != 0)
                        continue;
                if (sysfs_alive(device->luns[i].target.dirfd))
                        return &device->luns[i];
                drop_lun(inventory, device, i);
        }
        lun = device_add_lun(device, devpath, *fd);
        if (lun)
                steal_fd(fd);
        return lun;
}

/* A SCSI device below a USB device. */
static struct device *on_usb_lun(struct inventory *inventory, const struct transport *transport, const char *devpath, int *fd,
                                 const struct watch_event *event)
{
        CLEANUP(cleanup_close) int interface_fd = sysfs_open(inventory->decide.sys, transport->usb_interface);
        struct device *device = usb_device(inventory, transport->usb_device, true, event->usec);
        struct lun *lun;
        size_t n;

        if (!device)
                return NULL;
        if (interface_fd >= 0)
                note_interface(inventory, device, transport->usb_interface, &interface_fd);
        n = device->n_luns;
        lun = note_lun(inventory, device, devpath, fd);
        if (!lun)
                return device;
        if (device->n_luns > n) {
                if (facts_scsi_lun(lun) < 0)
                        device_drop_lun(device, device->n_luns - 1);
                device->settle_usec = event->usec + INVENTORY_SETTLE_USEC;
                device->scan_ended = false;
        }
        return device;
}

/* A disk or card that is a device of its own: FireWire, external PCI, the SD and Memory Stick buses. */
static struct device *on_single(struct inventory *inventory, enum device_bus bus, const struct transport *transport,
                                const char *devpath, int *fd, const struct watch_event *event)
{
        CLEANUP(cleanup_close) int lun_fd = sysfs_open(inventory->decide.sys, devpath);
        struct device *device = find_alive(inventory, devpath);
        enum card card = CARD_SD;
        struct lun *lun;
        int r = 0;

        if (device || lun_fd < 0)
                return device;
        device = make_device(inventory, bus, devpath, fd, event->usec);
        if (!device)
                return NULL;
        device->strings_known = true;
        lun = note_lun(inventory, device, devpath, &lun_fd);
        if (!lun) {
                device_free(device);
                return NULL;
        }
        switch (bus) {
        case DEVICE_SCSI:
                r = facts_scsi_lun(lun);
                break;
        case DEVICE_MMC:
                r = facts_mmc_card(lun->target.dirfd, &card, lun->text, sizeof(lun->text), device->serial, sizeof(device->serial));
                lun->opens = true;
                break;
        case DEVICE_MEMSTICK:
                lun->opens = true;
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
        if (transport->usb_device[0]) {
                CLEANUP(cleanup_close) int usb = sysfs_open(inventory->decide.sys, transport->usb_device);
                uint64_t vendor, product;

                if (usb >= 0 && sysfs_read_number(usb, "idVendor", 16, UINT16_MAX, &vendor) == 0 &&
                    sysfs_read_number(usb, "idProduct", 16, UINT16_MAX, &product) == 0) {
                        device->has_usb_id = true;
                        device->vendor = (uint16_t) vendor;
                        device->product = (uint16_t) product;
                }
        }
        return keep_device(inventory, device);
}

static struct device *on_bus_device(struct inventory *inventory, enum device_bus bus, const struct watch_event *event)
{
        CLEANUP(cleanup_close) int fd = sysfs_open(inventory->decide.sys, event->devpath);
        struct transport transport;

        if (fd < 0 || facts_transport(inventory->decide.sys, event->devpath, &transport) < 0)
                return NULL;
        /* Alive now means that all above it was its own. */
        if (!sysfs_alive(fd))
                return NULL;
        if (bus == DEVICE_SCSI && transport.usb_device[0])
                return on_usb_lun(inventory, &transport, event->devpath, &fd, event);
        if (bus == DEVICE_SCSI && !transport.firewire && !transport.external_pci)
                return NULL; /* internal: none of our business */
        return on_single(inventory, bus, &transport, event->devpath, &fd, event);
}

/* Forget what is not there any more, of the device or all of it. */
static void prune(struct inventory *inventory, struct device *device)
{
        if (!sysfs_alive(device->target.dirfd)) {
                drop_device(inventory, device);
                return;
        }
        for (size_t i = device->n_luns; i-- > 0;)
                if (!sysfs_alive(device->luns[i].target.dirfd))
                        drop_lun(inventory, device, i);
        for (size_t i = device->n_interfaces; i-- > 0;)
                if (!sysfs_alive(device->interfaces[i].target.dirfd))
                        drop_interface(inventory, device, i);
}

/* Whatever of ours was at devpath: gone, unless its directory says that the event is about an earlier one. */
static void on_remove(struct inventory *inventory, const char *devpath)
{
        for (struct device *device = inventory->devices, *next; device; device = next) {
                next = device->next;
                if (text_path_below(devpath, device->target.devpath))
                        prune(inventory, device);
        }
}

/* A disk came, went or got another medium: whose is it? When its LUN goes with it, that is all. */
static struct device *on_block(struct inventory *inventory, const char *devpath)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                for (size_t i = 0; i < device->n_luns; i++)
                        if (text_path_below(devpath, device->luns[i].target.devpath))
                                return sysfs_alive(device->luns[i].target.dirfd) ? device : NULL;
        return NULL;
}

void inventory_event(struct inventory *inventory, const struct watch_event *event)
{
        const char *name = sysfs_name(event->devpath);
        struct device *device = NULL;
        bool fresh = event->action == WATCH_PRESENT;

        if (event->action == WATCH_REMOVE && strcmp(event->subsystem, "block") != 0) {
                on_remove(inventory, event->devpath);
                return;
        }
        if (strlen(event->devpath) >= SYSFS_PATH_MAX)
                return;
        if (strcmp(event->subsystem, "usb") == 0) {
                if (strchr(name, ':'))
                        device = on_usb_interface(inventory, event->devpath, event->usec);
                else
                        device = usb_device(inventory, event->devpath, false, event->usec);
        } else if (strcmp(event->subsystem, "scsi") == 0) {
                if (facts_is_scsi_name(name))
                        device = on_bus_device(inventory, DEVICE_SCSI, event);
        } else if (strcmp(event->subsystem, "mmc") == 0) {
                device = on_bus_device(inventory, DEVICE_MMC, event);
        } else if (strcmp(event->subsystem, "memstick") == 0) {
                device = on_bus_device(inventory, DEVICE_MEMSTICK, event);
        } else if (strcmp(event->subsystem, "block") == 0) {
                device = on_block(inventory, event->devpath);
        }
        if (device)
                decide_device(&inventory->decide, device, fresh);
}

void inventory_prune(struct inventory *inventory)
{
        for (struct device *device = inventory->devices, *next; device; device = next) {
                next = device->next;
                prune(inventory, device);
        }
}

void inventory_result(struct inventory *inventory, uint64_t device_id, uint64_t target_id, enum verb verb, enum deed deed, bool retry,
                      const char *said)
{
        struct device *device = inventory_find_id(inventory, device_id);
        struct target *target = device ? device_target(device, target_id) : NULL;
        const struct decide *decide = &inventory->decide;

        if (!target)
                return;
        if (target->wish != verb) {
                /* The gate was opened while a refusal was under way: nothing may stay dead. */
                if (decide->open && verb == VERB_REFUSE && deed == DEED_DONE)
                        (void) decide->ops->act(decide->ops->userdata, device, target, VERB_RELEASE);
                return;
        }
        switch (deed) {
        case DEED_DONE:
                target->outcome = OUTCOME_DONE;
                break;
        case DEED_GONE:
                target->outcome = OUTCOME_NONE;
                target->wish = VERB_NONE;
                break;
        case DEED_BUSY:
                target->outcome = OUTCOME_BUSY;
                break;
        case DEED_FAILED:
                target->outcome = retry ? OUTCOME_UNDER_WAY : OUTCOME_FAILED;
                break;
        }
        if (deed == DEED_BUSY || deed == DEED_FAILED)
                text_clean(said, strcspn(said, "\n"), device->trouble, sizeof(device->trouble));
        decide_refresh(decide, device);
}

void inventory_strings(struct inventory *inventory, uint64_t device_id, const char *text, const char *serial)
{
        struct device *device = inventory_find_id(inventory, device_id);

        if (!device)
                return;
        device->strings_known = true;
        snprintf(device->text, sizeof(device->text), "%s", text);
        snprintf(device->serial, sizeof(device->serial), "%s", serial);
        decide_device(&inventory->decide, device, false);
}

uint64_t inventory_settle(struct inventory *inventory, uint64_t now_usec)
{
        uint64_t next = INVENTORY_NEVER;

        for (struct device *device = inventory->devices; device; device = device->next) {
                if (device->settle_usec == 0)
                        continue;
                if (device->settle_usec > now_usec) {
                        if (device->settle_usec < next)
                                next = device->settle_usec;
                        continue;
                }
                device->settle_usec = 0;
                device->scan_ended = true;
                decide_device(&inventory->decide, device, false);
        }
        return next;
}

const struct device *inventory_first(const struct inventory *inventory)
{
        return inventory->devices;
}

struct device *inventory_find(struct inventory *inventory, const char *name)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (strcmp(device->target.name, name) == 0)
                        return device;
        return NULL;
}

struct device *inventory_find_id(struct inventory *inventory, uint64_t id)
{
        for (struct device *device = inventory->devices; device; device = device->next)
                if (device->target.id == id)
                        return device;
        return NULL;
}

const struct decide *inventory_decide(const struct inventory *inventory)
{
        return &inventory->decide;
}
