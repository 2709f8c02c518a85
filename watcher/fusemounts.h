/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The FUSE file systems of the machine, and a word when one comes or goes. A client that was renamed still has to mount as
 * what it is. Where it is mounted, and of what account, is not kept. */

#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define FUSEMOUNTS_TEXT_MAX 256U     /* bytes of a type or a source, with the NUL: longer ones are passed over */
#define FUSEMOUNTS_FILE_MAX 1048576U /* bytes read of mountinfo; what is behind is not seen */

struct mount_seen {
        uid_t uid; /* whose it is */
        char type[FUSEMOUNTS_TEXT_MAX];
        char source[FUSEMOUNTS_TEXT_MAX];
};

struct fusemounts;

/* proc: /proc; the mounts are those that process 1 has, for a service may have others. 0 or -errno. */
int fusemounts_new(sd_event *loop, int proc, void (*changed)(void *userdata), void *userdata, struct fusemounts **ret);
/* Accepts NULL; returns NULL. */
struct fusemounts *fusemounts_free(struct fusemounts *mounts);

/* Each FUSE file system that a user mounted. 0 or -errno. */
int fusemounts_each(struct fusemounts *mounts, void (*callback)(void *userdata, const struct mount_seen *mount),
                    void *userdata);

/* One line of mountinfo. 1, 0 when it is no FUSE of a user's, or -EBADMSG. Pure. */
int fusemounts_parse(const char *line, size_t size, struct mount_seen *ret);
