/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whoever may write to the usbfs node needs no disk: he claims the interface and talks to the stick himself. */

#include "gate/usbnode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/sysfs.h"
#include "gate/attr.h"
#include "gate/state.h"

#define USB_NUMBER_MAX 999U
#define ANCESTORS_MAX  16U /* directories between a unit and its USB device: target, host, interface */

int usbnode_close(const struct roots *roots, const struct device *lun)
{
        char up[3 * ANCESTORS_MAX + 1] = "", node[32];
        uint64_t busnum, devnum;

        if (!strstr(lun->devpath, "/usb"))
                return 0;
        for (unsigned i = 0; i < ANCESTORS_MAX; i++) {
                CLEANUP(cleanup_close) int fd = -1;
                int r;

                strcat(up, i ? "/.." : "..");
                fd = attr_open_dir(lun->dirfd, up);
                if (fd < 0)
                        return fd;
                if (sysfs_read_number(fd, "busnum", 10, USB_NUMBER_MAX, &busnum) < 0 ||
                    sysfs_read_number(fd, "devnum", 10, USB_NUMBER_MAX, &devnum) < 0)
                        continue;
                snprintf(node, sizeof node, "%" PRIu64 "-%" PRIu64, busnum, devnum);
                if (state_has(roots, STATE_NODES, node))
                        return 0;
                r = state_put(roots, STATE_NODES, node, "");
                return r < 0 ? r : attr_trigger(fd, ".");
        }
        return -ENOENT;
}
