/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whose spool is it? The files beside the database: path.host (hostid.h), and what is moved out of the way and never
 * deleted, since someone may be able to read more in it than we are. All return 0 or -errno. */

#include <stdint.h>

#include "agent/hostid.h"

/* The number of the laptop that had a spool here last; -ENOENT. */
int spoolowner_last(const char *path, char host[static HOSTID_SIZE]);

/* Rename a spool that was made on another machine, its mark and its number to path.cloned-TIME. 1: it was; 0: it was not, or
 * that cannot be known. */
int spoolowner_leave_copy(const char *path, const char *machine, uint64_t now_sec);

/* Rename a database to path.damaged-TIME, with what belongs to it. Mark and number stay. */
int spoolowner_leave_damaged(const char *path, uint64_t now_sec);

/* Say beside the database whose it is. A machine without an id gets one later, and is bound then. */
void spoolowner_keep(const char *path, const char *machine, const char *host);
