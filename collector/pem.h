/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The files with which the collector shows who it is: certificate and key, PEM. */

#include <stdbool.h>

#define PEM_MAX (64U * 1024U) /* bytes of a file, NUL included */

/* The text of a file, for the caller to free by pem_free(). secret: it must not be open to everybody. 0; -EFBIG; -EINVAL:
 * there is no "-----BEGIN" in it; -EPERM: secret, and others than its owner and group may read it; -ENOMEM; or -errno of
 * opening and reading it. */
int pem_read(const char *path, bool secret, char **ret);

/* Overwrites it before. Takes NULL. */
void pem_free(char *text);
