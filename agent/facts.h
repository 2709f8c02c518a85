/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What /sys says of a device, read through its pinned descriptor. Nothing here waits for a device: see
 * common/sysfs.h. */

#include <stdbool.h>
#include <stdint.h>

#include "agent/device.h"
#include "common/sysfs.h"

/* How something is attached. */
struct transport {
        char usb_device[SYSFS_PATH_MAX];    /* devpath of the nearest USB device above it, "" when there is none */
        char usb_interface[SYSFS_PATH_MAX]; /* devpath of that device's interface that carries it, or "" */
        bool firewire;
        bool external_pci; /* behind a port that the firmware calls external: "removable" (drivers/pci/probe.c) */
};

/* Walk up from devpath. True only as long as the device at its end is alive: pin that first, ask sysfs_alive()
 * after. */
int facts_transport(const char *sys, const char *devpath, struct transport *ret);

/* Fill in what a USB device says: descriptors, ids, devnum. 0 or -errno. */
int facts_usb_device(struct device *device);

/* Configuration and number of the interface called name ("1-2:1.0" -> 1, 0; the kernel names them so in
 * usb_set_configuration()). False when that is no interface's name. */
bool facts_interface_name(const char *name, unsigned *ret_config, unsigned *ret_number);
/* Is the interface mass storage, by its class or by the driver that the kernel gave it? */
bool facts_interface_is_storage(int dirfd);

/* What the interface says of itself, as the kernel reads it. string has PHONE_STRING_MAX bytes and is what ret->string
 * points to. 0 or -errno. */
int facts_phone_interface(int dirfd, char string[], struct phone_interface *ret);

/* Is name that of a SCSI device, "3:0:0:0"? */
bool facts_is_scsi_name(const char *name);
/* Is the SCSI device a drive for discs? */
bool facts_is_optical(int dirfd);
/* Fill in type, vendor and model of a SCSI device. 0 or -errno. */
int facts_scsi_lun(struct lun *lun);

enum card { CARD_OTHER, CARD_SD, CARD_MMC };
/* What card is it (SDIO is CARD_OTHER), its name and serial. 0 or -errno. */
int facts_mmc_card(int dirfd, enum card *ret, char *text, size_t text_size, char *serial, size_t serial_size);

/* Is the block device a disk, and on none of the buses whose devices wait for their driver: scsi, mmc, memstick? Then its own
 * directory is all there is to look at. */
bool facts_is_lone_disk(int dirfd);
/* What that disk calls itself, if anything. */
void facts_lone_disk(struct lun *lun);

/* For how long the USB device has been connected, sleep not counted (power/connected_duration, drivers/usb/core/sysfs.c;
 * it takes no lock). 0 or -errno. */
int facts_connected(int dirfd, uint64_t *ret_msec);

/* Can the USB device not be taken out, by what the firmware or its hub says of the port (the attribute `removable`)? */
bool facts_usb_fixed(int dirfd);
/* The attribute `authorized` of a USB device or interface. 0 or -errno. */
int facts_authorized(int dirfd, bool *ret);
/* Is a driver bound? */
bool facts_bound(int dirfd);
/* Of a LUN: does the kernel keep its disk from being written (the attribute `ro`)? */
bool facts_is_read_only(int dirfd);
/* The sequence number of the disk below a SCSI device or card. 0 or -errno; -ENOENT when it has no disk. */
int facts_diskseq(int dirfd, uint64_t *ret);

/* Is there a disk below the SCSI device, and no medium in it? */
bool facts_disk_is_empty(int dirfd);

/* Does a device that calls itself so mean a drive for discs, or a reader of memory cards? */
bool facts_says_optical(const char *text);
bool facts_says_card_reader(const char *text);
