/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The files that the catalogue is made of. One that is bad is told and passed over: the others hold. */

#include "policy/catalogue.h"

/* flags: those of policy_load(). */
void shelf_file(struct catalogue *catalogue, const char *path, unsigned flags);
/* All *.ini of a directory in the order of their names; a directory that is not there is empty. */
void shelf_directory(struct catalogue *catalogue, const char *path, unsigned flags);
