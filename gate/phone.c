/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which devices are phones the rule knows, and udev keeps a list for us: a file for each device that has our tag, named by
 * its device number (systemd, src/libsystemd/sd-device/device-private.c). */

#include "gate/phone.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/attr.h"
#include "gate/state.h"

#define TAG              "lekdicht-phone"
#define USB_DEVICE_MAJOR 189U /* include/linux/usb.h of the kernel; Documentation/admin-guide/devices.txt */
#define NAME_MAX_BYTES   16U

static void name_of(unsigned busnum, unsigned devnum, char name[NAME_MAX_BYTES])
{
        snprintf(name, NAME_MAX_BYTES, "%03u-%03u", busnum % 1000, devnum % 1000);
}

int phone_give(const struct roots *roots, unsigned busnum, unsigned devnum)
{
        char name[NAME_MAX_BYTES];

        name_of(busnum, devnum, name);
        return state_put(roots, STATE_PHONES, name, "");
}

bool phone_take(const struct roots *roots, unsigned busnum, unsigned devnum)
{
        char name[NAME_MAX_BYTES];
        bool given;

        name_of(busnum, devnum, name);
        given = state_has(roots, STATE_PHONES, name);
        state_remove(roots, STATE_PHONES, name);
        return given;
}

bool phone_numbers(const char *name, unsigned *busnum, unsigned *devnum)
{
        char rest;

        return sscanf(name, "%3u-%3u%c", busnum, devnum, &rest) == 2;
}

void phone_look_again(const struct roots *roots, bool announce)
{
        CLEANUP(cleanup_closedir) DIR *stream = NULL;
        const struct dirent *entry;
        char path[PATH_MAX];

        if ((size_t) snprintf(path, sizeof path, "%s/tags/%s", roots->udev, TAG) >= sizeof path)
                return;
        stream = opendir(path);
        while (stream && (entry = readdir(stream))) {
                CLEANUP(cleanup_close) int fd = -1;
                unsigned major, minor;
                char rest;

                if (sscanf(entry->d_name, "c%u:%u%c", &major, &minor, &rest) != 2 || major != USB_DEVICE_MAJOR ||
                    (size_t) snprintf(path, sizeof path, "%s/dev/char/%u:%u", roots->sys, major, minor) >= sizeof path)
                        continue;
                fd = attr_open_dir(AT_FDCWD, path);
                if (fd < 0)
                        continue; /* it has left */
                if (announce)
                        attr_announce(fd, ".");
                else
                        attr_trigger(fd, ".");
        }
}
