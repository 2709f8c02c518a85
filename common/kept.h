/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A number that is kept over a restart and a power cut, in a file of its own: one line of digits. */

#include <stddef.h>
#include <stdint.h>

#define KEPT_TEXT_MAX 32U /* bytes of the file, and a NUL: 20 digits and the line feed are the most */

/* The number in the file, from 1 to max. 0; -ENOENT: there is no file; -EBADMSG: it makes no sense; or -errno. Neither
 * follows a link nor waits for a FIFO. *ret is set only with 0. */
int kept_read(const char *path, uint64_t max, uint64_t *ret);

/* Have it on the disk. 0 or -errno, and then the old one is still there. */
int kept_write(const char *path, uint64_t number);
/* The same as text, for who writes it by other means. The length. */
size_t kept_print(uint64_t number, char text[KEPT_TEXT_MAX]);
