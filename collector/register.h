/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who may send: the register of site tokens, laptops and their labels, which every store keeps. A laptop's label is in a
 * table of its own, so that nothing of what it reports names it. Any thread; times are seconds of CLOCK_REALTIME. Errors
 * besides those named here are those of store.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/secret.h"
#include "collector/store.h"

#define REGISTER_SITE_MAX    64U     /* bytes of a site's name */
#define REGISTER_LAPTOPS_MAX 100000U /* one token lets in no more */
#define REGISTER_DAYS_MAX    366U    /* and no longer */
#define REGISTER_TOKENS_MAX  1000U   /* that are listed */
#define REGISTER_MATCHES_MAX 8U      /* laptops under one name that are named */

struct register_token {
        char id[SECRET_TOKEN_ID_LENGTH + 1];
        char site[REGISTER_SITE_MAX + 1];
        uint64_t laptops, used;          /* so many may enrol; so many have */
        uint64_t made, expires, revoked; /* revoked 0: it is not */
};

struct register_tokens {
        struct register_token *items;
        size_t n;
};

/* A laptop that wants to be let in. */
struct register_wish {
        struct secret token;
        struct secret credential;        /* its id is the host.id */
        struct secret previous;          /* the credential it had before; id "" when it had none */
        char label[BATCH_LABEL_MAX + 1]; /* "": none, or as before */
};

struct register_laptop {
        char host[BATCH_HOST_LENGTH + 1];
        char label[BATCH_LABEL_MAX + 1]; /* "": none */
        bool revoked;
};

/* 0, or -EEXIST when there is a token of that id. */
int register_add_token(struct store *store, const struct register_token *token,
                       const unsigned char hash[static SECRET_HASH_SIZE]);
/* All, the oldest first. */
int register_tokens(struct store *store, struct register_tokens *ret);
void register_tokens_clear(struct register_tokens *tokens);
/* From now on it lets nobody in; those that it let in stay. 0 also when it was revoked before; -ENOENT. */
int register_revoke_token(struct store *store, const char *id, uint64_t now);

/* Let a laptop in: from now on its credential holds, and none that it had before. A wish that comes again, because its
 * answer was lost, is answered again, and counts once. 0; -ENOKEY: there is no such token; -EKEYREVOKED: the token, or the
 * very credential, was revoked; -EKEYEXPIRED; -EDQUOT: the token has let in as many laptops as it may; -EEXIST: this
 * laptop is let in already, and what is shown is not its last credential. */
int register_enrol(struct store *store, const struct register_wish *wish, uint64_t now);

/* Is it a laptop's, and does it hold? 0; -ENOKEY: it is not; -EKEYREVOKED. */
int register_admit(struct store *store, const struct secret *credential);

/* The laptops of that host.id or label, at most REGISTER_MATCHES_MAX. */
int register_find(struct store *store, const char *name, struct register_laptop ret[static REGISTER_MATCHES_MAX],
                  size_t *ret_n);
/* Its credential does not hold any more. 0 also when that was so; -ENOENT. */
int register_revoke(struct store *store, const char *host, uint64_t now);
