/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Opens an address in the user's own browser or mail program. */

/* Starts `xdg-open URL`, found on PATH, without a shell, and does not wait for it. Returns 0; -EPERM when it is not
 * link_allowed(): nothing is started; -ENOENT when there is no xdg-open; -EIO when it does not start. */
int open_link(const char *url);
