/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The asking side of common/helper.h. */

#define HELPER_NO_ANSWER 127 /* as if the program could not be started */

/* Ask at the socket PATH for the deed of these words (words[0] is the program and not sent; NULL ends them). output: where it
 * writes; directory: what it has as descriptor 3, or -1. Never waits. The connection, readable when the deed has ended, for
 * the caller to close; or -errno. */
int helper_ask(const char *path, char *const words[], int output, int directory);
/* What the connection says: the exit status, 128 + signal, or HELPER_NO_ANSWER. */
int helper_answer(int connection);
