/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The tables of the SQLite store and everything that is said to them: the texts alone. */

#include <stddef.h>

#define SCHEMA_APPLICATION_ID 0x6C656B64 /* "lekd", in the file's header */
#define SCHEMA_VERSION        3U         /* user_version of a file in the newest form */

enum schema_statement {
        SCHEMA_BEGIN,
        SCHEMA_COMMIT,
        SCHEMA_ROLLBACK,
        SCHEMA_ADD_EVENT,
        SCHEMA_ADD_LAPTOP,
        SCHEMA_SET_HEARTBEAT,
        SCHEMA_MARK_CLONES,
        SCHEMA_RECEIVED_BEFORE,
        SCHEMA_DELETE_RECEIVED,
        SCHEMA_ADD_RECEIVED,
        SCHEMA_DROPPED_BEFORE,
        SCHEMA_DELETE_DROPPED,
        SCHEMA_ADD_DROPPED,
        _SCHEMA_WRITER_MAX,
        SCHEMA_EVENTS = _SCHEMA_WRITER_MAX,
        SCHEMA_EVENTS_OF_HOST,
        SCHEMA_EVENTS_OF_SITE,
        SCHEMA_EVENTS_OF_SITE_AND_HOST,
        SCHEMA_LAPTOPS,
        SCHEMA_LAPTOPS_OF_SITE,
        SCHEMA_SITE_HAS,
        SCHEMA_FIND_EVENTS,
        SCHEMA_FIND_END,
        SCHEMA_ATTENTION_LAPTOPS,
        SCHEMA_ATTENTION_EVENTS,
        SCHEMA_INTERVALS,
        SCHEMA_NEXT_LAPTOP,
        SCHEMA_EXPLAINED,
        _SCHEMA_READER_MAX,
        SCHEMA_KEEPER_BEGIN = _SCHEMA_READER_MAX,
        SCHEMA_KEEPER_COMMIT,
        SCHEMA_KEEPER_ROLLBACK,
        SCHEMA_ADD_TOKEN,
        SCHEMA_TOKENS,
        SCHEMA_TOKEN,
        SCHEMA_USE_TOKEN,
        SCHEMA_REVOKE_TOKEN,
        SCHEMA_CREDENTIAL,
        SCHEMA_SET_CREDENTIAL,
        SCHEMA_SET_LABEL,
        SCHEMA_FIND_LAPTOPS,
        SCHEMA_REVOKE_LAPTOP,
        SCHEMA_ADD_ACCOUNT,
        SCHEMA_SET_PASSWORD,
        SCHEMA_DELETE_ACCOUNT,
        SCHEMA_SEE_ACCOUNT,
        SCHEMA_ACCOUNT,
        SCHEMA_ACCOUNTS,
        SCHEMA_COUNT_ACCOUNTS,
        SCHEMA_ADD_SESSION,
        SCHEMA_SESSION,
        SCHEMA_USE_SESSION,
        SCHEMA_DELETE_SESSION,
        SCHEMA_DELETE_SESSIONS,
        SCHEMA_DELETE_OLD_SESSIONS,
        _SCHEMA_STATEMENT_MAX,
};

/* Each brings a file from its index to the next version. */
extern const char *const schema_migrations[SCHEMA_VERSION];

extern const char *const schema_sql[_SCHEMA_STATEMENT_MAX];
