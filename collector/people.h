/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The verbs for people's accounts, for the table of admin.c: 0; or -errno, after it was said why. */

#include "collector/admin.h"

int people_add(const struct admin *admin);
int people_remove(const struct admin *admin);
int people_password(const struct admin *admin);
int people_list(const struct admin *admin);
