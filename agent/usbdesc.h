/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a USB device says it is, read from the binary sysfs file `descriptors` (USB 2.0, chapter 9.6). The file is there
 * before the device is configured and after it was deauthorised, when the interfaces are not in /sys. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As in the kernel (include/linux/usb.h, drivers/usb/core/config.c), which ignores what is beyond them. */
#define USBDESC_CONFIGS_MAX    8U
#define USBDESC_INTERFACES_MAX 32U    /* per configuration */
#define USBDESC_SIZE_MAX       32768U /* bytes of the file that are looked at */

#define USB_CLASS_IMAGE   0x06
#define USB_CLASS_PRINTER 0x07
#define USB_CLASS_STORAGE 0x08
#define USB_CLASS_HUB     0x09
#define USB_STORAGE_ATAPI 0x02 /* bInterfaceSubClass of CD and DVD drives (MMC-5) */

struct usbdesc_interface {
        uint8_t number;                    /* bInterfaceNumber */
        bool storage;                      /* one of its alternate settings is mass storage (UAS is one of BOT's) */
        uint8_t class, subclass, protocol; /* of its first storage setting, else image, else any */
};

struct usbdesc_config {
        uint8_t value; /* bConfigurationValue */
        unsigned n_interfaces;
        struct usbdesc_interface interfaces[USBDESC_INTERFACES_MAX];
};

struct usbdesc {
        uint16_t vendor, product; /* idVendor, idProduct */
        uint8_t class;            /* bDeviceClass */
        unsigned n_configs;
        struct usbdesc_config configs[USBDESC_CONFIGS_MAX];
        bool complete; /* false: the bytes ended early or made no sense from somewhere on */
};

/* Parse size bytes. 0, also when they end early (then what was before counts and complete is false); -EBADMSG when
 * there is not even a device descriptor, and *ret is untouched. */
int usbdesc_parse(const void *bytes, size_t size, struct usbdesc *ret);

/* The configuration with that bConfigurationValue, or NULL. */
const struct usbdesc_config *usbdesc_config(const struct usbdesc *desc, unsigned value);
/* Its interface of that number, or NULL. */
const struct usbdesc_interface *usbdesc_interface(const struct usbdesc_config *config, unsigned number);

/* Has any configuration a storage interface? */
bool usbdesc_has_storage(const struct usbdesc *desc);
/* Has any configuration an interface of that class (by its first setting)? */
bool usbdesc_has_class(const struct usbdesc *desc, uint8_t class);
/* Has every configuration interfaces, and are all of them storage? Never for an incomplete one. */
bool usbdesc_is_only_storage(const struct usbdesc *desc);
