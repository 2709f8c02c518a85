/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The catalogue of clients: by which marks a running program is known to be a sync, chat or backup client, and which
 * service it reaches. Data, from clients.ini and the files of clients.d; pure, as all of policy/.
 *
 * Each mark says how well it is known: verified on a real package (V), read in the client's source (S), seen in several
 * places in use (U), or only known from hearsay (K). A client that is found by a K alone is no reason to speak to anybody. */

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

#define CATALOGUE_CLIENTS_MAX 256U /* clients of all files together */
#define CATALOGUE_MARKS_MAX   32U  /* marks of one client */
#define CATALOGUE_LABEL_MAX   40U  /* bytes of what a client is called to people */
#define CATALOGUE_ARGUMENTS   3U   /* of an interpreter's arguments so many are looked at, from the first on */

#define CATALOGUE_SERVICE_UNKNOWN "unknown" /* of a client that can reach several: which one is not known */

enum client_category { CLIENT_SYNC, CLIENT_CHAT, CLIENT_BACKUP, _CLIENT_CATEGORY_MAX };

/* "sync"; NULL when it is none. And the category of that name, or -EINVAL. */
const char *client_category_name(enum client_category category);
int client_category_from_name(const char *name);

enum mark_kind {
        MARK_PROGRAM,   /* the path of what runs */
        MARK_SCRIPT,    /* an interpreter, and one of its arguments */
        MARK_SNAP,      /* the name of the snap it runs in */
        MARK_FLATPAK,   /* the id of the flatpak it runs in */
        MARK_MOUNT,     /* a FUSE file system: type and source */
        MARK_LINKED,    /* a file in the home of who has set it up */
        MARK_AUTOSTART, /* an entry by which the desktop of one user starts it */
        MARK_UNIT,      /* the same for the user's systemd */
        MARK_EXCEPT,    /* a path that is none, whatever else fits */
        _MARK_KIND_MAX,
};

/* "program", "script", ...: also the word for evidence in an event. NULL when it is none. And back, or -EINVAL. */
const char *mark_kind_name(enum mark_kind kind);
int mark_kind_from_name(const char *name);
/* Does it say that a client is set up, and nothing of whether it runs? */
bool mark_kind_is_setup(enum mark_kind kind);

struct mark {
        enum mark_kind kind;
        bool hearsay; /* a K */
        char *word;   /* MARK_SCRIPT: the interpreter without its version; MARK_MOUNT: the type;
                        * MARK_LINKED: what the file has in it, or NULL; else NULL */
        char *pattern; /* glob.h; of a MARK_FLATPAK or MARK_SNAP the id itself, of a MARK_AUTOSTART or MARK_UNIT the file's name */
};

/* How it is found out which service a client reaches that can reach several. */
enum client_lookup { LOOKUP_NONE, LOOKUP_RCLONE, LOOKUP_SERVER };

struct client {
        char *name;
        char *label;
        char *service;
        enum client_category category;
        enum client_lookup lookup;
        struct mark marks[CATALOGUE_MARKS_MAX];
        size_t n_marks;
};

struct catalogue;

/* An empty one, which nothing fits. 0 or -ENOMEM. */
int catalogue_new(struct catalogue **ret);
/* Accepts NULL; returns NULL. */
struct catalogue *catalogue_free(struct catalogue *catalogue);

/* Add the clients of one file, whole or not at all; one that is there already is replaced, so that a later file can correct
 * an earlier one. As policy_parse() for *errors. 0; -EINVAL with at least one entry in *errors; -ENOMEM. */
int catalogue_add(struct catalogue *catalogue, const char *text, size_t size, struct policy_errors *errors);

/* The same from a file; flags and what else may go wrong are those of policy_load(). */
int catalogue_load(struct catalogue *catalogue, const char *path, unsigned flags, struct policy_errors *errors);

size_t catalogue_size(const struct catalogue *catalogue);
const struct client *catalogue_client(const struct catalogue *catalogue, size_t i);
/* Of the last file that gave one; 0: none did. */
unsigned catalogue_version(const struct catalogue *catalogue);

/* What is known of a process. All are borrowed. */
struct process_marks {
        const char *program;                        /* what the kernel says it runs */
        const char *arguments[CATALOGUE_ARGUMENTS]; /* argv[1] and on; NULL: there are no more */
        const char *flatpak;                        /* the id; "" when it runs in none */
        const char *snap;                           /* the name; "" or NULL when it runs in none */
};

struct found_client {
        const struct client *client; /* NULL: it is none */
        const struct mark *mark;     /* the best of those that fit */
};

/* Could what runs this program be a client? A hash or two and no allocation, as it is asked of everything that is started.
 * Never no for what catalogue_find() finds. */
bool catalogue_may_have(const struct catalogue *catalogue, const char *program);
struct found_client catalogue_find(const struct catalogue *catalogue, const struct process_marks *process);
struct found_client catalogue_find_mount(const struct catalogue *catalogue, const char *type, const char *source);
