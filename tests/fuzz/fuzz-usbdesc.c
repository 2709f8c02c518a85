/* links: agent/phone.c agent/usbdesc.c common/text.c common/utf8.c policy/facts.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as `descriptors`: no read beyond them, and what is said of them holds together. */

#include <stdlib.h>
#include <string.h>

#include "agent/phone.h"
#include "tests/fuzz/check.h"

static void must(int holds)
{
        if (!holds)
                abort();
}

static int kind_of(const struct usbdesc *desc, const struct usbdesc_interface *usb)
{
        int kind = phone_kind(desc, PHONE_TOLD_NOTHING, &(struct phone_interface){ .usb = *usb, .string = "" });

        must(kind < 0 || storage_kind_is_phone((enum storage_kind) kind));
        return kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct usbdesc desc;
        int storage = 0, other = 0, phone = 0;

        if (usbdesc_parse(data, size, &desc) < 0) {
                must(size < 18 || data[1] != 1);
                return 0;
        }
        must(desc.n_configs <= USBDESC_CONFIGS_MAX);
        for (unsigned i = 0; i < desc.n_configs; i++) {
                const struct usbdesc_config *config = &desc.configs[i];

                must(config->n_interfaces <= USBDESC_INTERFACES_MAX);
                must(usbdesc_config(&desc, config->value) != NULL);
                other |= config->n_interfaces == 0;
                for (unsigned k = 0; k < config->n_interfaces; k++) {
                        const struct usbdesc_interface *interface = &config->interfaces[k];

                        must(usbdesc_interface(config, interface->number) == interface);
                        must(interface->storage == (interface->class == USB_CLASS_STORAGE));
                        storage |= interface->storage;
                        other |= !interface->storage;
                        phone |= kind_of(&desc, interface) >= 0;
                }
        }
        /* What its interfaces make it is expected of the device: else nobody would look at them. */
        must(!phone || phone_kinds(&desc, PHONE_TOLD_NOTHING) != 0);
        must(usbdesc_has_storage(&desc) == (storage != 0));
        must(usbdesc_is_only_storage(&desc) == (desc.complete && desc.n_configs > 0 && !other));
        /* The same bytes cut short never make more of them whole. */
        if (size > 18 && desc.complete && data[17] != desc.n_configs)
                abort();
        return 0;
}
