/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stddef.h>

/* text as gzip (RFC 1952) in *ret, for the caller to free. 0, -ENOMEM, or -EOVERFLOW for 4 GiB and more. */
int compress_gzip(const char *text, size_t size, char **ret, size_t *ret_size);
