/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Files of the laptop that is examined. Every path is taken below a root, which is "" but in tests. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PLACE_TEXT_MAX 65536U /* bytes that are read of a file; what is longer is cut */

/* The path of `path` below root in a buffer of PATH_MAX bytes; false when it is too long. */
bool place_path(const char *root, const char *path, char *ret);
/* Whether it is there; a link counts, wherever it points. -EACCES and the like are -errno, -ENOENT is 0. */
int place_is_there(const char *root, const char *path);
/* Read a text file: its size, *ret for the caller to free; or -errno. Never waits for a pipe. */
ssize_t place_read(const char *root, const char *path, char **ret);
/* Whether a service of systemd's has a process: 1, 0, or -ENODATA when that cannot be seen. */
int place_runs(const char *root, const char *unit);
/* The sentence for what place_is_there() or place_read() answered: "may only be seen by root", or the system's words. */
const char *place_error(int error);
/* The value of the line "key=value" or "key = value" in text, in a buffer; false when there is none or it does not fit. */
bool place_value(const char *text, const char *key, char *ret, size_t size);
