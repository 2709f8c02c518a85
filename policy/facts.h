/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is known of one storage device, before anyone decides about it. The agent fills it in from /sys;
 * the judge reads it. All strings are borrowed and must outlive the call they are given to. */

#include <stdbool.h>
#include <stdint.h>

/* The kinds a policy can name in [storage]. The order is the order of the keys in the documentation. */
enum storage_kind {
        STORAGE_USB_DISK,      /* USB mass storage: sticks, disks, readers that do not say "card reader" */
        STORAGE_SD_CARD,       /* SD, MMC and Memory Stick cards */
        STORAGE_OPTICAL,       /* CD, DVD and Blu-ray drives (SCSI type 5) */
        STORAGE_EXTERNAL_DISK, /* disks on FireWire, Thunderbolt, external PCIe */
        STORAGE_PHONE_MTP,     /* files of a phone, tablet or player, by MTP */
        STORAGE_PHONE_PTP,     /* pictures of a camera or phone, by PTP */
        STORAGE_PHONE_APPLE,   /* whatever an iPhone, iPad or iPod touch offers */
        STORAGE_PHONE_ADB,     /* Android's debugging and its boot loader (fastboot) */
        _STORAGE_KIND_MAX,
};

/* Of the groups that the policy names (policy.h), 1U << its place there each. Neither: nobody of it is logged in. */
struct user_facts {
        uint32_t present; /* somebody of it is logged in at the screen */
        uint32_t unknown; /* whether it is so cannot be said (yet) */
};

struct storage_facts {
        enum storage_kind kind;
        bool has_usb_id;    /* vendor and product are set: the device has a USB ancestor */
        uint16_t vendor;    /* idVendor */
        uint16_t product;   /* idProduct */
        const char *serial; /* iSerialNumber as valid UTF-8 without control characters; NULL when the device has none */
        unsigned units;     /* what its other logical units are, as far as known: 1U << enum storage_kind each */
        struct user_facts users;
        bool plain; /* it was looked at, and not all of it is encrypted */
};

/* A phone, tablet or camera: reached through its usbfs node, and somebody's own more often than not. */
bool storage_kind_is_phone(enum storage_kind kind);

/* Can it be encrypted, so that a rule may ask for that? Only what has a disk on it that is written to. */
bool storage_kind_can_be_encrypted(enum storage_kind kind);

/* "usb-disk" ... as written in the policy. Never NULL for a valid kind. */
const char *storage_kind_name(enum storage_kind kind);

/* The kind of that name, or -EINVAL. */
int storage_kind_from_name(const char *name);

/* False for serials that cannot tell one stick from another and so never match by themselves: NULL, empty, "0",
 * one repeated character, and well-known placeholders ("0123456789ABCDEF", "123456789012", ...). Case-insensitive,
 * leading and trailing blanks ignored. */
bool serial_identifies(const char *serial);
