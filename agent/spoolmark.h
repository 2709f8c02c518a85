/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The spool's high-water mark: a number that no seq has reached yet, in a file of its own (PATH.seq), so that no number is
 * given twice when the database is lost. */

#include <stdint.h>

/* 0; -ENOENT: there is none; -EBADMSG: the file makes no sense; or -errno. path is that of the database. */
int spoolmark_read(const char *path, uint64_t *ret);

/* Have it on the disk. 0 or -errno, and then the old one is still there. */
int spoolmark_write(const char *path, uint64_t mark);
