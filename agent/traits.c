/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What decide.c and those it asks want to know of a device: told from what the agent has read already, and of the
 * attribute `authorized` of the moment. */

#include "agent/facts.h"
#include "agent/traits.h"

bool traits_lun_is(const struct device *device, enum assessment answer)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens && device->luns[i].answer == answer)
                        return true;
        return false;
}

bool traits_opens(const struct device *device)
{
        return traits_lun_is(device, ASSESS_ALLOWED) || traits_lun_is(device, ASSESS_ENCRYPTED) ||
               traits_lun_is(device, ASSESS_READ_ONLY);
}

enum assessment traits_most(const struct device *device)
{
        return traits_lun_is(device, ASSESS_ALLOWED)     ? ASSESS_ALLOWED
               : traits_lun_is(device, ASSESS_ENCRYPTED) ? ASSESS_ENCRYPTED
                                                         : ASSESS_READ_ONLY;
}

bool traits_has_openable(const struct device *device)
{
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].opens)
                        return true;
        return false;
}

bool traits_has_storage(const struct device *device)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (!device->interfaces[i].phone)
                        return true;
        return device->n_luns > 0 || usbdesc_has_storage(&device->desc);
}

bool traits_is_only_phone(const struct device *device)
{
        return device->bus == DEVICE_USB && device->phone.is && !traits_has_storage(device);
}

bool traits_has_phone_interface(const struct device *device)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].phone)
                        return true;
        return false;
}

bool traits_is_only_storage(const struct device *device)
{
        const struct usbdesc_config *config;

        if (!device->desc.complete || (device->phone.is && !device->phone.shown))
                return false;
        if (device->config == 0)
                return usbdesc_is_only_storage(&device->desc);
        config = usbdesc_config(&device->desc, device->config);
        if (!config || config->n_interfaces == 0)
                return false;
        for (unsigned i = 0; i < config->n_interfaces; i++) {
                bool storage = config->interfaces[i].storage;

                /* A vendor's own driver made LUNs of it. */
                for (size_t k = 0; k < device->n_interfaces; k++)
                        if (device->interfaces[k].config == device->config &&
                            device->interfaces[k].number == config->interfaces[i].number &&
                            (!device->interfaces[k].phone || device->phone.answer == ASSESS_REFUSED))
                                storage = true;
                if (!storage)
                        return false;
        }
        return true;
}

bool traits_is_off(const struct target *target)
{
        bool authorized;

        return facts_authorized(target->dirfd, &authorized) < 0 || !authorized;
}

bool traits_is_refused(const struct device *device)
{
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].target.wish == VERB_REFUSE)
                        return true;
        return device->target.wish == VERB_REFUSE;
}
