/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A small file that outlives a reboot. A thread writes it, for a disk may hang and a verdict must not wait for it: aside,
 * flushed, then renamed, so that what is there is whole. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KEPTFILE_HANG_SEC 2 /* so long the end waits for a sick disk */

struct keptfile;

/* path: "/var/lib/lekdicht/..."; nothing is read or written yet. 0 or -ENOMEM. */
int keptfile_new(const char *path, struct keptfile **ret);
/* Waits for what is being written. Accepts NULL; returns NULL. */
struct keptfile *keptfile_free(struct keptfile *file);

/* What is in it, at most size - 1 bytes and a NUL. The length, or -errno (-EFBIG). */
ssize_t keptfile_read(const struct keptfile *file, char *text, size_t size);
/* From now on this is in it. False when the last text is still being written, or nothing can be: ask again later. That
 * the disk took it is not known. */
bool keptfile_write(struct keptfile *file, const char *text);
/* Wait for what is being written, so that another text can be. False: the disk hangs. */
bool keptfile_wait(struct keptfile *file);
