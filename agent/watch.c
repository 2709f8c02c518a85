/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The monitor is opened before anything is enumerated, so that nothing can slip in between: what came meanwhile is seen
 * twice, which does no harm, since everyone who is told looks at /sys and not at the order of events.
 *
 * The group "kernel" has no filter in the kernel; those here are libudev's, in this process. An event carries its
 * subsystem and devtype with it, and libudev does not read /sys for them. */

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

#include "agent/watch.h"
#include "common/cleanup.h"

#define BATCH_MAX 64U /* events handled before the loop looks at the other sources again */

#define PHONE_TAG      "lekdicht-phone" /* in 69-zz-lekdicht-phone.rules */
#define PHONE_PROPERTY "LEKDICHT_PHONE"

struct watch {
        struct udev *udev;
        struct udev_monitor *monitor, *phones;
        sd_event *loop;
        sd_event_source *source, *phones_source;
        watch_callback callback;
        void *userdata;
        size_t sys_length;
};

static const struct {
        const char *subsystem, *devtype;
} filters[] = {
        { "usb", "usb_device" },  { "usb", "usb_interface" }, { "scsi", "scsi_device" },
        { "mmc", NULL },          { "memstick", NULL },       { "block", "disk" },
        { "block", "partition" }, { "module", NULL },         { "bus", NULL },
};

DEFINE_CLEANUP(cleanup_watch, struct watch *, watch_free)
DEFINE_CLEANUP(cleanup_udev_device, struct udev_device *, udev_device_unref)
DEFINE_CLEANUP(cleanup_udev_enumerate, struct udev_enumerate *, udev_enumerate_unref)

static enum watch_action action_of(const char *action)
{
        if (action && strcmp(action, "add") == 0)
                return WATCH_ADD;
        if (action && strcmp(action, "remove") == 0)
                return WATCH_REMOVE;
        return WATCH_CHANGE;
}

/* The next device that passed the monitor's filters, for the caller to unref. NULL: none is left for now, and when some were
 * lost it was told. */
static struct udev_device *receive(struct watch *watch, struct udev_monitor *monitor)
{
        struct udev_device *device;

        errno = 0;
        device = udev_monitor_receive_device(monitor);
        /* EAGAIN, or 0: nothing (more) that passed the filters. */
        if (!device && errno != 0 && errno != EAGAIN && errno != EINTR)
                watch->callback(watch->userdata, NULL);
        return device;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct watch *watch = userdata;
        struct watch_event event = { 0 };

        (void) source;
        (void) fd;
        (void) revents;
        sd_event_now(watch->loop, CLOCK_MONOTONIC, &event.usec);
        for (unsigned i = 0; i < BATCH_MAX; i++) {
                CLEANUP(cleanup_udev_device) struct udev_device *device = receive(watch, watch->monitor);

                if (!device)
                        return 0;
                event.action = action_of(udev_device_get_action(device));
                event.subsystem = udev_device_get_subsystem(device);
                event.devpath = udev_device_get_devpath(device);
                if (event.subsystem && event.devpath)
                        watch->callback(watch->userdata, &event);
        }
        return 0;
}

/* udevd has done with a phone. It is no news that it came, only what it is. */
static int on_phone(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        struct watch *watch = userdata;
        struct watch_event event = { .action = WATCH_CHANGE, .subsystem = "usb" };

        (void) source;
        (void) fd;
        (void) revents;
        sd_event_now(watch->loop, CLOCK_MONOTONIC, &event.usec);
        for (unsigned i = 0; i < BATCH_MAX; i++) {
                CLEANUP(cleanup_udev_device) struct udev_device *device = receive(watch, watch->phones);

                if (!device)
                        return 0;
                event.devpath = udev_device_get_devpath(device);
                event.phone = udev_device_get_property_value(device, PHONE_PROPERTY);
                if (event.devpath && event.phone && action_of(udev_device_get_action(device)) != WATCH_REMOVE)
                        watch->callback(watch->userdata, &event);
        }
        return 0;
}

static int listen_for_phones(struct watch *watch)
{
        int r;

        watch->phones = udev_monitor_new_from_netlink(watch->udev, "udev");
        if (!watch->phones)
                return -errno;
        r = udev_monitor_filter_add_match_subsystem_devtype(watch->phones, "usb", "usb_device");
        if (r >= 0)
                r = udev_monitor_enable_receiving(watch->phones);
        if (r >= 0)
                r = sd_event_add_io(watch->loop, &watch->phones_source, udev_monitor_get_fd(watch->phones), EPOLLIN,
                                    on_phone, watch);
        return r;
}

int watch_new(sd_event *loop, const char *sys, size_t receive_buffer, watch_callback callback, void *userdata,
              struct watch **ret)
{
        CLEANUP(cleanup_watch) struct watch *watch = calloc(1, sizeof(*watch));
        int r;

        if (!watch)
                return -ENOMEM;
        watch->loop = sd_event_ref(loop);
        watch->callback = callback;
        watch->userdata = userdata;
        watch->sys_length = strlen(sys);
        watch->udev = udev_new();
        if (!watch->udev)
                return -ENOMEM;
        watch->monitor = udev_monitor_new_from_netlink(watch->udev, "kernel");
        if (!watch->monitor)
                return -errno;
        for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
                r = udev_monitor_filter_add_match_subsystem_devtype(watch->monitor, filters[i].subsystem,
                                                                    filters[i].devtype);
                if (r < 0)
                        return r;
        }
        r = udev_monitor_set_receive_buffer_size(watch->monitor, (int) receive_buffer);
        if (r < 0)
                return r;
        r = udev_monitor_enable_receiving(watch->monitor);
        if (r < 0)
                return r;
        r = sd_event_add_io(loop, &watch->source, udev_monitor_get_fd(watch->monitor), EPOLLIN, on_readable, watch);
        if (r < 0)
                return r;
        sd_event_source_set_description(watch->source, "kernel events");
        r = listen_for_phones(watch);
        if (r < 0)
                return r;
        *ret = watch;
        watch = NULL;
        return 0;
}

struct watch *watch_free(struct watch *watch)
{
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->source);
        sd_event_source_disable_unref(watch->phones_source);
        if (watch->phones)
                udev_monitor_unref(watch->phones);
        if (watch->monitor)
                udev_monitor_unref(watch->monitor);
        if (watch->udev)
                udev_unref(watch->udev);
        sd_event_unref(watch->loop);
        free(watch);
        return NULL;
}

/* The property of a phone, from udev's database; NULL. Valid as long as *ret, which the caller unrefs. */
static const char *property_of(struct watch *watch, const char *path, struct udev_device **ret)
{
        *ret = udev_device_new_from_syspath(watch->udev, path);
        return *ret ? udev_device_get_property_value(*ret, PHONE_PROPERTY) : NULL;
}

/* All of a subsystem, or those with our tag. */
static int enumerate(struct watch *watch, const char *subsystem, const char *tag)
{
        CLEANUP(cleanup_udev_enumerate) struct udev_enumerate *list = udev_enumerate_new(watch->udev);
        struct udev_list_entry *entry;
        struct watch_event event = { .action = WATCH_PRESENT, .subsystem = subsystem };
        int r;

        if (!list)
                return -ENOMEM;
        r = udev_enumerate_add_match_subsystem(list, subsystem);
        if (r >= 0 && tag)
                r = udev_enumerate_add_match_tag(list, tag);
        if (r >= 0)
                r = udev_enumerate_scan_devices(list);
        if (r < 0)
                return r;
        sd_event_now(watch->loop, CLOCK_MONOTONIC, &event.usec);
        udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
        {
                CLEANUP(cleanup_udev_device) struct udev_device *device = NULL;
                const char *path = udev_list_entry_get_name(entry);

                event.phone = tag ? property_of(watch, path, &device) : NULL;
                if (strlen(path) > watch->sys_length) {
                        event.devpath = path + watch->sys_length;
                        watch->callback(watch->userdata, &event);
                }
        }
        return 0;
}

int watch_enumerate(struct watch *watch)
{
        /* Logical units first: they know better than its descriptors what a USB device is. */
        static const char *const subsystems[] = { "scsi", "usb", "mmc", "memstick", "block" };

        for (size_t i = 0; i < sizeof(subsystems) / sizeof(subsystems[0]); i++) {
                int r = enumerate(watch, subsystems[i], NULL);

                if (r < 0)
                        return r;
        }
        return enumerate(watch, "usb", PHONE_TAG);
}
