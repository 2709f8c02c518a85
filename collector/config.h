/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The collector's own settings: one INI file with one section.
 *
 *      [collector]
 *      listen   = 127.0.0.1:4318        an address of this machine itself, 127.x.y.z:PORT or [::1]:PORT; 0: any free port
 *      database   = /var/lib/lekdicht-collector/collector.db
 *
 * What is not given has the value above. */

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#define CONFIG_ERROR_MAX 256U  /* bytes of an explanation, NUL included */
#define CONFIG_PATH_MAX  1024U /* bytes of a path, NUL included */

#define CONFIG_PATH     "/etc/lekdicht-collector/collector.ini"
#define CONFIG_LISTEN   "127.0.0.1:4318"
#define CONFIG_DATABASE "/var/lib/lekdicht-collector/collector.db"

struct config {
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } listen;
        char database[CONFIG_PATH_MAX];
};

/* The settings above. */
void config_default(struct config *ret);

/* Read a file: whole, or -EINVAL and "FILE:LINE: what is wrong" in error, or -errno of opening it. *ret is touched only
 * on success. */
int config_load(const char *path, struct config *ret, char error[static CONFIG_ERROR_MAX]);
