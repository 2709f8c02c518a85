/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the files of the SQLite store share; for nobody else. Three connections to one file: the writer's; one for reading,
 * which in WAL mode never waits for the writer nor makes it wait; and the keeper's, for who may send, which reads with
 * every request and writes when a laptop enrols. */

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/audit.h"
#include "collector/schema.h"
#include "collector/store.h"

struct store {
        sqlite3 *writer, *reader, *keeper;
        pthread_mutex_t reading; /* for the reader and its statements */
        pthread_mutex_t keeping; /* the same of the keeper */
        sqlite3_stmt *statements[_SCHEMA_STATEMENT_MAX];
};

/* What SQLite answered, as -errno; 0 also for the end of the rows. */
int sqlite_error(int code);

/* Bind the values of a statement: for each letter of types t, a text (const char *), n, a number (uint64_t), or h, a hash
 * (const unsigned char *, SECRET_HASH_SIZE bytes). They must stay until the statement is reset. Errors of binding (no
 * memory) show up again when the statement is run. */
sqlite3_stmt *sqlite_bind(struct store *store, enum schema_statement which, const char *types, ...);

/* Run a statement that gives no rows. */
int sqlite_run(sqlite3_stmt *statement);

/* The one number that a statement without parameters gives. */
int sqlite_count(struct store *store, enum schema_statement which, int *ret);

/* A transaction of the keeper's, which holds `keeping` until its end: committed when r is 0, else taken back. Also after a
 * keeper_begin() that failed. Returns r, or what committing said. */
int keeper_begin(struct store *store);
int keeper_end(struct store *store, int r);

/* Run one statement that changes one row, or -ENOENT. `keeping` is held. */
int keeper_change(struct store *store, sqlite3_stmt *statement);

/* What of a laptop's numbers up to that one is not explained. Its host is set, and `reading` is held. */
int sqlite_audit(struct store *store, struct audit_laptop *laptop, uint64_t highest);

/* A row of EVENT_COLUMNS. 0 or -ENOMEM. */
int sqlite_event(sqlite3_stmt *row, struct store_event *event);

uint64_t sqlite_number(sqlite3_stmt *statement, int column);
void sqlite_text(char *to, size_t size, sqlite3_stmt *statement, int column);
