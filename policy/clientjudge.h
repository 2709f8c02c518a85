/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The one place where it is decided what a sync, chat or backup client is: approved or not. Pure, as judge.h. */

#include "policy/catalogue.h"
#include "policy/policy.h"

#define CLIENT_RULE_MAX   80U
#define CLIENT_REASON_MAX 160U

enum client_verdict_kind {
        CLIENT_FLAGGED,  /* not approved: recorded and told */
        CLIENT_STOPPED,  /* the same, and ended while it runs */
        CLIENT_APPROVED, /* recorded */
        CLIENT_OPEN,     /* which service it reaches is not known: recorded */
        CLIENT_IGNORED,  /* not even that */
};

struct client_verdict {
        enum client_verdict_kind kind;
        bool audit;                     /* mode = audit */
        bool tell;                      /* its user is to be told */
        char rule[CLIENT_RULE_MAX];     /* "[service dropbox]", "[place onedrive]", "[clients] sync", "built-in" */
        char reason[CLIENT_REASON_MAX]; /* one plain sentence */
};

/* "flag", "stop", "allow", "unknown", "ignore": as in an event. */
const char *client_verdict_name(enum client_verdict_kind kind);

/* host: the server on which that service is; "": that is not known, or it is nobody's own. sure: it was found by more than hearsay. [service] first; then a [place] of that name, for where the school sends its files
 * is approved; then [clients]. Never fails. */
void client_judge(const struct policy *policy, enum client_category category, const char *service, const char *host,
                  bool sure, struct client_verdict *ret);
