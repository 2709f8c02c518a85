/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A plain table: columns as wide as their widest cell, two blanks between, nothing cut off. */

#include <stdio.h>

#define TABLE_COLUMNS_MAX 8U

struct table;

/* columns: 1 to TABLE_COLUMNS_MAX. 0, -EINVAL or -ENOMEM. */
int table_new(unsigned columns, struct table **ret);

/* One row: `columns` strings, copied and cleaned for the terminal (terminal.h); NULL is an empty cell. 0 or -ENOMEM. */
int table_add(struct table *table, const char *const *cells);

void table_print(const struct table *table, FILE *file);

/* Print it and forget the rows but not the widths, so that rows that come later stand below those of now. */
void table_flush(struct table *table, FILE *file);

/* Accepts NULL; returns NULL. */
struct table *table_free(struct table *table);
