/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/accounts.h"

#include <string.h>

bool account_is_name(const char *text)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
        size_t length = strlen(text);

        return length >= 1 && length <= ACCOUNT_NAME_MAX && strspn(text, allowed) == length && text[0] != '-';
}
