/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A machine made of directories: sys/, run/ and etc/ below one root, with USB devices, LUNs and cards in the shape
 * that the kernel gives them. Everything here ends the test when it fails. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BED_PATH 512

struct bed {
        char root[BED_PATH];
        char sys[BED_PATH], run[BED_PATH], etc[BED_PATH], lib[BED_PATH];
        bool own; /* root is removed at the end */
};

/* root NULL: a new temporary directory. The three buses are there and closed, unless sys existed. */
void bed_init(struct bed *bed, const char *root);
void bed_done(struct bed *bed);

/* Files; path is relative to the root. */
void bed_write(const struct bed *bed, const char *path, const void *bytes, size_t size);
void bed_text(const struct bed *bed, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The text of a file without its last newline, in a static buffer; NULL when there is none. */
const char *bed_read(const struct bed *bed, const char *path);
void bed_remove(const struct bed *bed, const char *path);
bool bed_exists(const struct bed *bed, const char *path);

/* Devices. Devpaths that are returned stay valid. */
void bed_device(const struct bed *bed, const char *devpath, const char *subsystem, const char *uevent);
void bed_attribute(const struct bed *bed, const char *devpath, const char *name, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
const char *bed_get(const struct bed *bed, const char *devpath, const char *name);
void bed_unplug(const struct bed *bed, const char *devpath);

struct bed_interface {
        uint8_t class, subclass, protocol;
        const char *string; /* NULL: it says nothing */
};

struct bed_usb {
        const char *port; /* "1-2" */
        uint16_t vendor, product;
        const char *manufacturer, *name, *serial; /* NULL: none */
        unsigned devnum;
        struct bed_interface interfaces[8]; /* of the one configuration, up to the first of class 0 */
};

#define BED_BOT                                                                                                        \
        {                                                                                                              \
                0x08, 0x06, 0x50, NULL                                                                                 \
        }
#define BED_UAS                                                                                                        \
        {                                                                                                              \
                0x08, 0x06, 0x62, NULL                                                                                 \
        }
#define BED_HID                                                                                                        \
        {                                                                                                              \
                0x03, 0x01, 0x01, NULL                                                                                 \
        }
#define BED_VENDOR                                                                                                     \
        {                                                                                                              \
                0xff, 0xff, 0xff, NULL                                                                                 \
        }

/* "/devices/.../1-2"; with interfaces: those are in /sys as well. */
const char *bed_usb(const struct bed *bed, const struct bed_usb *usb, bool with_interfaces);
const char *bed_usb_interface(const struct bed *bed, const struct bed_usb *usb, const char *devpath, unsigned config,
                              unsigned number);
/* A LUN below any devpath: "below/hostH/targetH:0:0/H:0:0:L". */
const char *bed_lun(const struct bed *bed, const char *below, unsigned host, unsigned lun, unsigned type,
                    const char *vendor, const char *model);
/* Bind it: the driver link, and a disk of that name and sequence number. NULL: no disk. */
void bed_bind(const struct bed *bed, const char *devpath, const char *driver, const char *disk, unsigned diskseq);
void bed_unbind(const struct bed *bed, const char *devpath);
/* An NVMe controller "nvme1" with one disk; the disk's devpath. */
const char *bed_nvme(const struct bed *bed, const char *below, const char *name, const char *model, unsigned diskseq);
const char *bed_mmc(const struct bed *bed, const char *below, const char *name, const char *type, const char *serial);
