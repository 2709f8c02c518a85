/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The school's policy: one INI file, accepted whole or not at all. Pure: no clock, no logging, no sockets.
 *
 * Text is UTF-8 with lines ended by LF or CR LF; a byte order mark at the start is passed over. Lines are blank, a comment
 * (first character '#' or ';'), [section], [section NAME] or key = value; nothing stands after a ']' and no comment after a
 * value. Keys that are not given: mode is enforce, storage is block, clients
 * are flagged. All strings of a policy are valid UTF-8 without
 * control characters and without blanks around them.
 *
 * A day is a number: how many days of the calendar it is after 1970-01-01. Which day it is depends on where the laptop is,
 * and so is for the caller to say. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/noticekind.h"
#include "policy/facts.h"

#define POLICY_FILE_MAX       (1024U * 1024U) /* bytes of a policy file */
#define POLICY_LINE_MAX       190U            /* bytes of one line; inih (Debian's build) cuts at 200 */
#define POLICY_NAME_MAX       40U             /* bytes of NAME in [device NAME] and [place NAME]; inih compares 49 */
#define POLICY_PLACES_MAX     16U
#define POLICY_DEVICES_MAX    1000U
#define POLICY_SERVICES_MAX   100U
#define POLICY_CATEGORIES     3U    /* of clients: sync, chat, backup */
#define POLICY_KILL_AFTER_MAX 3600U /* seconds */
#define POLICY_GROUP_MAX      64U   /* bytes of a group's name, without its '@' */
#define POLICY_SPOOL_MIB_MIN  4U
#define POLICY_SPOOL_MIB_MAX  1024U
#define POLICY_GROUPS_MAX     32U /* different groups in one policy: a bit each in struct user_facts */
#define POLICY_WORDINGS_MAX   ((unsigned) _NOTICE_KIND_MAX * NOTICE_LANGUAGES)
#define POLICY_PER_HOUR_MAX   60U
#define POLICY_ERRORS_MAX     32U /* errors kept of one file; more are counted */
#define POLICY_ERROR_TEXT_MAX 256U

enum policy_mode { POLICY_ENFORCE, POLICY_AUDIT };
/* From the least to the most. */
enum access { ACCESS_BLOCK, ACCESS_READ_ONLY, ACCESS_ENCRYPTED, ACCESS_ALLOW };
/* What is done about the clients of a category that reach no approved service. */
enum clients_rule { CLIENTS_FLAG, CLIENTS_IGNORE, CLIENTS_STOP };

#define POLICY_DAY_SIZE sizeof("2027-02-01")

/* How long something holds. */
struct policy_end {
        unsigned until;             /* the last day; 0: it has no end */
        char text[POLICY_DAY_SIZE]; /* as written; "" without an end */
};

struct policy_place {
        char *name; /* "onedrive" of [place onedrive] */
        char *label;
        char *url; /* http, https or mailto */
};

struct policy_service {
        char *name; /* "dropbox" of [service dropbox], as in the catalogue of clients */
        bool allowed;
        bool stopped; /* what reaches it is ended; never together with allowed */
        char *host;   /* for these servers alone, a blank between; NULL: whichever */
};

/* The school's own words for one kind of notice, in one language. */
struct policy_wording {
        enum notice_kind kind;
        unsigned language;  /* of notice_languages[] */
        unsigned line;      /* of the section header */
        char *title, *text; /* NULL: as they are */
};

struct policy_device {
        char *name;
        unsigned line; /* of the section header */
        bool has_class, has_vendor, has_product;
        enum storage_kind class;
        uint16_t vendor, product;
        char *serial; /* NULL: not asked for */
        enum access access;
        char *reason; /* NULL: none given */
        struct policy_end end;
        uint32_t users; /* groups of the policy, 1U << place each, of which one is enough; 0: not asked for */
};

struct policy {
        unsigned version; /* 1 to 4294967295; 0 only in the built-in policy */
        enum policy_mode mode;
        char *min_agent;                                                                   /* "0.2.0" or NULL */
        char *school_name, *servicedesk, *servicedesk_url, *leak_report, *leak_report_url; /* NULL: not given */
        struct policy_place *places;
        size_t n_places;
        enum access storage[_STORAGE_KIND_MAX];
        struct policy_end storage_end[_STORAGE_KIND_MAX]; /* then block */
        struct policy_device *devices;
        size_t n_devices;
        enum clients_rule clients[POLICY_CATEGORIES]; /* by enum client_category */
        unsigned kill_after; /* seconds that a client has to end when it is stopped; 0: it is never killed */
        struct policy_service *services;
        size_t n_services;
        struct policy_wording *wordings;
        size_t n_wordings;
        unsigned notices_per_hour;       /* about devices, to one user; 0: not given */
        char *groups[POLICY_GROUPS_MAX]; /* named under users, without '@', each once */
        size_t n_groups;
        unsigned spool_mib; /* bound of the spool; 0: not given */
};

struct policy_error {
        unsigned line; /* 1-based; 0: about the file as a whole */
        char text[POLICY_ERROR_TEXT_MAX];
};

/* Both lists are in the order of lines. A full list keeps the first lines of the file. */
struct policy_errors {
        struct policy_error items[POLICY_ERRORS_MAX];
        size_t n;     /* kept in items */
        size_t total; /* found */
        /* Accepted, but surely not meant: e.g. a serial that never matches. */
        struct policy_error warnings[POLICY_ERRORS_MAX];
        size_t n_warnings;
};

/* Parse size bytes of INI text. agent_version ("0.1.0") is held against min-agent; what follows its numbers does not count.
 * *errors is always filled in anew; the texts are plain sentences in UTF-8, without file name and line.
 * Returns 0, no errors (warnings perhaps) and a policy in *ret that the caller frees with policy_free(); -EINVAL with at
 * least one entry in *errors, and *ret untouched; -ENOMEM. */
int policy_parse(const char *text, size_t size, const char *agent_version, struct policy **ret,
                 struct policy_errors *errors);

#define POLICY_REQUIRE_ROOT_OWNED (1U << 0) /* owner uid 0 and neither group- nor world-writable, else refused */

/* As policy_parse(), from a regular file of at most POLICY_FILE_MAX bytes, opened without following a final symlink and
 * without blocking (a FIFO is an error, not a wait). Besides what policy_parse() returns, each with a text in *errors (line 0):
 * -ENOENT, -EACCES and others of open(2) and read(2); -ELOOP for a symbolic link; -EISDIR; -EINVAL when it is no regular
 * file; -EPERM when the owner or mode is wrong; -EFBIG. */
int policy_load(const char *path, unsigned flags, const char *agent_version, struct policy **ret,
                struct policy_errors *errors);

/* What holds when no policy can be read: enforce, all removable storage blocked, version 0. NULL: out of memory. */
struct policy *policy_builtin(void);

/* Accepts NULL; returns NULL. */
struct policy *policy_free(struct policy *policy);
