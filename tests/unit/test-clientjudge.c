/* links: policy/clientjudge.c policy/catalogue.c policy/catalogueline.c policy/glob.c policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is approved, by which rule, and who is told. */

#include "policy/clientjudge.h"
#include "tests/unit/policy-helper.h"

#define ONEDRIVE "[place onedrive]\nlabel = OneDrive\nurl = https://a.example\n"
#define OWN      "[service nextcloud]\nverdict = allow\nhost = cloud.school.example b.example\n"
#define GOOGLE   "[place google-drive]\nlabel = Drive\nurl = https://b.example\n"

static void each_rule_in_its_turn(void **state)
{
        static const struct {
                const char *policy;
                enum client_category category;
                const char *service;
                bool sure;
                enum client_verdict_kind kind;
                bool tell;
                const char *rule, *reason;
        } cases[] = {
                { HEAD, CLIENT_SYNC, "dropbox", true, CLIENT_FLAGGED, true, "[clients] sync",
                  "flagged by [clients] sync" },
                { HEAD, CLIENT_CHAT, "whatsapp", true, CLIENT_FLAGGED, true, "[clients] chat",
                  "flagged by [clients] chat" },
                { HEAD, CLIENT_SYNC, "dropbox", false, CLIENT_FLAGGED, false, "[clients] sync",
                  "flagged by [clients] sync, known by hearsay only" },
                { HEAD, CLIENT_SYNC, "unknown", true, CLIENT_OPEN, false, "[clients] sync",
                  "it is not known which service it reaches" },
                { HEAD "[service unknown]\nverdict = flag\n", CLIENT_SYNC, "unknown", true, CLIENT_FLAGGED, true,
                  "[service unknown]", "flagged by [service unknown]" },
                { HEAD ONEDRIVE, CLIENT_SYNC, "onedrive", true, CLIENT_APPROVED, false, "[place onedrive]",
                  "approved by [place onedrive]" },
                { HEAD ONEDRIVE "[service onedrive]\nverdict = flag\n", CLIENT_SYNC, "onedrive", true, CLIENT_FLAGGED,
                  true, "[service onedrive]", "flagged by [service onedrive]" },
                { HEAD "[service nextcloud]\nverdict = allow\n", CLIENT_SYNC, "nextcloud", true, CLIENT_APPROVED, false,
                  "[service nextcloud]", "approved by [service nextcloud]" },
                { HEAD "[clients]\nchat = ignore\n", CLIENT_CHAT, "whatsapp", true, CLIENT_IGNORED, false,
                  "[clients] chat", "ignored by [clients] chat" },
                { HEAD "[clients]\nchat = ignore\n", CLIENT_SYNC, "dropbox", true, CLIENT_FLAGGED, true,
                  "[clients] sync", "flagged by [clients] sync" },
                { HEAD "[clients]\nbackup = flag\n", CLIENT_BACKUP, "b2", true, CLIENT_FLAGGED, true,
                  "[clients] backup", "flagged by [clients] backup" },
                { HEAD "mode = audit\n", CLIENT_SYNC, "dropbox", true, CLIENT_FLAGGED, false, "[clients] sync",
                  "audit: would have been flagged by [clients] sync" },
                { HEAD "[clients]\nsync = stop\n", CLIENT_SYNC, "dropbox", true, CLIENT_STOPPED, true, "[clients] sync",
                  "stopped by [clients] sync" },
                { HEAD "[clients]\nsync = stop\n", CLIENT_SYNC, "dropbox", false, CLIENT_FLAGGED, false,
                  "[clients] sync", "flagged by [clients] sync, known by hearsay only" },
                { HEAD "[clients]\nsync = stop\n", CLIENT_SYNC, "unknown", true, CLIENT_OPEN, false, "[clients] sync",
                  "it is not known which service it reaches" },
                { HEAD "[clients]\nsync = stop\n", CLIENT_CHAT, "whatsapp", true, CLIENT_FLAGGED, true,
                  "[clients] chat", "flagged by [clients] chat" },
                { HEAD ONEDRIVE "[clients]\nsync = stop\n", CLIENT_SYNC, "onedrive", true, CLIENT_APPROVED, false,
                  "[place onedrive]", "approved by [place onedrive]" },
                { HEAD "mode = audit\n[clients]\nsync = stop\n", CLIENT_SYNC, "dropbox", true, CLIENT_FLAGGED, false,
                  "[clients] sync", "audit: would have been stopped by [clients] sync" },
                { HEAD "[service telegram]\nverdict = stop\n", CLIENT_CHAT, "telegram", true, CLIENT_STOPPED, true,
                  "[service telegram]", "stopped by [service telegram]" },
                /* A school on Google Workspace. */
                { HEAD GOOGLE, CLIENT_SYNC, "google-drive", true, CLIENT_APPROVED, false, "[place google-drive]",
                  "approved by [place google-drive]" },
                { HEAD GOOGLE, CLIENT_SYNC, "onedrive", true, CLIENT_FLAGGED, true, "[clients] sync",
                  "flagged by [clients] sync" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct policy *policy = assert_accepted(cases[i].policy);
                struct client_verdict verdict;

                client_judge(policy, cases[i].category, cases[i].service, "", cases[i].sure, &verdict);
                assert_string_equal(verdict.reason, cases[i].reason);
                assert_string_equal(verdict.rule, cases[i].rule);
                assert_int_equal(verdict.kind, cases[i].kind);
                assert_int_equal(verdict.tell, cases[i].tell);
                assert_int_equal(verdict.audit, policy->mode == POLICY_AUDIT);
                policy_free(policy);
        }
}

/* A school with a Nextcloud of its own. */
static void a_section_may_be_for_some_servers_alone(void **state)
{
        static const char place[] = "[place nextcloud]\nlabel = Cloud\nurl = https://cloud.school.example/\n";
        static const struct {
                const char *more, *host;
                enum client_verdict_kind kind;
                const char *rule;
        } cases[] = {
                { "", "cloud.school.example", CLIENT_APPROVED, "[service nextcloud]" },
                { "", "b.example", CLIENT_APPROVED, "[service nextcloud]" },
                { "", "cloud.school.example.org", CLIENT_FLAGGED, "[clients] sync" },
                { "", "school.example", CLIENT_FLAGGED, "[clients] sync" },
                { "", "cloud.school", CLIENT_FLAGGED, "[clients] sync" },
                { "", "", CLIENT_OPEN, "[service nextcloud]" },
                { place, "cloud.school.example", CLIENT_APPROVED, "[service nextcloud]" },
                { place, "cloud.elsewhere.example", CLIENT_FLAGGED, "[clients] sync" },
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct client_verdict verdict;
                struct policy *policy;
                char text[512];

                snprintf(text, sizeof(text), HEAD OWN "%s", cases[i].more);
                policy = assert_accepted(text);
                client_judge(policy, CLIENT_SYNC, "nextcloud", cases[i].host, true, &verdict);
                assert_int_equal(verdict.kind, cases[i].kind);
                assert_string_equal(verdict.rule, cases[i].rule);
                assert_int_equal(verdict.tell, cases[i].kind == CLIENT_FLAGGED);
                policy_free(policy);
        }
}

/* Nobody has said what is approved: it is written down, and nobody is told off. */
static void without_a_policy_nobody_is_told(void **state)
{
        struct policy *policy = policy_builtin();
        struct client_verdict verdict;

        (void) state;
        assert_non_null(policy);
        client_judge(policy, CLIENT_SYNC, "onedrive", "", true, &verdict);
        assert_int_equal(verdict.kind, CLIENT_FLAGGED);
        assert_false(verdict.tell);
        assert_string_equal(verdict.rule, "built-in");
        policy_free(policy);
}

static void the_sections_are_read(void **state)
{
        (void) state;
        assert_refused(HEAD "[clients]\nsync = allow\n", 4, "sync cannot be \"allow\"; write flag, stop or ignore");
        assert_refused(HEAD "[clients]\nsyncs = flag\n", 4,
                       "unknown key \"syncs\" in [clients]; did you mean \"sync\"?");
        assert_refused(HEAD "[service x]\nverdict = ignore\n", 4,
                       "verdict cannot be \"ignore\"; write allow, flag or stop");
        assert_refused(HEAD "[service x]\n", 3, "[service x] has no verdict; write verdict = allow, flag or stop");
        assert_refused(HEAD "[service x]\nverdict = allow\n[service x]\nverdict = flag\n", 5,
                       "[service x] stands in line 3 already; put its key there");
        assert_refused(HEAD "[clients]\nchat = stop\n", 4, "chat cannot be \"stop\"; write flag or ignore");
        assert_refused(HEAD "[clients]\nkill-after = 0\n", 4,
                       "kill-after cannot be \"0\"; write a whole number of seconds from 1 to 3600");
        assert_refused(HEAD "[clients]\nkill-after = 3601\n", 4,
                       "kill-after cannot be \"3601\"; write a whole number of seconds from 1 to 3600");
        assert_refused(HEAD "[service x]\nverdict = allow\nhost = https://a.example\n", 5,
                       "host cannot be \"https://a.example\"; write the names of servers in small letters, as in "
                       "cloud.school.example");
        assert_refused(
                HEAD "[service x]\nverdict = allow\nhost = a  b\n", 5,
                "host cannot be \"a  b\"; write the names of servers in small letters, as in cloud.school.example");
        assert_refused(HEAD "[service]\nverdict = allow\n", 3, "a name is missing; write [service NAME]");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_rule_in_its_turn),
                cmocka_unit_test(a_section_may_be_for_some_servers_alone),
                cmocka_unit_test(without_a_policy_nobody_is_told),
                cmocka_unit_test(the_sections_are_read),
        };

        return cmocka_run_group_tests_name("clientjudge", tests, NULL, NULL);
}
