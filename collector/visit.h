/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who looks at the pages: signing in and out, and whose a request is. Knows nothing of libmicrohttpd. Any thread. */

#include <stdbool.h>
#include <stddef.h>

#include "collector/accounts.h"
#include "collector/secret.h"

#define VISIT_COOKIE_MAX    256U           /* bytes of a Set-Cookie header */
#define VISIT_ADDRESS_MAX   46U            /* bytes of an address as text, NUL included */
#define VISIT_KNOWN_SECONDS (90U * 86400U) /* a browser is known so long after it signed in */

struct visitors;

/* Whose a request is. */
struct visit {
        bool open; /* there are no accounts: everybody who gets here, which is this machine */
        struct account account;
        char token[SECRET_MARK_LENGTH + 1]; /* what a form of this session has to bring */
};

/* What a request has of cookies; NULL: not there. */
struct visit_cookies {
        const char *session, *known;
};

/* What comes back from a form. */
struct visit_answer {
        unsigned status;                                         /* 303, or that of the page with the message */
        const char *location;                                    /* with 303 */
        const char *message;                                     /* for the page; NULL: none */
        char session[VISIT_COOKIE_MAX], known[VISIT_COOKIE_MAX]; /* Set-Cookie headers; "": none */
};

/* store is borrowed. secure: browsers come by TLS. NULL: no memory or randomness. */
struct visitors *visitors_new(struct store *store, bool secure);

/* Takes NULL, returns NULL. */
struct visitors *visitors_free(struct visitors *visitors);

/* The names of the two cookies. */
const char *visit_session_name(const struct visitors *visitors);
const char *visit_known_name(const struct visitors *visitors);

/* Whose request is it? 0; -ENOKEY: nobody's, sign in first; errors of the store. */
int visit_look(struct visitors *visitors, const char *session, struct visit *ret);

/* A form with name and password, from that address ("": not known). */
void visit_sign_in(struct visitors *visitors, const char *body, size_t size, const struct visit_cookies *cookies,
                   const char *address, struct visit_answer *ret);

/* A form that brings the token of its session. */
void visit_sign_out(struct visitors *visitors, const char *body, size_t size, const struct visit_cookies *cookies,
                    struct visit_answer *ret);
