/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Puts notices on the screen, by the session's notification server. */

#include <stdbool.h>

#include <gio/gio.h>

#include "notifier/notice.h"

#define SHOW_NOTICES_MAX 8U /* at a time; the oldest makes place */

struct show;

/* A button was pressed. */
typedef void (*show_chosen)(const char *url);

/* Notices for the server on this session bus, which may come, go and come again. NULL: libnotify cannot be used. */
struct show *show_new(GDBusConnection *session, show_chosen chosen);

/* Show it now, in the place of an earlier notice of the same port (what is before the '#'). Without a server it is kept until there is one. */
void show_notice(struct show *show, const struct notice *notice);

/* Is a notice of that port on the screen, or waiting for a server? */
bool show_has(const struct show *show, const char *plug);

/* Accepts NULL; returns NULL. What is on the screen stays there. */
struct show *show_free(struct show *show);
