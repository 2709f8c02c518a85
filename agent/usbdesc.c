/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Descriptors are a list of {length, type, ...}: one device descriptor, then for each configuration its own
 * descriptor followed by those of its interfaces and whatever else the maker liked to say.
 *
 * The list is walked by the lengths alone. wTotalLength is not used: in the file it is what the device claimed,
 * while the kernel cut the configuration where it stopped making sense. A device can thus lie about where a
 * configuration ends, to us but not to the kernel. So nothing rests on this file alone when it finds no storage: the
 * interfaces that the kernel made of it are asked as well (bInterfaceClass), and no storage driver can bind to
 * anything else. */

#include <errno.h>
#include <string.h>

#include "agent/usbdesc.h"

/* bDescriptorType, and the sizes below which such a descriptor is not read. */
#define TYPE_DEVICE    0x01
#define TYPE_CONFIG    0x02
#define TYPE_INTERFACE 0x04

#define DEVICE_SIZE    18U
#define CONFIG_SIZE    9U
#define INTERFACE_SIZE 9U

#define DEVICE_CONFIGS 17 /* bNumConfigurations in the device descriptor */

/* Of several settings of one interface the one that says most about what can be got out of it. */
static unsigned rank(const uint8_t *d)
{
        return d[5] == USB_CLASS_STORAGE ? 2 : d[5] == USB_CLASS_IMAGE ? 1 : 0;
}

static void add_interface(struct usbdesc_config *config, const uint8_t *d)
{
        struct usbdesc_interface *interface = NULL;
        bool storage = d[5] == USB_CLASS_STORAGE;

        for (unsigned i = 0; i < config->n_interfaces; i++)
                if (config->interfaces[i].number == d[2])
                        interface = &config->interfaces[i];
        if (interface && rank(d) <= (interface->storage ? 2U : interface->class == USB_CLASS_IMAGE ? 1U : 0U))
                return;
        if (!interface) {
                if (config->n_interfaces == USBDESC_INTERFACES_MAX)
                        return;
                interface = &config->interfaces[config->n_interfaces++];
        }
        interface->number = d[2];
        interface->class = d[5];
        interface->subclass = d[6];
        interface->protocol = d[7];
        interface->storage = storage;
}

int usbdesc_parse(const void *bytes, size_t size, struct usbdesc *ret)
{
        const uint8_t *d = bytes;
        struct usbdesc desc = { .complete = true };
        struct usbdesc_config *config = NULL;
        size_t at;

        if (size < DEVICE_SIZE || d[1] != TYPE_DEVICE)
                return -EBADMSG;
        desc.class = d[4];
        desc.vendor = (uint16_t) (d[8] | d[9] << 8);
        desc.product = (uint16_t) (d[10] | d[11] << 8);

        /* The kernel gives 18 bytes of device descriptor, whatever its bLength says. */
        for (at = DEVICE_SIZE; at < size; at += d[at]) {
                if (size - at < 2 || d[at] < 2 || d[at] > size - at) {
                        desc.complete = false;
                        break;
                }
                if (d[at + 1] == TYPE_CONFIG && d[at] >= CONFIG_SIZE) {
                        if (desc.n_configs == USBDESC_CONFIGS_MAX) {
                                desc.complete = false;
                                break;
                        }
                        config = &desc.configs[desc.n_configs++];
                        config->value = d[at + 5];
                } else if (d[at + 1] == TYPE_INTERFACE && d[at] >= INTERFACE_SIZE && config) {
                        add_interface(config, d + at);
                }
        }
        /* One too many: a configuration within a configuration, which the kernel skips and we took for real. */
        if (desc.n_configs != d[DEVICE_CONFIGS])
                desc.complete = false;
        *ret = desc;
        return 0;
}

const struct usbdesc_config *usbdesc_config(const struct usbdesc *desc, unsigned value)
{
        for (unsigned i = 0; i < desc->n_configs; i++)
                if (desc->configs[i].value == value)
                        return &desc->configs[i];
        return NULL;
}

const struct usbdesc_interface *usbdesc_interface(const struct usbdesc_config *config, unsigned number)
{
        for (unsigned i = 0; i < config->n_interfaces; i++)
                if (config->interfaces[i].number == number)
                        return &config->interfaces[i];
        return NULL;
}

bool usbdesc_has_storage(const struct usbdesc *desc)
{
        for (unsigned i = 0; i < desc->n_configs; i++)
                for (unsigned k = 0; k < desc->configs[i].n_interfaces; k++)
                        if (desc->configs[i].interfaces[k].storage)
                                return true;
        return false;
}

bool usbdesc_has_class(const struct usbdesc *desc, uint8_t class)
{
        for (unsigned i = 0; i < desc->n_configs; i++)
                for (unsigned k = 0; k < desc->configs[i].n_interfaces; k++)
                        if (desc->configs[i].interfaces[k].class == class)
                                return true;
        return false;
}

bool usbdesc_is_only_storage(const struct usbdesc *desc)
{
        for (unsigned i = 0; i < desc->n_configs; i++) {
                if (desc->configs[i].n_interfaces == 0)
                        return false;
                for (unsigned k = 0; k < desc->configs[i].n_interfaces; k++)
                        if (!desc->configs[i].interfaces[k].storage)
                                return false;
        }
        return desc->complete && desc->n_configs > 0;
}
