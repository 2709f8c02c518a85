/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A file in somebody's home, read with that user's own rights and nobody else's. Users control every part of such a path: no
 * link is followed, no other file system entered, nothing waited for. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HOMEFILE_MAX 65536U /* bytes: a larger file is none of ours */

/* path is absolute and below home. *ret is freed by the caller, and has a NUL behind its *ret_size bytes. 0; -ENOENT; -EINVAL
 * when it is not below home, no ordinary file or somebody else's; -EFBIG; or another -errno. */
int homefile_read(const char *home, const char *path, uid_t uid, char **ret, size_t *ret_size);

/* Is that a link of that user's? Where it leads is not looked at. */
bool homefile_is_link(const char *home, const char *path, uid_t uid);
