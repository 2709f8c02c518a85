/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which addresses a button may open. Pure. */

#include <stdbool.h>

#define LINK_URL_MAX 1024U /* bytes */

/* http://HOST, https://HOST or mailto:NAME@HOST, the scheme in any case, of at most LINK_URL_MAX characters of RFC 3986. What
 * could start a program (file:, javascript:, a path, an option) is none of these. */
bool link_allowed(const char *url);
