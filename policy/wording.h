/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* [notices], and the school's own words of [notice KIND.LANGUAGE]. Inside policy/ only. */

#include "policy/key.h"

/* As begin and end of a section (section.c). */
int wording_begin(struct sections *sections, const char *name, unsigned line);
void wording_end(struct sections *sections);

/* As key.h. */
int wording_set_per_hour(struct sections *sections, const struct key *key, const char *value, unsigned line);
