/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Patterns of the catalogue of clients: '*' is any run of bytes, slashes too, and nothing else is special. */

#include <stdbool.h>

/* Does all of text fit the pattern? The time is at most the product of their lengths. */
bool glob_fits(const char *pattern, const char *text);
