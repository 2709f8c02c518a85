/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every key begins with the host. What came is kept three times: the events; the numbers, which outlive them; and one row
 * for each laptop, so that no page has to count. */

#include "collector/schema.h"

#define TEXT(value)    #value
#define TEXT_OF(value) TEXT(value)

/* What should not be, as event names: in an index of its own, which has no other event and so costs those nothing. */
#define ATTENTION                                                                                                      \
        "name IN ('lekdicht.policy.rejected', 'lekdicht.gate.drift', 'lekdicht.device.drift', "                        \
        "'lekdicht.device.failed',"                                                                                    \
        " 'lekdicht.spool.dropped', 'lekdicht.identity.cloned')"

/* Never changed once released; new ones are added behind. */
const char *const schema_migrations[SCHEMA_VERSION] = {
        "CREATE TABLE laptops ("
        " host TEXT PRIMARY KEY, version TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
        " events INTEGER NOT NULL, clones INTEGER NOT NULL, highest INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE events ("
        " id INTEGER PRIMARY KEY, host TEXT NOT NULL, uid TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL,"
        " received INTEGER NOT NULL, shown INTEGER NOT NULL, name TEXT NOT NULL, severity INTEGER NOT NULL,"
        " clone INTEGER NOT NULL, attributes TEXT NOT NULL) STRICT;"
        "CREATE UNIQUE INDEX events_by_uid ON events(host, uid);"
        "CREATE INDEX events_by_time ON events(shown);"
        "CREATE INDEX events_by_host ON events(host, shown);"
        "CREATE INDEX events_by_seq ON events(host, seq);"
        "CREATE TABLE received ("
        " host TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (host, first)) STRICT, "
        "WITHOUT ROWID;"
        "PRAGMA application_id = " TEXT_OF(SCHEMA_APPLICATION_ID) ";",

        /* Who may send. Of tokens and credentials there are hashes; a label is in no other table. */
        "CREATE TABLE tokens ("
        " id TEXT PRIMARY KEY, hash BLOB NOT NULL, site TEXT NOT NULL, laptops INTEGER NOT NULL, used INTEGER NOT NULL,"
        " made INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE credentials ("
        " host TEXT PRIMARY KEY, hash BLOB NOT NULL, token TEXT NOT NULL, enrolled INTEGER NOT NULL,"
        " revoked INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE labels (host TEXT PRIMARY KEY, label TEXT NOT NULL) STRICT, WITHOUT ROWID;"
        /* What a laptop reported as dropped, beside `received`: together they explain its numbers. */
        "CREATE TABLE dropped ("
        " host TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (host, first)) STRICT, "
        "WITHOUT ROWID;"
        /* The last sign of life of each laptop. */
        "CREATE TABLE heartbeats ("
        " host TEXT PRIMARY KEY, seq INTEGER NOT NULL, received INTEGER NOT NULL, attributes TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID;",

        /* Who may look. Of passwords and sessions there are hashes. */
        "CREATE TABLE accounts ("
        " name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL, site TEXT NOT NULL, made INTEGER NOT NULL,"
        " seen INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE sessions ("
        " hash BLOB PRIMARY KEY, account TEXT NOT NULL, made INTEGER NOT NULL, used INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID;"
        "CREATE INDEX events_of_attention ON events(shown) WHERE " ATTENTION ";",
};

#define LABEL "coalesce((SELECT label FROM labels WHERE labels.host = "
#define EVENT_COLUMNS                                                                                                  \
        "shown, id, host, uid, name, seq, time, received, severity, clone, attributes, " LABEL "events.host), '')"
#define BEFORE(table) "SELECT first, last FROM " table " WHERE host = ?1 AND first <= ?2 ORDER BY first DESC"
#define DELETE(table) "DELETE FROM " table " WHERE host = ?1 AND first BETWEEN ?2 AND ?3"
#define COUNT(table)  "(SELECT coalesce(sum(last - first + 1), 0) FROM " table " WHERE " table ".host = laptops.host)"
#define EXPLAINED                                                                                                      \
        "SELECT first, last FROM received WHERE host = ?1 UNION ALL SELECT first, last FROM dropped WHERE host = ?1 "  \
        "ORDER BY first"
#define TOKEN_COLUMNS "id, site, laptops, used, made, expires, revoked"
/* The site of a laptop is that of the token with which it was let in last. */
#define OF_SITE(site)                                                                                                  \
        "host IN (SELECT credentials.host FROM credentials JOIN tokens ON tokens.id = token WHERE tokens.site = " site \
        ")"
#define ATTRIBUTE(key) "json_extract(attributes, '$.\"lekdicht." key "\"')"
#define FIND_RANGE     "(shown, id) < (?1, ?2) AND shown >= ?3 ORDER BY shown DESC, id DESC"
#define LAPTOP_COLUMNS                                                                                                 \
        "host, version, first_seen, last_seen, events, clones, highest, " LABEL "laptops.host), ''),"                  \
        " (SELECT attributes FROM heartbeats WHERE heartbeats.host = laptops.host)"
/* A number that came although it was reported as dropped is counted twice here: rare, and the audit is exact. */
#define NOT_WELL                                                                                                       \
        "(last_seen < ?3 OR clones > 0 OR highest > " COUNT("received") " + " COUNT(                                   \
                "dropped") " OR host IN"                                                                               \
                           " (SELECT host FROM heartbeats WHERE " ATTRIBUTE("queue.aside") " > 0))"
#define NOT_REVOKED     "host NOT IN (SELECT host FROM credentials WHERE revoked)"
#define LAPTOP_ORDER    "ORDER BY last_seen DESC, host LIMIT ?1"
#define ACCOUNT_COLUMNS "name, role, site, accounts.made, seen"
#define EVENT_ORDER     "ORDER BY shown DESC, id DESC LIMIT ?3"

const char *const schema_sql[_SCHEMA_STATEMENT_MAX] = {
        [SCHEMA_BEGIN] = "BEGIN IMMEDIATE",
        [SCHEMA_COMMIT] = "COMMIT",
        [SCHEMA_ROLLBACK] = "ROLLBACK",
        [SCHEMA_ADD_EVENT] =
                "INSERT INTO events (host, uid, seq, time, received, shown, name, severity, clone, attributes)"
                " VALUES (?1, ?2, ?3, ?4, ?5, min(?4, ?5), ?6, ?7, 0, ?8) ON CONFLICT (host, uid) DO NOTHING",
        [SCHEMA_ADD_LAPTOP] = "INSERT INTO laptops VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6) ON CONFLICT (host) DO UPDATE SET"
                              " version = iif(excluded.version = '', version, excluded.version), last_seen = "
                              "max(last_seen, excluded.last_seen),"
                              " events = events + excluded.events, clones = clones + excluded.clones,"
                              " highest = max(highest, excluded.highest)",
        [SCHEMA_SET_HEARTBEAT] = "INSERT INTO heartbeats VALUES (?1, ?2, ?3, ?4) ON CONFLICT (host) DO UPDATE SET"
                                 " seq = excluded.seq, received = excluded.received, attributes = excluded.attributes"
                                 " WHERE excluded.seq >= seq",
        [SCHEMA_MARK_CLONES] = "UPDATE events SET clone = 1 WHERE host = ?1 AND seq = ?2",
        [SCHEMA_RECEIVED_BEFORE] = BEFORE("received"),
        [SCHEMA_DELETE_RECEIVED] = DELETE("received"),
        [SCHEMA_ADD_RECEIVED] = "INSERT INTO received VALUES (?1, ?2, ?3)",
        [SCHEMA_DROPPED_BEFORE] = BEFORE("dropped"),
        [SCHEMA_DELETE_DROPPED] = DELETE("dropped"),
        [SCHEMA_ADD_DROPPED] = "INSERT INTO dropped VALUES (?1, ?2, ?3)",
        [SCHEMA_EVENTS] = "SELECT " EVENT_COLUMNS " FROM events WHERE (shown, id) < (?1, ?2) " EVENT_ORDER,
        [SCHEMA_EVENTS_OF_HOST] =
                "SELECT " EVENT_COLUMNS " FROM events WHERE host = ?4 AND (shown, id) < (?1, ?2) " EVENT_ORDER,
        [SCHEMA_EVENTS_OF_SITE] =
                "SELECT " EVENT_COLUMNS " FROM events WHERE (shown, id) < (?1, ?2) AND " OF_SITE("?4") " " EVENT_ORDER,
        [SCHEMA_EVENTS_OF_SITE_AND_HOST] =
                "SELECT " EVENT_COLUMNS
                " FROM events WHERE host = ?5 AND (shown, id) < (?1, ?2) AND " OF_SITE("?4") " " EVENT_ORDER,
        [SCHEMA_LAPTOPS] = "SELECT " LAPTOP_COLUMNS " FROM laptops " LAPTOP_ORDER,
        [SCHEMA_LAPTOPS_OF_SITE] = "SELECT " LAPTOP_COLUMNS " FROM laptops WHERE " OF_SITE("?2") " " LAPTOP_ORDER,
        [SCHEMA_SITE_HAS] = "SELECT count(*) FROM laptops WHERE host = ?1 AND " OF_SITE("?2"),
        [SCHEMA_FIND_EVENTS] =
                "SELECT " EVENT_COLUMNS " FROM (SELECT * FROM events WHERE " FIND_RANGE " LIMIT ?4) AS events"
                " WHERE (?5 IS NULL OR " OF_SITE("?5") ") AND (?6 IS NULL OR " OF_SITE(
                        "?6") ")"
                              " AND (?7 IS NULL OR name = ?7)"
                              " AND (?8 IS NULL OR host = ?8 OR host IN (SELECT host FROM "
                              "labels WHERE label = ?8))"
                              " AND (?9 IS NULL OR upper(?9) = substr(uid, -length(?9)))"
                              " AND (?10 IS NULL OR ?10 = " ATTRIBUTE(
                                      "device.kind") ")"
                                                     " AND (?11 IS NULL OR ?11 = " ATTRIBUTE(
                                                             "rule") ")"
                                                                     " AND (?12 IS NULL OR ?12 "
                                                                     "IN (" ATTRIBUTE("client") ", " ATTRIBUTE(
                                                                             "service") "))"
                                                                                        " ORDE"
                                                                                        "R BY "
                                                                                        "shown"
                                                                                        " DESC"
                                                                                        ", id "
                                                                                        "DESC "
                                                                                        "LIMIT"
                                                                                        " ?13",
        [SCHEMA_FIND_END] = "SELECT shown, id FROM events WHERE " FIND_RANGE " LIMIT 1 OFFSET ?4",
        [SCHEMA_ATTENTION_LAPTOPS] = "SELECT " LAPTOP_COLUMNS " FROM laptops WHERE " NOT_WELL " AND " NOT_REVOKED
                                     " AND (?2 IS NULL OR " OF_SITE("?2") ") ORDER BY last_seen, host LIMIT ?1",
        [SCHEMA_ATTENTION_EVENTS] = "SELECT " EVENT_COLUMNS " FROM events WHERE " ATTENTION " AND shown >= ?1"
                                    " AND (?2 IS NULL OR " OF_SITE("?2") ") ORDER BY shown DESC, id DESC LIMIT ?3",
        [SCHEMA_INTERVALS] = EXPLAINED " LIMIT ?2",
        [SCHEMA_NEXT_LAPTOP] = "SELECT host, highest, clones, " LABEL
                               "laptops.host), ''), " COUNT("received") " FROM laptops"
                                                                        " WHERE host > ?1 ORDER BY host LIMIT 1",
        [SCHEMA_EXPLAINED] = "SELECT first, last FROM (" EXPLAINED ") WHERE first <= ?2",
        [SCHEMA_KEEPER_BEGIN] = "BEGIN IMMEDIATE",
        [SCHEMA_KEEPER_COMMIT] = "COMMIT",
        [SCHEMA_KEEPER_ROLLBACK] = "ROLLBACK",
        [SCHEMA_ADD_TOKEN] = "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, 0) ON CONFLICT (id) DO NOTHING",
        [SCHEMA_TOKENS] = "SELECT " TOKEN_COLUMNS " FROM tokens ORDER BY made, id LIMIT ?1",
        [SCHEMA_TOKEN] = "SELECT " TOKEN_COLUMNS ", hash FROM tokens WHERE id = ?1",
        [SCHEMA_USE_TOKEN] = "UPDATE tokens SET used = used + 1 WHERE id = ?1",
        [SCHEMA_REVOKE_TOKEN] = "UPDATE tokens SET revoked = iif(revoked, revoked, ?2) WHERE id = ?1",
        [SCHEMA_CREDENTIAL] = "SELECT hash, revoked FROM credentials WHERE host = ?1",
        [SCHEMA_SET_CREDENTIAL] = "INSERT OR REPLACE INTO credentials VALUES (?1, ?2, ?3, ?4, 0)",
        [SCHEMA_SET_LABEL] = "INSERT OR REPLACE INTO labels VALUES (?1, ?2)",
        [SCHEMA_FIND_LAPTOPS] =
                "SELECT host, coalesce(label, ''), revoked FROM credentials LEFT JOIN labels USING (host)"
                " WHERE host = ?1 OR label = ?1 ORDER BY host LIMIT ?2",
        [SCHEMA_REVOKE_LAPTOP] = "UPDATE credentials SET revoked = iif(revoked, revoked, ?2) WHERE host = ?1",
        [SCHEMA_ADD_ACCOUNT] = "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (name) DO NOTHING",
        [SCHEMA_SET_PASSWORD] = "UPDATE accounts SET password = ?2 WHERE name = ?1",
        [SCHEMA_DELETE_ACCOUNT] = "DELETE FROM accounts WHERE name = ?1",
        [SCHEMA_SEE_ACCOUNT] = "UPDATE accounts SET seen = ?2 WHERE name = ?1",
        [SCHEMA_ACCOUNT] = "SELECT " ACCOUNT_COLUMNS ", password FROM accounts WHERE name = ?1",
        [SCHEMA_ACCOUNTS] = "SELECT " ACCOUNT_COLUMNS " FROM accounts ORDER BY name LIMIT ?1",
        [SCHEMA_COUNT_ACCOUNTS] = "SELECT count(*) FROM accounts",
        [SCHEMA_ADD_SESSION] = "INSERT INTO sessions VALUES (?1, ?2, ?3, ?3)",
        [SCHEMA_SESSION] =
                "SELECT " ACCOUNT_COLUMNS ", sessions.made, used FROM sessions JOIN accounts ON name = account"
                " WHERE hash = ?1",
        [SCHEMA_USE_SESSION] = "UPDATE sessions SET used = ?2 WHERE hash = ?1",
        [SCHEMA_DELETE_SESSION] = "DELETE FROM sessions WHERE hash = ?1",
        [SCHEMA_DELETE_SESSIONS] = "DELETE FROM sessions WHERE account = ?1",
        [SCHEMA_DELETE_OLD_SESSIONS] = "DELETE FROM sessions WHERE made > ?1 OR made <= ?1 - ?2 OR used <= ?1 - ?3",
};
