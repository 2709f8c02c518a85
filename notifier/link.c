/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent has checked the policy's addresses when it read them. They are checked once more here, beside the place that
 * hands them to a program: what opens a browser for one scheme runs a file for another. */

#include "notifier/link.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What follows the prefix, or NULL. */
static const char *after(const char *url, const char *prefix)
{
        size_t length = strlen(prefix);

        return strncasecmp(url, prefix, length) == 0 ? url + length : NULL;
}

/* RFC 3986: unreserved, reserved and '%'. */
static bool is_url_character(unsigned char c)
{
        return c < 0x80 && (isalnum(c) || (c != '\0' && strchr("-._~:/?#[]@!$&'()*+,;=%", c)));
}

bool link_allowed(const char *url)
{
        size_t length = strnlen(url, LINK_URL_MAX + 1);
        const char *rest;

        if (length > LINK_URL_MAX)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!is_url_character((unsigned char) url[i]))
                        return false;

        rest = after(url, "mailto:");
        if (rest) {
                const char *at = strchr(rest, '@');

                return at && at > rest && isalnum((unsigned char) at[1]);
        }
        rest = after(url, "https://");
        if (!rest)
                rest = after(url, "http://");

        return rest && (isalnum((unsigned char) *rest) || *rest == '[');
}
