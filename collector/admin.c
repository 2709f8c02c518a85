/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/admin.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collector/audit.h"
#include "collector/people.h"
#include "collector/register.h"
#include "common/cleanup.h"
#include "common/text.h"

#define SECONDS_A_DAY 86400U

int admin_fail(const struct admin *admin, int error, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        fputs("lekdicht-collector: ", admin->err);
        vfprintf(admin->err, format, arguments);
        fputc('\n', admin->err);
        va_end(arguments);
        return error;
}

int admin_fail_store(const struct admin *admin, int error)
{
        return admin_fail(admin, error, "the database cannot be used: %s", strerror(-error));
}

uint64_t admin_now(void)
{
        return (uint64_t) time(NULL);
}

void admin_format_date(uint64_t seconds, char ret[static ADMIN_DATE_SIZE])
{
        time_t when = (time_t) seconds;
        struct tm local;

        if (!localtime_r(&when, &local) || strftime(ret, ADMIN_DATE_SIZE, "%Y-%m-%d", &local) == 0)
                strcpy(ret, "?");
}

/* ---- tokens ---- */

static int token_add(const struct admin *admin)
{
        struct register_token token = { .laptops = admin->laptops, .made = admin_now() };
        char text[SECRET_TEXT_SIZE], date[ADMIN_DATE_SIZE];
        struct secret secret;
        int r;

        (void) text_clean(admin->argument, strlen(admin->argument), token.site, sizeof(token.site));
        if (!token.site[0] || strcmp(token.site, admin->argument) != 0)
                return admin_fail(admin, -EINVAL, "a site has 1 to %u bytes that can be shown", REGISTER_SITE_MAX);
        token.expires = token.made + (uint64_t) admin->days * SECONDS_A_DAY;
        r = secret_new_token(text);
        if (r < 0 || !secret_read(text, &secret))
                return admin_fail(admin, -EIO, "there is no randomness for a token");
        memcpy(token.id, secret.id, sizeof(token.id));
        r = register_add_token(admin->store, &token, secret.hash);
        if (r < 0)
                return admin_fail_store(admin, r);
        admin_format_date(token.expires, date);
        fprintf(admin->out, "%s\n", text);
        fprintf(admin->err,
                "This token enrols %u laptops of %s until %s. It is not shown again.\n"
                "On a laptop: sudo lekdicht enroll URL TOKEN --label LABEL\n",
                admin->laptops, token.site, date);
        explicit_bzero(text, sizeof(text));
        return 0;
}

static const char *token_state(const struct register_token *token)
{
        return token->revoked                  ? "revoked"
               : admin_now() >= token->expires ? "expired"
               : token->used >= token->laptops ? "used up"
                                               : "valid";
}

static int token_list(const struct admin *admin)
{
        CLEANUP(register_tokens_clear) struct register_tokens tokens = { 0 };
        char date[ADMIN_DATE_SIZE];
        int r = register_tokens(admin->store, &tokens);

        if (r < 0)
                return admin_fail_store(admin, r);
        fprintf(admin->out, "%-8s  %-7s  %-10s  %-13s  %s\n", "ID", "STATE", "UNTIL", "LAPTOPS", "SITE");
        for (size_t i = 0; i < tokens.n; i++) {
                const struct register_token *token = &tokens.items[i];

                admin_format_date(token->expires, date);
                fprintf(admin->out, "%-8s  %-7s  %-10s  %6" PRIu64 "/%-6" PRIu64 "  %s\n", token->id,
                        token_state(token), date, token->used, token->laptops, token->site);
        }
        return 0;
}

static int token_revoke(const struct admin *admin)
{
        int r = register_revoke_token(admin->store, admin->argument, admin_now());

        if (r == -ENOENT)
                return admin_fail(admin, r, "there is no token of this id; `lekdicht-collector token list` has them");
        if (r < 0)
                return admin_fail_store(admin, r);
        fprintf(admin->err, "It enrols nobody any more. Laptops that it enrolled go on.\n");
        return 0;
}

/* ---- laptops ---- */

static int laptop_revoke(const struct admin *admin)
{
        struct register_laptop laptops[REGISTER_MATCHES_MAX];
        size_t n;
        int r = register_find(admin->store, admin->argument, laptops, &n);

        if (r < 0)
                return admin_fail_store(admin, r);
        if (n == 0)
                return admin_fail(admin, -ENOENT, "no laptop of this label or number is enrolled");
        for (size_t i = 0; i < n && n > 1; i++)
                fprintf(admin->err, "%s  %s%s\n", laptops[i].host, laptops[i].label,
                        laptops[i].revoked ? "  (revoked)" : "");
        if (n > 1)
                return admin_fail(admin, -ENOTUNIQ, "more than one laptop has this label; give the number of one");
        r = register_revoke(admin->store, laptops[0].host, admin_now());
        if (r < 0)
                return admin_fail_store(admin, r);
        fprintf(admin->err,
                "Nothing is taken from it any more. It still refuses sticks, and keeps what it records until it\n"
                "is enrolled anew.\n");
        return 0;
}

/* ---- is everything here ---- */

static void print_gaps(const struct admin *admin, const struct audit_laptop *laptop)
{
        for (size_t i = 0; i < laptop->n_gaps && i < AUDIT_GAPS_MAX; i++) {
                const struct interval *gap = &laptop->gaps[i];

                fprintf(admin->out, "    not explained: %" PRIu64, gap->first);
                if (gap->last > gap->first)
                        fprintf(admin->out, " to %" PRIu64, gap->last);
                fputc('\n', admin->out);
        }
        if (laptop->n_gaps > AUDIT_GAPS_MAX)
                fprintf(admin->out, "    and %zu more gaps\n", laptop->n_gaps - AUDIT_GAPS_MAX);
}

static int audit(const struct admin *admin)
{
        struct audit_laptop laptop = { .host = "" };
        uint64_t received = 0, dropped = 0, unexplained = 0, twice = 0;
        unsigned n = 0;
        int r;

        fprintf(admin->out, "%-36s  %9s  %9s  %9s  %9s  %s\n", "NUMBER", "HERE", "DROPPED", "MISSING", "TWICE",
                "LABEL");
        while ((r = audit_next(admin->store, laptop.host, &laptop)) > 0) {
                fprintf(admin->out, "%-36s  %9" PRIu64 "  %9" PRIu64 "  %9" PRIu64 "  %9" PRIu64 "  %s\n", laptop.host,
                        laptop.received, laptop.dropped, laptop.unexplained, laptop.twice, laptop.label);
                print_gaps(admin, &laptop);
                n++;
                received += laptop.received;
                dropped += laptop.dropped;
                unexplained += laptop.unexplained;
                twice += laptop.twice;
        }
        if (r < 0)
                return admin_fail_store(admin, r);
        fprintf(admin->out,
                "%u laptops: %" PRIu64 " records are here, %" PRIu64 " were reported as dropped, %" PRIu64
                " are not explained, %" PRIu64 " came under a number that was taken\n",
                n, received, dropped, unexplained, twice);
        return unexplained > 0 ? -ENODATA : 0;
}

const struct admin_verb admin_verbs[] = {
        { "token", "add", "SITE", "[--laptops N] [--days N]",
          "make a token with which laptops of SITE enrol, and print it", token_add },
        { "token", "list", NULL, NULL, "the tokens, without their secrets", token_list },
        { "token", "revoke", "ID", NULL, "this token enrols nobody any more", token_revoke },
        { "revoke", NULL, "LAPTOP", NULL, "take nothing more from this laptop, by its label or number", laptop_revoke },
        { "adduser", NULL, "NAME", "--role ROLE [--site SITE]",
          "let somebody see the page, with the password on standard input", people_add },
        { "deluser", NULL, "NAME", NULL, "this account sees nothing any more", people_remove },
        { "passwd", NULL, "NAME", NULL, "give it another password, from standard input", people_password },
        { "users", NULL, NULL, NULL, "the accounts, and when each signed in last", people_list },
        { "audit", NULL, NULL, NULL, "is everything here that laptops recorded; 1 when something is not explained",
          audit },
};
const size_t admin_verbs_n = sizeof(admin_verbs) / sizeof(admin_verbs[0]);

int admin_become_owner(const char *database)
{
        CLEANUP(cleanup_free) char *folder = strdup(database);
        char *slash = folder ? strrchr(folder, '/') : NULL;
        struct stat st;

        if (!slash)
                return -ENOMEM;
        slash[slash == folder] = '\0';
        if (geteuid() != 0)
                return 0;
        if (stat(folder, &st) < 0)
                return -errno;
        if (st.st_uid != 0 && (setgroups(0, NULL) < 0 || setresgid(st.st_gid, st.st_gid, st.st_gid) < 0 ||
                               setresuid(st.st_uid, st.st_uid, st.st_uid) < 0))
                return -errno;
        return 0;
}
