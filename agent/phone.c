/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Files leave a phone by three ways. Still image is a class of its own (06): cameras speak PTP there and most phones MTP,
 * which they say in the interface's string. Older and vendors' MTP is class ff with the same string, or without any, and
 * then only libmtp's tables know it. ADB is ff/42/01 and fastboot ff/42/03 (AOSP, system/core/adb and fastboot).
 *
 * An iPhone offers PTP for its pictures and usbmux (ff/fe/02) for the rest; both are Apple's key, since they share one node. Its
 * numbers are those of usbmuxd's 39-usbmuxd.rules. Apple's keyboards and disks are neither. */

#include "agent/phone.h"

#include <errno.h>
#include <string.h>

#include "common/text.h"

#define CLASS_PER_INTERFACE 0x00
#define CLASS_VENDOR        0xff
#define ADB_SUBCLASS        0x42
#define ADB_PROTOCOL        0x01
#define FASTBOOT_PROTOCOL   0x03
#define APPLE               0x05ac
#define APPLE_FIRST         0x1290
#define APPLE_LAST          0x12af
#define USBMUX_SUBCLASS     0xfe
#define USBMUX_PROTOCOL     0x02

enum phone_told phone_told_from(const char *text)
{
        if (text && strcmp(text, "mtp") == 0)
                return PHONE_TOLD_MTP;
        if (text && strcmp(text, "ptp") == 0)
                return PHONE_TOLD_PTP;
        return PHONE_TOLD_NOTHING;
}

static bool is_image(const struct usbdesc_interface *usb)
{
        return usb->class == USB_CLASS_IMAGE;
}

static bool is_debugging(const struct usbdesc_interface *usb)
{
        return usb->class == CLASS_VENDOR && usb->subclass == ADB_SUBCLASS &&
               (usb->protocol == ADB_PROTOCOL || usb->protocol == FASTBOOT_PROTOCOL);
}

static bool is_usbmux(const struct usbdesc_interface *usb)
{
        return usb->class == CLASS_VENDOR && usb->subclass == USBMUX_SUBCLASS && usb->protocol == USBMUX_PROTOCOL;
}

static bool has(const struct usbdesc *desc, bool (*is)(const struct usbdesc_interface *usb))
{
        for (unsigned i = 0; i < desc->n_configs; i++)
                for (unsigned k = 0; k < desc->configs[i].n_interfaces; k++)
                        if (is(&desc->configs[i].interfaces[k]))
                                return true;
        return false;
}

static bool is_apple(const struct usbdesc *desc)
{
        return desc->vendor == APPLE &&
               ((desc->product >= APPLE_FIRST && desc->product <= APPLE_LAST) || has(desc, is_usbmux));
}

int phone_kind(const struct usbdesc *desc, enum phone_told told, const struct phone_interface *interface)
{
        const struct usbdesc_interface *usb = &interface->usb;
        bool says_mtp = text_has(interface->string, "mtp");

        if (is_apple(desc))
                return is_image(usb) || is_usbmux(usb) ? (int) STORAGE_PHONE_APPLE : -ENOENT;
        if (is_image(usb))
                return says_mtp || told == PHONE_TOLD_MTP ? STORAGE_PHONE_MTP : STORAGE_PHONE_PTP;
        if (is_debugging(usb))
                return STORAGE_PHONE_ADB;
        if (usb->class != CLASS_VENDOR && usb->class != CLASS_PER_INTERFACE)
                return -ENOENT;
        if (says_mtp)
                return STORAGE_PHONE_MTP;
        /* Which of them it is nobody knows: all that no driver wants. */
        if (told == PHONE_TOLD_NOTHING || interface->driven || has(desc, is_image))
                return -ENOENT;
        return told == PHONE_TOLD_MTP ? STORAGE_PHONE_MTP : STORAGE_PHONE_PTP;
}

unsigned phone_kinds(const struct usbdesc *desc, enum phone_told told)
{
        unsigned kinds = 0;

        if (is_apple(desc))
                return 1U << STORAGE_PHONE_APPLE;
        if (told == PHONE_TOLD_MTP)
                kinds |= 1U << STORAGE_PHONE_MTP;
        else if (told == PHONE_TOLD_PTP || has(desc, is_image))
                kinds |= 1U << STORAGE_PHONE_PTP;
        if (has(desc, is_debugging))
                kinds |= 1U << STORAGE_PHONE_ADB;
        return kinds;
}
