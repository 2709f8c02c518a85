/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One function for each question that /sys can answer without waiting. A USB device's serial is not among them: reading
 * it takes the device's lock, which the kernel holds for seconds while it probes or deauthorises a sick stick
 * (strings.c). So is bConfigurationValue; but the interfaces carry the configuration in their names. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/facts.h"
#include "common/cleanup.h"
#include "common/text.h"

/* SCSI peripheral device types (SPC-4, 6.4.2) that the kernel's sd and sr drivers bind to; drivers/scsi/sd.c, sr.c. */
#define SCSI_DISK    0U
#define SCSI_WORM    4U
#define SCSI_ROM     5U
#define SCSI_OPTICAL 7U
#define SCSI_RBC     14U
#define SCSI_ZBC     20U

int facts_transport(const char *sys, const char *devpath, struct transport *ret)
{
        struct transport found = { 0 };
        char path[SYSFS_PATH_MAX];
        char *slash;

        if (strlen(devpath) >= sizeof(path))
                return -ENAMETOOLONG;
        strcpy(path, devpath);
        while ((slash = strrchr(path, '/')) && slash != path) {
                CLEANUP(cleanup_close) int fd = -1;
                char subsystem[SYSFS_NAME_MAX], word[16];
                uint64_t devnum;

                *slash = '\0';
                fd = sysfs_open(sys, path);
                if (fd < 0 || sysfs_read_link(fd, "subsystem", subsystem, sizeof(subsystem)) < 0)
                        continue; /* "/devices", "/devices/platform" and the like */
                if (strcmp(subsystem, "usb") == 0 && !found.usb_device[0]) {
                        if (sysfs_read_number(fd, "devnum", 10, UINT32_MAX, &devnum) == 0)
                                strcpy(found.usb_device, path);
                        else
                                strcpy(found.usb_interface, path);
                } else if (strcmp(subsystem, "firewire") == 0) {
                        found.firewire = true;
                } else if (strcmp(subsystem, "pci") == 0 && sysfs_read_text(fd, "removable", word, sizeof(word)) > 0 &&
                           strcmp(word, "removable") == 0) {
                        found.external_pci = true;
                }
        }
        *ret = found;
        return 0;
}

int facts_usb_device(struct device *device)
{
        uint8_t raw[USBDESC_SIZE_MAX];
        uint64_t devnum;
        ssize_t n;
        int r;

        r = sysfs_read_number(device->target.dirfd, "devnum", 10, UINT32_MAX, &devnum);
        if (r < 0)
                return r;
        n = sysfs_read(device->target.dirfd, "descriptors", raw, sizeof(raw));
        if (n < 0)
                return (int) n;
        r = usbdesc_parse(raw, (size_t) n, &device->desc);
        if (r < 0)
                return r;
        device->devnum = (unsigned) devnum;
        device->has_usb_id = true;
        device->vendor = device->desc.vendor;
        device->product = device->desc.product;
        return 0;
}

bool facts_interface_name(const char *name, unsigned *ret_config, unsigned *ret_number)
{
        const char *colon = strchr(name, ':');
        unsigned config, number;
        char rest;

        if (!colon || colon[1] < '0' || colon[1] > '9' || sscanf(colon, ":%3u.%3u%c", &config, &number, &rest) != 2)
                return false;
        if (config > UINT8_MAX || number > UINT8_MAX)
                return false;
        *ret_config = config;
        *ret_number = number;
        return true;
}

/* usb-storage, its subdrivers for readers with a protocol of their own, and uas (drivers/usb/storage/). Some of their tables
 * (unusual_devs.h) name devices that call themselves something else than storage. */
static bool is_storage_driver(const char *name)
{
        return strcmp(name, "usb-storage") == 0 || strcmp(name, "uas") == 0 || strncmp(name, "ums-", 4) == 0;
}

bool facts_interface_is_storage(int dirfd)
{
        char driver[SYSFS_NAME_MAX];
        uint64_t class;

        if (sysfs_read_number(dirfd, "bInterfaceClass", 16, UINT8_MAX, &class) == 0 && class == USB_CLASS_STORAGE)
                return true;
        return sysfs_read_link(dirfd, "driver", driver, sizeof(driver)) == 0 && is_storage_driver(driver);
}

int facts_phone_interface(int dirfd, char string[], struct phone_interface *ret)
{
        uint64_t class, subclass, protocol;
        char driver[SYSFS_NAME_MAX];
        int r;

        r = sysfs_read_number(dirfd, "bInterfaceClass", 16, UINT8_MAX, &class);
        if (r >= 0)
                r = sysfs_read_number(dirfd, "bInterfaceSubClass", 16, UINT8_MAX, &subclass);
        if (r >= 0)
                r = sysfs_read_number(dirfd, "bInterfaceProtocol", 16, UINT8_MAX, &protocol);
        if (r < 0)
                return r;
        /* Read when the interface was made; the attribute asks nobody (drivers/usb/core/sysfs.c, interface_show). */
        if (sysfs_read_text(dirfd, "interface", string, PHONE_STRING_MAX) < 0)
                string[0] = '\0';
        *ret = (struct phone_interface){
                .usb = { .class = (uint8_t) class, .subclass = (uint8_t) subclass, .protocol = (uint8_t) protocol },
                .string = string,
                .driven = sysfs_read_link(dirfd, "driver", driver, sizeof(driver)) == 0 && strcmp(driver, "usbfs") != 0,
        };
        return 0;
}

bool facts_is_scsi_name(const char *name)
{
        unsigned colons = 0;

        for (const char *c = name; *c; c++) {
                if (*c == ':')
                        colons++;
                else if (*c < '0' || *c > '9')
                        return false;
        }
        return colons == 3;
}

bool facts_is_optical(int dirfd)
{
        uint64_t type;

        return sysfs_read_number(dirfd, "type", 10, UINT8_MAX, &type) == 0 && (type == SCSI_ROM || type == SCSI_WORM);
}

int facts_scsi_lun(struct lun *lun)
{
        char vendor[DEVICE_TEXT_MAX / 2 - 1], model[DEVICE_TEXT_MAX / 2];
        uint64_t type;
        int r;

        r = sysfs_read_number(lun->target.dirfd, "type", 10, UINT8_MAX, &type);
        if (r < 0)
                return r;
        lun->optical = type == SCSI_ROM || type == SCSI_WORM;
        lun->opens = lun->optical || type == SCSI_DISK || type == SCSI_OPTICAL || type == SCSI_RBC || type == SCSI_ZBC;
        if (sysfs_read_text(lun->target.dirfd, "vendor", vendor, sizeof(vendor)) < 0)
                vendor[0] = '\0';
        if (sysfs_read_text(lun->target.dirfd, "model", model, sizeof(model)) < 0)
                model[0] = '\0';
        snprintf(lun->text, sizeof(lun->text), "%s%s%s", vendor, vendor[0] && model[0] ? " " : "", model);
        return 0;
}

int facts_mmc_card(int dirfd, enum card *ret, char *text, size_t text_size, char *serial, size_t serial_size)
{
        char type[16];
        ssize_t n = sysfs_read_text(dirfd, "type", type, sizeof(type));

        if (n < 0)
                return (int) n;
        if (sysfs_read_text(dirfd, "name", text, text_size) < 0)
                text[0] = '\0';
        if (sysfs_read_text(dirfd, "serial", serial, serial_size) < 0)
                serial[0] = '\0';
        if (strcmp(type, "SD") == 0 || strcmp(type, "SDcombo") == 0)
                *ret = CARD_SD;
        else if (strcmp(type, "MMC") == 0)
                *ret = CARD_MMC;
        else
                *ret = CARD_OTHER;
        return 0;
}

bool facts_is_lone_disk(int dirfd)
{
        static const char *const waiting[] = { "scsi", "mmc", "memstick" };
        char subsystem[SYSFS_NAME_MAX];
        uint64_t number;

        if (sysfs_read_number(dirfd, "partition", 10, UINT32_MAX, &number) != -ENOENT ||
            sysfs_read_link(dirfd, "device/subsystem", subsystem, sizeof(subsystem)) < 0)
                return false;
        for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
                if (strcmp(subsystem, waiting[i]) == 0)
                        return false;
        return true;
}

void facts_lone_disk(struct lun *lun)
{
        lun->opens = true;
        if (sysfs_read_text(lun->target.dirfd, "device/model", lun->text, sizeof(lun->text)) < 0)
                lun->text[0] = '\0';
}

int facts_connected(int dirfd, uint64_t *ret_msec)
{
        return sysfs_read_number(dirfd, "power/connected_duration", 10, UINT32_MAX, ret_msec);
}

bool facts_usb_fixed(int dirfd)
{
        char word[16];

        return sysfs_read_text(dirfd, "removable", word, sizeof(word)) > 0 && strcmp(word, "fixed") == 0;
}

int facts_authorized(int dirfd, bool *ret)
{
        uint64_t authorized;
        int r = sysfs_read_number(dirfd, "authorized", 10, UINT8_MAX, &authorized);

        if (r < 0)
                return r;
        *ret = authorized != 0;
        return 0;
}

bool facts_bound(int dirfd)
{
        char driver[SYSFS_NAME_MAX];

        return sysfs_read_link(dirfd, "driver", driver, sizeof(driver)) == 0;
}

/* A number of the disk that is bound to a LUN ("size"). 0, or -errno; -ENOENT: it has none. */
static int disk_number(int dirfd, const char *attribute, uint64_t max, uint64_t *ret)
{
        char disk[SYSFS_NAME_MAX], path[SYSFS_NAME_MAX + sizeof("block//diskseq")];
        int r = sysfs_first_entry(dirfd, "block", disk, sizeof(disk));

        if (r < 0)
                return r;
        if ((size_t) snprintf(path, sizeof(path), "block/%s/%s", disk, attribute) >= sizeof(path))
                return -ENAMETOOLONG;
        return sysfs_read_number(dirfd, path, 10, max, ret);
}

bool facts_disk_is_empty(int dirfd)
{
        uint64_t size;

        return disk_number(dirfd, "size", UINT64_MAX, &size) == 0 && size == 0;
}

int facts_diskseq(int dirfd, uint64_t *ret)
{
        return disk_number(dirfd, "diskseq", UINT64_MAX, ret);
}

bool facts_is_read_only(int dirfd)
{
        uint64_t value;

        return disk_number(dirfd, "ro", 1, &value) == 0 && value == 1;
}

static bool says(const char *text, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (text_has(text, words[i]))
                        return true;
        return false;
}

bool facts_says_optical(const char *text)
{
        static const char *const words[] = { "dvd",      "cd-rom",     "cdrom",        "cd-rw",   "cdrw",
                                             "bd-re",    "bd-rom",     "bd-r ",        "blu-ray", "bluray",
                                             "cd drive", "superdrive", "optical drive" };

        return says(text, words, sizeof(words) / sizeof(words[0]));
}

bool facts_says_card_reader(const char *text)
{
        static const char *const words[] = { "card reader",     "cardreader",   "card  reader",
                                             "card-reader",     "sd/mmc",       "sd card",
                                             "multi-card",      "multicard",    "multi card",
                                             "multiple reader", "memory stick", "compact flash",
                                             "cf card",         "sm/xd" };

        return says(text, words, sizeof(words) / sizeof(words[0]));
}
