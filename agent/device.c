/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Plain data: who owns what, and nothing else. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/device.h"
#include "common/sysfs.h"

static bool target_init(struct target *target, const char *devpath, int dirfd)
{
        static uint64_t last_id;
        char *copy = strdup(devpath);

        if (!copy)
                return false;
        *target = (struct target){ .id = ++last_id, .devpath = copy, .name = sysfs_name(copy), .dirfd = dirfd };
        return true;
}

static void target_clear(struct target *target)
{
        free(target->devpath);
        if (target->dirfd >= 0)
                close(target->dirfd);
}

struct device *device_new(enum device_bus bus, const char *devpath, int dirfd)
{
        struct device *device = calloc(1, sizeof(*device));

        if (!device)
                return NULL;
        if (!target_init(&device->target, devpath, dirfd)) {
                free(device);
                return NULL;
        }
        device->bus = bus;
        return device;
}

struct device *device_free(struct device *device)
{
        if (!device)
                return NULL;
        while (device->n_interfaces > 0)
                device_drop_interface(device, device->n_interfaces - 1);
        while (device->n_luns > 0)
                device_drop_lun(device, device->n_luns - 1);
        free(device->interfaces);
        free(device->luns);
        target_clear(&device->target);
        free(device);
        return NULL;
}

struct interface *device_add_interface(struct device *device, const char *devpath, int dirfd)
{
        struct interface *grown, *added;

        if (device->n_interfaces == DEVICE_INTERFACES_MAX)
                return NULL;
        grown = reallocarray(device->interfaces, device->n_interfaces + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        device->interfaces = grown;
        added = &grown[device->n_interfaces];
        *added = (struct interface){ 0 };
        if (!target_init(&added->target, devpath, dirfd))
                return NULL;
        device->n_interfaces++;
        return added;
}

struct lun *device_add_lun(struct device *device, const char *devpath, int dirfd)
{
        struct lun *grown, *added;

        if (device->n_luns == DEVICE_LUNS_MAX)
                return NULL;
        grown = reallocarray(device->luns, device->n_luns + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        device->luns = grown;
        added = &grown[device->n_luns];
        *added = (struct lun){ 0 };
        if (!target_init(&added->target, devpath, dirfd))
                return NULL;
        device->n_luns++;
        return added;
}

void device_drop_interface(struct device *device, size_t i)
{
        target_clear(&device->interfaces[i].target);
        device->n_interfaces--;
        memmove(&device->interfaces[i], &device->interfaces[i + 1],
                (device->n_interfaces - i) * sizeof(struct interface));
}

void device_drop_lun(struct device *device, size_t i)
{
        target_clear(&device->luns[i].target);
        device->n_luns--;
        memmove(&device->luns[i], &device->luns[i + 1], (device->n_luns - i) * sizeof(struct lun));
}

struct target *device_target(struct device *device, uint64_t id)
{
        if (device->target.id == id)
                return &device->target;
        for (size_t i = 0; i < device->n_interfaces; i++)
                if (device->interfaces[i].target.id == id)
                        return &device->interfaces[i].target;
        for (size_t i = 0; i < device->n_luns; i++)
                if (device->luns[i].target.id == id)
                        return &device->luns[i].target;
        return NULL;
}

const char *device_name(const struct device *device)
{
        return device->text[0] ? device->text : device->n_luns > 0 ? device->luns[0].text : "";
}

const char *device_state_name(enum device_state state)
{
        switch (state) {
        case DEVICE_PENDING:
                return "pending";
        case DEVICE_REFUSED:
                return "refused";
        case DEVICE_ALLOWED:
                return "allowed";
        case DEVICE_READ_ONLY:
                return "read-only";
        case DEVICE_EXEMPT:
                return "exempt";
        case DEVICE_HELD:
                return "held";
        case DEVICE_BUSY:
                return "busy";
        case DEVICE_FAILED:
                return "failed";
        case DEVICE_GATE_OPEN:
                return "gate-open";
        }
        return "unknown";
}
