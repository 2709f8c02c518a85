/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who may ask the agent for what: each method by each kind of user, on a bus that has the installed policy file and nothing
 * else that allows, with a polkit that answers as the installed actions say. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/cleanup.h"
#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"

#define CONF    "systemd/org.lekdicht.Agent1.conf"
#define ACTIONS "systemd/org.lekdicht.agent1.policy"
#define BLOCK   "[policy]\nversion = 1\nmode = enforce\n"

/* As in Debian's system.conf: nobody may do anything but what a file like ours allows. */
#define SYSTEM_BUS                                                                                                     \
        "<policy context=\"default\"><allow user=\"*\"/><deny own=\"*\"/><deny send_type=\"method_call\"/>"            \
        "<allow send_type=\"signal\"/><allow send_requested_reply=\"true\" send_type=\"method_return\"/>"              \
        "<allow send_requested_reply=\"true\" send_type=\"error\"/><allow receive_type=\"method_call\"/>"              \
        "<allow receive_type=\"method_return\"/><allow receive_type=\"error\"/><allow receive_type=\"signal\"/>"       \
        "<allow send_destination=\"org.freedesktop.DBus\"/></policy>"                                                  \
        "<policy user=\"root\"><allow own=\"*\"/><allow send_destination=\"*\"/></policy>"

enum { ANSWERED = 0, DENIED = 1, ARGUMENTS_REFUSED = 3 };

/* In the order of the columns below. The bus turns users away whom the machine does not know; these every Debian has. */
enum role { ROOT, REPORTER, SEATED, AWAY, WATCHER, STRANGER, ROLES };
static const struct {
        const char *name;
        uid_t uid;
        const char *session; /* what of an action's <defaults> holds for him */
} roles[ROLES] = {
        [ROOT] = { "root", 0, NULL },
        [REPORTER] = { "the reporter", 1, "allow_any" },
        [SEATED] = { "a user at the screen", 2, "allow_active" },
        [AWAY] = { "a user whose session is not in front", 3, "allow_inactive" },
        [WATCHER] = { "the watcher", 5, "allow_any" },
        [STRANGER] = { "nobody, without a session", NOBODY, "allow_any" },
};

/* One line for each method. who: "+" he may, "-" he may not; columns as in enum role. argument: the first that is a text.
 * action: what polkit is asked, NULL: it is not. answer: what he gets who may. */
static const struct {
        const char *method, *types, *argument, *action, *who;
        int answer;
} methods[] = {
        /*                                                                        root|reporter|seated|away|watcher|nobody */
        { "Status", "", NULL, NULL, "++++++", ANSWERED },
        { "ListDevices", "", NULL, "list-devices", "+-+---", ANSWERED },
        { "Explain", "s", "9-9", "list-devices", "+-+---", ARGUMENTS_REFUSED },
        { "ListClients", "", NULL, "read-events", "+-----", ANSWERED },
        { "Report", "sa(ussssssbau)", "no such way", NULL, "+---+-", ARGUMENTS_REFUSED },
        { "SetGate", "s", "ajar", "set-gate", "+-----", ARGUMENTS_REFUSED },
        { "Grant", "ssusb", "ajar", "grant", "+-----", ARGUMENTS_REFUSED },
        { "Revoke", "s", "9-9", "grant", "+-----", ARGUMENTS_REFUSED },
        { "ReloadPolicy", "", NULL, "reload-policy", "+-----", ANSWERED },
        { "Recent", "us", "", "read-events", "+-----", ANSWERED },
        { "Events", "tu", NULL, NULL, "++----", ANSWERED },
        { "Acknowledge", "t", NULL, NULL, "++----", ANSWERED },
        { "SetAside", "ts", "no such reason", NULL, "++----", ARGUMENTS_REFUSED },
        { "Subscribe", "", NULL, NULL, "++++++", ANSWERED },
        { "Unsubscribe", "", NULL, NULL, "++++++", ANSWERED },
};
#define N_METHODS (sizeof(methods) / sizeof(methods[0]))

static sd_bus *authority;
static char asked[64]; /* the action of polkit's last question */
static char *actions;  /* the text of ACTIONS */

/* ---- files of ours ---- */

static char *read_text(const char *path)
{
        CLEANUP(cleanup_fclose) FILE *file = fopen(path, "re");
        char *text = calloc(1, 64 * 1024);

        assert_non_null(file);
        assert_non_null(text);
        assert_true(fread(text, 1, 64 * 1024 - 1, file) > 0);
        return text;
}

/* In place, and with blanks for what is left: the name of a user in quotation marks becomes his number here. */
static void rename_user(char *text, const char *name, uid_t uid)
{
        char *at = strstr(text, name);
        int length;

        assert_non_null(at);
        length = snprintf(at, strlen(name) + 1, "\"%u\"", uid);
        memset(at + length, ' ', strlen(name) - (size_t) length);
}

/* The policy file's elements, with the numbers of who is the reporter and the watcher here for their names. To be freed. */
static char *bus_policy(void)
{
        CLEANUP(cleanup_free) char *text = read_text(CONF);
        char *begin = strstr(text, "<busconfig>"), *end, *ret = NULL;

        assert_non_null(begin);
        begin += strlen("<busconfig>");
        end = strstr(begin, "</busconfig>");
        assert_non_null(end);
        *end = '\0';
        rename_user(begin, "\"lekdicht-report\"", roles[REPORTER].uid);
        rename_user(begin, "\"lekdicht-watch\"", roles[WATCHER].uid);
        assert_true(asprintf(&ret, SYSTEM_BUS "%s", begin) > 0);
        return ret;
}

/* What ACTIONS says in <KEY> of that action: "yes", "auth_admin". Between its own <action> and the next. */
static void default_of(const char *action, const char *key, char *ret, size_t size)
{
        char mark[128];
        const char *at;

        snprintf(mark, sizeof(mark), "<action id=\"%s\">", action);
        at = strstr(actions, mark);
        assert_non_null(at);
        snprintf(mark, sizeof(mark), "<%s>", key);
        at = strstr(at, mark);
        assert_non_null(at);
        at += strlen(mark);
        snprintf(ret, size, "%.*s", (int) strcspn(at, "<"), at);
}

/* ---- polkit ---- */

static int check_authorization(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *kind, *key, *sender, *action, *session = "allow_any";
        sd_bus_creds *creds = NULL;
        char answer_text[32];
        uid_t uid = (uid_t) -1;

        (void) userdata;
        (void) error;
        assert_true(sd_bus_message_enter_container(message, 'r', "sa{sv}") >= 0);
        assert_true(sd_bus_message_read(message, "s", &kind) >= 0);
        assert_true(sd_bus_message_read(message, "a{sv}", 1, &key, "s", &sender) >= 0);
        assert_true(sd_bus_message_exit_container(message) >= 0);
        assert_true(sd_bus_message_read(message, "s", &action) >= 0);
        snprintf(asked, sizeof(asked), "%s", action);
        assert_true(sd_bus_get_name_creds(authority, sender, SD_BUS_CREDS_EUID, &creds) >= 0);
        assert_true(sd_bus_creds_get_euid(creds, &uid) >= 0);
        sd_bus_creds_unref(creds);
        for (size_t i = 0; i < ROLES; i++)
                if (roles[i].uid == uid && roles[i].session)
                        session = roles[i].session;
        default_of(action, session, answer_text, sizeof(answer_text));
        return sd_bus_reply_method_return(message, "(bba{ss})", strcmp(answer_text, "yes") == 0,
                                          strncmp(answer_text, "auth_", 5) == 0, 0);
}

static const sd_bus_vtable authority_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", check_authorization,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* ---- setup ---- */

static int setup(void **state)
{
        CLEANUP(cleanup_free) char *policy = NULL;

        if (scene_setup(state) < 0)
                return -1;
        actions = read_text(ACTIONS);
        policy = bus_policy();
        start_bus(policy);
        client = join();
        authority = join();
        assert_true(sd_bus_add_object_vtable(authority, NULL, "/org/freedesktop/PolicyKit1/Authority",
                                             "org.freedesktop.PolicyKit1.Authority", authority_vtable, NULL) >= 0);
        assert_true(sd_bus_request_name_async(authority, NULL, "org.freedesktop.PolicyKit1", 0, NULL, NULL) >= 0);
        scene.config.reporter_uid = roles[REPORTER].uid;
        scene.config.watcher_uid = roles[WATCHER].uid;
        scene_start(BLOCK);
        agent_answers();
        scene_run(200); /* the spool is open */
        return 0;
}

static int teardown(void **state)
{
        answer = sd_bus_message_unref(answer);
        client = sd_bus_close_unref(client);
        authority = sd_bus_close_unref(authority);
        scene_teardown(state);
        stop_bus();
        free(actions);
        return 0;
}

/* ---- the table ---- */

static int attempt(uid_t uid, size_t i)
{
        const char *method = methods[i].method, *types = methods[i].types, *text = methods[i].argument;

        if (strcmp(types, "s") == 0)
                return result_of(call_as(uid, false, method, types, text));
        if (strcmp(types, "ssusb") == 0)
                return result_of(call_as(uid, false, method, types, "9-9", text, 30U, "because", 0));
        if (strcmp(types, "sa(ussssssbau)") == 0)
                return result_of(call_as(uid, false, method, types, text, 0U));
        if (strcmp(types, "us") == 0)
                return result_of(call_as(uid, false, method, types, 10U, text));
        if (strcmp(types, "tu") == 0)
                return result_of(call_as(uid, false, method, types, (uint64_t) 0, 10U));
        if (strcmp(types, "t") == 0)
                return result_of(call_as(uid, false, method, types, (uint64_t) 0));
        if (strcmp(types, "ts") == 0)
                return result_of(call_as(uid, false, method, types, (uint64_t) 0, text));
        assert_string_equal(types, "");
        return result_of(call_as(uid, false, method, types));
}

static void each_method_by_each_user(void **state)
{
        unsigned wrong = 0;

        (void) state;
        for (size_t i = 0; i < N_METHODS; i++) {
                assert_int_equal(strlen(methods[i].who), ROLES);
                for (size_t role = 0; role < ROLES; role++) {
                        const char *action = methods[i].action;
                        int wanted = methods[i].who[role] == '+' ? methods[i].answer : DENIED, code;

                        asked[0] = '\0';
                        code = attempt(roles[role].uid, i);
                        if (code != wanted) {
                                print_message("# %s by %s: %d, not %d\n", methods[i].method, roles[role].name, code,
                                              wanted);
                                wrong++;
                        }
                        /* Polkit is asked about everybody but root, and about its own action. */
                        if (role == ROOT || !action)
                                assert_string_equal(asked, "");
                        else
                                assert_string_equal(asked + strlen("org.lekdicht.agent1."), action);
                }
        }
        assert_int_equal(wrong, 0);
        assert_int_equal(scene_gate("open "), 0);
}

/* The bus itself refuses what its policy file does not name: the agent, which has no such method, is never asked. Root, whose
 * call comes through, is the control. */
static void bus_refuses_what_is_not_named(void **state)
{
        (void) state;
        for (size_t role = 0; role < ROLES; role++)
                assert_int_equal(result_of(call_as(roles[role].uid, false, "NotNamed", "")),
                                 role == ROOT ? ARGUMENTS_REFUSED : DENIED);
}

static int on_introspected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) userdata;
        (void) error;
        answer = sd_bus_message_ref(message);
        return 0;
}

/* What the running agent has on the bus is what the table has: whoever adds a method says who may call it. */
static void table_has_every_method(void **state)
{
        static const char mark[] = "<method name=\"";
        const char *text, *end;
        unsigned missing = 0;
        size_t n = 0;

        (void) state;
        answer = sd_bus_message_unref(answer);
        assert_true(sd_bus_call_method_async(client, NULL, NAME, PATH, "org.freedesktop.DBus.Introspectable",
                                             "Introspect", on_introspected, NULL, "") >= 0);
        UNTIL(answer);
        assert_true(sd_bus_message_read(answer, "s", &text) > 0);
        text = strstr(text, "<interface name=\"" NAME "\"");
        assert_non_null(text);
        end = strstr(text, "</interface>");
        while ((text = strstr(text, mark)) && text < end) {
                bool known = false;

                text += strlen(mark);
                for (size_t i = 0; i < N_METHODS; i++)
                        known = known || (strncmp(methods[i].method, text, strcspn(text, "\"")) == 0 &&
                                          strlen(methods[i].method) == strcspn(text, "\""));
                if (!known)
                        print_message("# %.*s: who may call it?\n", (int) strcspn(text, "\""), text);
                missing += !known;
                n++;
        }
        assert_int_equal(missing, 0);
        assert_int_equal(n, N_METHODS);
}

/* Each action speaks Dutch too, asks at least for an administrator where nobody sits, and is one that the agent asks about. */
static void every_action_is_told_in_dutch(void **state)
{
        size_t n = 0;

        (void) state;
        for (char *at = actions; (at = strstr(at, "<action id=\"org.lekdicht.agent1."));) {
                char *id = at + strlen("<action id=\"org.lekdicht.agent1."), *end = strstr(at, "</action>"), text[32];
                char name[96];
                bool used = false;

                assert_non_null(end);
                for (size_t i = 0; i < N_METHODS; i++)
                        used = used || (methods[i].action && strncmp(methods[i].action, id, strcspn(id, "\"")) == 0);
                assert_true(used);
                snprintf(name, sizeof(name), "org.lekdicht.agent1.%.*s", (int) strcspn(id, "\""), id);
                default_of(name, "allow_any", text, sizeof(text));
                assert_int_equal(strncmp(text, "auth_admin", 10), 0);
                default_of(name, "allow_inactive", text, sizeof(text));
                assert_int_equal(strncmp(text, "auth_admin", 10), 0);
                for (size_t i = 0; i < 2; i++) {
                        static const char *const marks[][2] = {
                                { "<description>", "<description xml:lang=\"nl\">" },
                                { "<message>", "<message xml:lang=\"nl\">" },
                        };
                        const char *english = strstr(at, marks[i][0]), *dutch = strstr(at, marks[i][1]);

                        assert_true(english && english < end);
                        assert_true(dutch && dutch < end);
                        english += strlen(marks[i][0]);
                        dutch += strlen(marks[i][1]);
                        assert_true(strcspn(dutch, "<") > 10);
                        assert_int_not_equal(strncmp(english, dutch, strcspn(english, "<")), 0);
                }
                at = end;
                n++;
        }
        assert_true(n >= 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(each_method_by_each_user, setup, teardown),
                cmocka_unit_test_setup_teardown(bus_refuses_what_is_not_named, setup, teardown),
                cmocka_unit_test_setup_teardown(table_has_every_method, setup, teardown),
                cmocka_unit_test_setup_teardown(every_action_is_told_in_dutch, setup, teardown),
        };

        return cmocka_run_group_tests(tests, scenebus_init, scenebus_done);
}
