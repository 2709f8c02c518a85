/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A session is a random id in a cookie, of which the store has a hash. The token of its forms follows from the id, so it need not
 * be kept, and who reads the store can make neither.
 *
 * A known browser has another cookie: what only this process can say of the account. It opens nothing, and ends with the
 * process, as the counts of the lock-out do. */

#include "collector/visit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "collector/form.h"
#include "collector/lockout.h"
#include "common/clock.h"

struct visitors {
        struct store *store;
        struct lockout *lockout;
        bool secure;
        unsigned char key[SECRET_HASH_SIZE]; /* for known browsers */
};

struct visitors *visitors_new(struct store *store, bool secure)
{
        struct visitors *visitors = calloc(1, sizeof(*visitors));

        if (!visitors)
                return NULL;
        visitors->store = store;
        visitors->secure = secure;
        visitors->lockout = lockout_new();
        if (!visitors->lockout || getrandom(visitors->key, sizeof(visitors->key), 0) != (ssize_t) sizeof(visitors->key))
                return visitors_free(visitors);
        return visitors;
}

struct visitors *visitors_free(struct visitors *visitors)
{
        if (!visitors)
                return NULL;
        lockout_free(visitors->lockout);
        explicit_bzero(visitors->key, sizeof(visitors->key));
        free(visitors);
        return NULL;
}

/* __Host-: a browser takes it from this very host alone, and by TLS alone. */
const char *visit_session_name(const struct visitors *visitors)
{
        return visitors->secure ? "__Host-session" : "session";
}

const char *visit_known_name(const struct visitors *visitors)
{
        return visitors->secure ? "__Host-known" : "known";
}

static void set_cookie(const struct visitors *visitors, char ret[static VISIT_COOKIE_MAX], const char *name,
                       const char *value, unsigned seconds)
{
        snprintf(ret, VISIT_COOKIE_MAX, "%s=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict%s", name, value, seconds,
                 visitors->secure ? "; Secure" : "");
}

int visit_look(struct visitors *visitors, const char *session, struct visit *ret)
{
        unsigned char hash[SECRET_HASH_SIZE];
        int r = accounts_any(visitors->store);

        *ret = (struct visit){ .open = r == 0 };
        if (r <= 0)
                return r;
        if (!session || !secret_hash_session(session, hash))
                return -ENOKEY;
        r = sessions_find(visitors->store, hash, (uint64_t) time(NULL), &ret->account);
        if (r == 0)
                secret_mark(session, SECRET_LENGTH, "form", ret->token);
        return r;
}

/* ---- signing in ---- */

struct attempt {
        char name[ACCOUNT_NAME_MAX + 1], password[PASSWORD_MAX + 1];
        char mark[SECRET_MARK_LENGTH + 1]; /* what a browser has that is known to this account */
        bool known;
};

static void fail(struct visit_answer *answer, unsigned status, const char *message)
{
        answer->status = status;
        answer->message = message;
}

/* Is it the password? 1 or 0; -EBUSY; errors of the store. */
static int check(struct visitors *visitors, const struct attempt *attempt)
{
        char hash[PASSWORD_HASH_SIZE] = "";
        struct account account;
        int r = accounts_find(visitors->store, attempt->name, &account, hash);

        if (r < 0 && r != -ENOENT)
                return r;
        return password_check(attempt->password, r == 0 ? hash : NULL);
}

static int begin_session(struct visitors *visitors, const struct attempt *attempt, struct visit_answer *ret)
{
        unsigned char hash[SECRET_HASH_SIZE];
        char id[SECRET_LENGTH + 1];
        int r = secret_new_session(id);

        if (r == 0 && !secret_hash_session(id, hash))
                r = -EIO;
        if (r == 0)
                r = sessions_begin(visitors->store, attempt->name, hash, (uint64_t) time(NULL));
        if (r == 0) {
                set_cookie(visitors, ret->session, visit_session_name(visitors), id, SESSION_SECONDS);
                set_cookie(visitors, ret->known, visit_known_name(visitors), attempt->mark, VISIT_KNOWN_SECONDS);
                ret->status = 303;
                ret->location = "/";
        }
        explicit_bzero(id, sizeof(id));
        return r;
}

static void sign_in(struct visitors *visitors, const struct attempt *attempt, const char *address,
                    struct visit_answer *ret)
{
        int r;

        if (!lockout_try(visitors->lockout, attempt->name, address, attempt->known, clock_usec(CLOCK_MONOTONIC)))
                return fail(
                        ret, 429,
                        "Too many tries were wrong. Try again in a quarter of an hour, or in a browser in which you "
                        "signed in before.");
        r = check(visitors, attempt);
        if (r != 0)
                lockout_take_back(visitors->lockout, attempt->name, address, attempt->known);
        if (r == 1)
                r = begin_session(visitors, attempt, ret);
        else if (r == 0)
                return fail(ret, 403, "Name or password is wrong.");
        if (r == -EBUSY)
                fail(ret, 503, "Somebody else is just signing in. Try again.");
        else if (r < 0)
                fail(ret, 503, "Accounts cannot be read now. Try again later.");
}

void visit_sign_in(struct visitors *visitors, const char *body, size_t size, const struct visit_cookies *cookies,
                   const char *address, struct visit_answer *ret)
{
        struct attempt attempt;

        *ret = (struct visit_answer){ 0 };
        if (!form_value(body, size, "name", attempt.name, sizeof(attempt.name)) || !account_is_name(attempt.name) ||
            !form_value(body, size, "password", attempt.password, sizeof(attempt.password))) {
                fail(ret, 403, "Name or password is wrong.");
        } else {
                secret_mark(visitors->key, sizeof(visitors->key), attempt.name, attempt.mark);
                attempt.known = cookies->known && secret_same_text(attempt.mark, cookies->known);
                sign_in(visitors, &attempt, address, ret);
        }
        explicit_bzero(&attempt, sizeof(attempt));
}

void visit_sign_out(struct visitors *visitors, const char *body, size_t size, const struct visit_cookies *cookies,
                    struct visit_answer *ret)
{
        char token[SECRET_MARK_LENGTH + 1];
        unsigned char hash[SECRET_HASH_SIZE];
        struct visit visit;
        int r = visit_look(visitors, cookies->session, &visit);

        *ret = (struct visit_answer){ .status = 303, .location = "/login" };
        if (r == -ENOKEY || visit.open)
                return;
        if (r == 0 && (!form_value(body, size, "token", token, sizeof(token)) || !secret_same_text(visit.token, token)))
                return fail(ret, 403, "This form is not of your session.");
        if (r == 0 && secret_hash_session(cookies->session, hash))
                r = sessions_end(visitors->store, hash);
        if (r < 0)
                return fail(ret, 503, "Accounts cannot be read now. Try again later.");
        set_cookie(visitors, ret->session, visit_session_name(visitors), "", 0);
}
