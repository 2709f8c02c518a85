/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A password from whoever types the command. */

#include <stddef.h>

/* One line of standard input without its end, in ret of size bytes. On a terminal it is asked for with that prompt, twice, and
 * not shown. 0; -ENODATA: there is none; -EMSGSIZE: it is too long; -EKEYREJECTED: not twice the same; -errno of the
 * terminal. */
int ask_password(const char *prompt, char *ret, size_t size);
