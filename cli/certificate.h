/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Until when a certificate is good. Nothing else of it is looked at: whether it is believed TLS decides. */

#include <stddef.h>
#include <stdint.h>

#define CERTIFICATE_MAX 8192U /* bytes of one, decoded */

/* The end of the first certificate in a text (PEM), in seconds since 1970. 0; -ENOENT: there is none; -EBADMSG; -ENOMEM. */
int certificate_end(const char *text, int64_t *ret);
