/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Small files that are replaced whole and are there after a power cut: written aside in the same directory, on the disk
 * before they take the name, and the name on the disk before it is said that all went well. */

#include <stddef.h>
#include <sys/types.h>

/* Replace path by a file of these bytes. It is written as aside, in the same directory, or as PATH.new when that is NULL:
 * then at most one at a time may write to that path. What a power cut left aside is written over, and a link there is not
 * followed (-ELOOP). A link at path itself is replaced. 0 or -errno; when it could not take the name the old file is still
 * there and nothing is left aside. */
int durable_replace(const char *path, const char *aside, mode_t mode, const void *data, size_t size);

/* The same for what lies in memory (/run): seen whole by who looks, and the disk is not asked. */
int durable_swap(const char *path, const char *aside, mode_t mode, const void *data, size_t size);

/* Have the directory that path is in on the disk, after something in it was given or lost a name. 0 or -errno; -EINVAL:
 * path has no slash. */
int durable_sync_directory_of(const char *path);
