/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The user's choice of browser is xdg-open's to know. The address is one argument and begins with a scheme that was
 * checked, so it is neither an option nor a command. */

#include "notifier/open.h"

#include <errno.h>

#include <glib.h>

#include "notifier/link.h"

int open_link(const char *url)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *copy = NULL;
        char program[] = "xdg-open";

        if (!link_allowed(url))
                return -EPERM;
        copy = g_strdup(url);
        if (!g_spawn_async(NULL, (char *[]){ program, copy, NULL }, NULL,
                           G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &error))
                return g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT) ? -ENOENT : -EIO;

        return 0;
}
