/* SPDX-License-Identifier: GPL-3.0-or-later */

/* No lazy unmount and no force here: a file somebody is writing to stays writable until he is done, and the caller tries
 * again. The last word is open(O_EXCL): it also sees mounts in other namespaces, device mapper and md. */

#include "gate/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "gate/lun.h"
#include "gate/say.h"

static int unmount(const struct use *use)
{
        CLEANUP(cleanup_close) int fd = open(use->point, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

        if (fd >= 0) {
                if (syncfs(fd) < 0)
                        complain("%s: writing back: %s", use->point, strerror(errno));
                close(steal_fd(&fd));
        }
        if (umount2(use->point, UMOUNT_NOFOLLOW) == 0) {
                say("unmounted %s", use->point);
                return 0;
        }
        if (errno == EINVAL || errno == ENOENT)
                return 0; /* somebody was faster */
        complain("%s: %s", use->point, errno == EBUSY ? "in use, left as it is" : strerror(errno));
        return -EBUSY;
}

struct claim {
        const struct roots *roots;
        bool busy;
};

static int look_for_claim(const struct device *lun, void *userdata)
{
        struct claim *claim = userdata;

        if (lun_claimed(claim->roots, lun)) {
                complain("%s: in use, left as it is", lun->name);
                claim->busy = true;
        }
        return 0;
}

int settle(const struct roots *roots, const struct uses *uses, const struct device *device)
{
        struct claim claim = { .roots = roots };
        const struct use *carries = walk_carries(uses, device->devpath);
        int r = 0;

        if (carries) {
                complain("%s carries %s: not touched", device->name, use_name(carries));
                return -EPERM;
        }
        /* Last mounted, first unmounted. */
        for (size_t i = uses->n; i-- > 0;)
                if (devpath_is_under(uses->items[i].disk, device->devpath) && unmount(&uses->items[i]) < 0)
                        r = -EBUSY;
        if (r < 0)
                return r;
        lun_foreach(roots, device->devpath, look_for_claim, &claim);
        return claim.busy ? -EBUSY : 0;
}
