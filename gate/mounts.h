/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* /proc/self/mountinfo, read once (Documentation/filesystems/proc.rst 3.5). */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "gate/roots.h"

#define MOUNTS_FILE_MAX (16U * 1024U * 1024U) /* bytes of mountinfo that are read at most */

struct mount {
        dev_t dev;     /* MAJOR:MINOR; major 0 for file systems without one device of their own */
        char *point;   /* where it is mounted, unescaped */
        char *type;    /* "ext4" */
        char *source;  /* "/dev/sda1", unescaped */
        char *options; /* of the super block, still escaped, since an escaped comma separates nothing */
};

struct mounts {
        struct mount *items;
        size_t n;
};

/* 0; -EBADMSG when a line is not of the documented form; -ENOMEM; -errno. mounts_free() releases it. */
int mounts_read(const struct roots *roots, struct mounts *ret);

/* The same for a text in memory (the fuzzer's door). The text is written to. */
int mounts_parse(char *text, struct mounts *ret);

void mounts_free(struct mounts *mounts);

/* Undo the octal escapes with which the kernel writes blanks, commas and backslashes in its lists ("\040"), in place. */
void mounts_unescape(char *text);

/* Mounted by or for a person for the time being (/media, /run/media, /mnt), as opposed to carrying the system. */
bool mount_is_passing(const struct mount *mount);
