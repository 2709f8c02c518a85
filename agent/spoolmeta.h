/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A handful of facts about the store itself, each under a name. All return 0 or -errno. */

#include <stddef.h>
#include <stdint.h>

#include "agent/spooldb.h"

#define SPOOLMETA_TABLE "CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"

int spoolmeta_set(struct spooldb *db, const char *key, uint64_t value);
int spoolmeta_set_text(struct spooldb *db, const char *key, const char *value);

/* Facts that every database of ours has: -EUCLEAN when one is missing, or the text is not exactly size - 1 bytes. */
int spoolmeta_get(struct spooldb *db, const char *key, uint64_t *ret);
int spoolmeta_text(struct spooldb *db, const char *key, char *ret, size_t size);
