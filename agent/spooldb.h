/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* SQLite, as much of it as the spool needs. Results are 0 or -errno: -ENOSPC full (the disk, or pages_max), -EROFS, -EIO,
 * -ENOMEM, -EBUSY (another process has it open), -EUCLEAN (damaged, or no database at all), or of open(2). */

#include <stddef.h>
#include <stdint.h>

struct spooldb;
struct spooldb_query;

/* Open the database at path, which is made with mode 0600 if it is not there, and lock it for as long as it is open. WAL,
 * synchronous=FULL: what was committed is on the disk. It has at most pages_max pages of 4096 bytes. */
int spooldb_open(const char *path, unsigned pages_max, struct spooldb **ret);
/* Takes NULL, returns NULL. */
struct spooldb *spooldb_close(struct spooldb *db);
/* Write the WAL back, as far as the disk lets us. */
void spooldb_checkpoint(struct spooldb *db);

/* From now on at most so many pages; but never less than there are. */
int spooldb_limit(struct spooldb *db, unsigned pages_max);

/* Statements without parameters and results. */
int spooldb_run(struct spooldb *db, const char *sql);

/* Begin a transaction; end it: commit when r is 0 or more, else roll back. spooldb_end() returns r, or why the commit
 * failed (then nothing has changed), and 0 instead of positive values. */
int spooldb_begin(struct spooldb *db);
int spooldb_end(struct spooldb *db, int r);

/* A query; types has a letter for each parameter: i (uint64_t, as a signed number; what is larger is cut to the
 * largest) or t (const char *, has to live as long as the query). */
int spooldb_query(struct spooldb *db, struct spooldb_query **ret, const char *sql, const char *types, ...);
/* The next row: 1, 0 at the end, or -errno. */
int spooldb_step(struct spooldb_query *query);
uint64_t spooldb_int(struct spooldb_query *query, int column);
/* Valid until the next step; size without the NUL. NULL: out of memory, or no text. */
const char *spooldb_text(struct spooldb_query *query, int column, size_t *ret_size);
/* Takes NULL, returns NULL. */
struct spooldb_query *spooldb_done(struct spooldb_query *query);

/* All of it at once: 1, with the first row's first column in *ret (if not NULL); 0: no row; or -errno. */
int spooldb_do(struct spooldb *db, uint64_t *ret, const char *sql, const char *types, ...);
/* Rows that the last statement changed. */
uint64_t spooldb_changes(struct spooldb *db);
