/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* By what a collector tells laptops apart: a random number, bound to nothing. */

#define HOSTID_SIZE 37U /* bytes of a UUID with its NUL */

/* A new one, a UUID of version 4 (RFC 9562). 0 or -errno of getrandom(2). */
int hostid_new(char ret[static HOSTID_SIZE]);
