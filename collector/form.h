/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a browser sends of a form: application/x-www-form-urlencoded. */

#include <stdbool.h>
#include <stddef.h>

#define FORM_BODY_MAX 2048U /* bytes */

/* The value of a field, decoded, in ret of room bytes. False, and ret is "": it is not there, is there twice, does not fit, or
 * has a NUL or a broken escape in it. */
bool form_value(const char *body, size_t size, const char *name, char *ret, size_t room);

/* One value, decoded in the same way. False, and ret is whatever: as above. */
bool form_decode(const char *value, size_t size, char *ret, size_t room);
