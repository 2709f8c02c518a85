/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Read until the end of the file or until size bytes are there, whatever interrupts it (read(2), EINTR). How many; or -errno. */
ssize_t read_full(int fd, void *buffer, size_t size);
