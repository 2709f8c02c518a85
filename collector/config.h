/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The collector's own settings: one INI file with one section.
 *
 *      [collector]
 *      listen   = 127.0.0.1:4318        an address of this machine itself, 127.x.y.z:PORT or [::1]:PORT, where port 0 is
 *                                       any that is free; or the path of a Unix socket
 *      database = /var/lib/lekdicht-collector/collector.db
 *      certificate = FILE               PEM; with it TLS is spoken, and nothing else
 *      key      = FILE                  its key, PEM; both or none
 *      requests-per-minute = 600        of one laptop
 *
 * What is not given has the value above. */

#include <stddef.h>

#include "collector/address.h"

#define CONFIG_ERROR_MAX 256U  /* bytes of an explanation, NUL included */
#define CONFIG_PATH_MAX  1024U /* bytes of a path, NUL included */

#define CONFIG_PATH     "/etc/lekdicht-collector/collector.ini"
#define CONFIG_LISTEN   "127.0.0.1:4318"
#define CONFIG_DATABASE "/var/lib/lekdicht-collector/collector.db"

struct config {
        union address listen;
        char database[CONFIG_PATH_MAX];
        char certificate[CONFIG_PATH_MAX], key[CONFIG_PATH_MAX]; /* both "": no TLS */
        unsigned requests_per_minute;                            /* of one laptop */
};

/* The settings above. */
void config_default(struct config *ret);

/* Read a file: whole, or -EINVAL and "FILE:LINE: what is wrong" in error, or -errno of opening it. *ret is touched only
 * on success. */
int config_load(const char *path, struct config *ret, char error[static CONFIG_ERROR_MAX]);
