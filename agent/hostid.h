/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* By what a collector tells laptops apart: a random number. Beside it, in a file of its own, stands a salted hash of the
 * machine's id (machine-id(5)): a disk that was copied to another laptop is found out by it, and the id itself, which other
 * programs use too, leaves the laptop in no form. The file outlives the spool, so that a laptop whose spool was damaged is
 * still the same. The only part with libsodium. */

#define HOSTID_SIZE 37U /* bytes of a UUID with its NUL */

/* A new one, a UUID of version 4 (RFC 9562). 0 or -errno of getrandom(2). */
int hostid_new(char ret[static HOSTID_SIZE]);

/* Read it from the file at path. machine: path of the file with the machine's id, "/etc/machine-id"; NULL: whose it is does
 * not matter. 0; -EXDEV: it was written on another machine; -EBADMSG: that is no such file; -ENODATA: the machine has no
 * id; -errno of reading either. *ret is the number also with -EXDEV and -ENODATA. */
int hostid_read(const char *path, const char *machine, char ret[static HOSTID_SIZE]);

/* Write it there, for this machine. 0; -ENODATA: the machine has no id; or -errno. */
int hostid_write(const char *path, const char *machine, const char *host);
