/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The gate says each deed on stdout, one a line, and each failure on stderr. Control characters come out as '?'. */

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
