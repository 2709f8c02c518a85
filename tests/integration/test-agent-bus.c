/* links: tests/bed/scene.c tests/bed/bed.c agent/agent.c agent/answer.c agent/assess.c agent/bus.c agent/decide.c agent/device.c agent/discover.c agent/facts.c agent/gatekeeper.c agent/gateview.c agent/gatewatch.c agent/inventory.c agent/methods.c agent/notice.c agent/plugs.c agent/policystore.c agent/polkit.c agent/record.c agent/records.c agent/rundir.c agent/spool.c agent/spooldb.c agent/spoolmark.c agent/spoolpack.c agent/spoolrecords.c agent/spoolstore.c agent/spoolwork.c agent/strings.c agent/subscribers.c agent/usbdesc.c agent/watch.c common/event.c common/jsonw.c common/sysfs.c common/text.c common/ulid.c common/utf8.c policy/errors.c policy/facts.c policy/judge.c policy/key.c policy/line.c policy/load.c policy/parse.c policy/policy.c policy/section.c policy/value.c libs: cmocka umockdev-1.0 libsystemd libudev inih sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* org.lekdicht.Agent1 on a private bus, as root and as someone else, with a polkit that says what the test wants,
 * without one, and without a bus. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/polkit.h"
#include "tests/bed/scene.h"

#define NAME   "org.lekdicht.Agent1"
#define PATH   "/org/lekdicht/Agent1"
#define BLOCK  "[policy]\nversion = 1\nmode = enforce\n"
#define AUDIT  "[policy]\nversion = 2\nmode = audit\n"
#define ALLOW  "[policy]\nversion = 3\nmode = enforce\n[storage]\nusb-disk = allow\nsd-card = allow\noptical = allow\n"
#define NOBODY 65534

static const struct bed_usb stick = { .port = "1-2",
                                      .vendor = 0x0951,
                                      .product = 0x1666,
                                      .manufacturer = "Kings\033[31mton",
                                      .name = "DataTraveler",
                                      .serial = "60A44C4252E1E4A1",
                                      .devnum = 5,
                                      .interfaces = { BED_BOT } };

static char directory[] = "/tmp/lekdicht-bus.XXXXXX", address[128];
static pid_t daemon_pid;
static sd_bus *client, *authority;

/* What the next question to polkit gets, and what the last one was. */
static struct {
        bool authorized, challenge, silent;
        unsigned asked;
        char action[64], sender[64];
        uint32_t flags;
        sd_bus_message *waiting;
} polkit;

/* ---- the bus ---- */

static void start_bus(void)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/config", directory);
        file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file,
                "<busconfig><listen>unix:path=%s/socket</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                "<allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
                "receive_sender=\"*\"/></policy></busconfig>",
                directory);
        fclose(file);
        daemon_pid = fork();
        if (daemon_pid == 0) {
                char option[300];
                sigset_t none;

                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                unsetenv("LD_PRELOAD");
                snprintf(option, sizeof(option), "--config-file=%s", path);
                execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile", (char *) NULL);
                _exit(127);
        }
}

static void stop_bus(void)
{
        char path[256];

        if (daemon_pid > 0) {
                kill(daemon_pid, SIGKILL);
                waitpid(daemon_pid, NULL, 0);
        }
        daemon_pid = 0;
        snprintf(path, sizeof(path), "%s/socket", directory);
        (void) unlink(path);
}

static sd_bus *join(void)
{
        sd_bus *bus;

        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_address(bus, address) >= 0);
        assert_true(sd_bus_set_bus_client(bus, true) >= 0);
        assert_true(sd_bus_set_watch_bind(bus, true) >= 0);
        assert_true(sd_bus_attach_event(bus, scene.loop, 0) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return bus;
}

/* ---- calls ---- */

static sd_bus_message *answer;

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) userdata;
        (void) error;
        answer = sd_bus_message_ref(message);
        return 0;
}

static void ask(const char *method, const char *types, const char *argument)
{
        answer = sd_bus_message_unref(answer);
        assert_true(sd_bus_call_method_async(client, NULL, NAME, PATH, NAME, method, on_answer, NULL, types,
                                             argument) >= 0);
}

/* Call, and have the answer in `answer`. */
static void call(const char *method, const char *types, const char *argument)
{
        ask(method, types, argument);
        UNTIL(answer);
}

static bool is_error(const char *name)
{
        return sd_bus_message_is_method_error(answer, name) > 0;
}

/* Read the a{sv} at the message's place: the value of key as text ("" when it is not there). */
static const char *value_of(sd_bus_message *message, const char *key)
{
        static char text[1024];
        const char *name, *type, *s;
        uint32_t u;
        uint64_t t;
        int b;

        text[0] = '\0';
        assert_true(sd_bus_message_enter_container(message, 'a', "{sv}") >= 0);
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(message, "s", &name) >= 0);
                assert_true(sd_bus_message_peek_type(message, NULL, &type) >= 0);
                if (strcmp(name, key) != 0) {
                        assert_true(sd_bus_message_skip(message, "v") >= 0);
                } else if (strcmp(type, "s") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "s", &s) >= 0);
                        snprintf(text, sizeof(text), "%s", s);
                } else if (strcmp(type, "u") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "u", &u) >= 0);
                        snprintf(text, sizeof(text), "%u", u);
                } else if (strcmp(type, "t") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "t", &t) >= 0);
                        snprintf(text, sizeof(text), "%llu", (unsigned long long) t);
                } else if (strcmp(type, "b") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "b", &b) >= 0);
                        snprintf(text, sizeof(text), "%s", b ? "yes" : "no");
                } else {
                        assert_true(sd_bus_message_enter_container(message, 'v', type) >= 0);
                        assert_true(sd_bus_message_enter_container(message, 'a', type + 1) >= 0);
                        if (strcmp(type, "as") == 0) {
                                while (sd_bus_message_read(message, "s", &s) > 0)
                                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", s);
                        } else {
                                const char *second;

                                while (sd_bus_message_read(message, "{ss}", &s, &second) > 0)
                                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s ", s, second);
                        }
                        sd_bus_message_exit_container(message);
                        sd_bus_message_exit_container(message);
                }
                assert_true(sd_bus_message_exit_container(message) >= 0);
        }
        assert_true(sd_bus_message_exit_container(message) >= 0);
        return text;
}

static const char *status(const char *key)
{
        call("Status", "", NULL);
        assert_false(sd_bus_message_is_method_error(answer, NULL));
        return value_of(answer, key);
}

static const char *explained(const char *id, const char *key)
{
        call("Explain", "s", id);
        assert_false(sd_bus_message_is_method_error(answer, NULL));
        return value_of(answer, key);
}

/* Call as another user, in a process of its own: 0 answered, 1 AccessDenied, 2 LimitsExceeded, 3 else. */
static pid_t call_as_nobody(const char *method, const char *types, const char *argument, bool interactive)
{
        pid_t pid = fork();

        if (pid == 0) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                sd_bus_message *message = NULL;
                sd_bus *bus;
                int r;

                unsetenv("LD_PRELOAD");
                if (setuid(NOBODY) < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 ||
                    sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0)
                        _exit(9);
                r = sd_bus_message_new_method_call(bus, &message, NAME, PATH, NAME, method);
                if (r >= 0 && argument)
                        r = sd_bus_message_append(message, types, argument);
                if (r >= 0)
                        r = sd_bus_message_set_allow_interactive_authorization(message, interactive);
                if (r < 0)
                        _exit(8);
                r = sd_bus_call(bus, message, 0, &error, NULL);
                fprintf(stderr, "# nobody's %s: %s\n", method, r < 0 ? error.message : "answered");
                _exit(r >= 0                                                        ? 0
                      : sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED)   ? 1
                      : sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED) ? 2
                                                                                    : 3);
        }
        return pid;
}

static int result_of(pid_t pid)
{
        uint64_t deadline = 0;
        int exit_status = -1;

        while (waitpid(pid, &exit_status, WNOHANG) != pid)
                assert_true(scene_turn(&deadline));
        return WIFEXITED(exit_status) ? WEXITSTATUS(exit_status) : -1;
}

/* ---- polkit ---- */

static int check_authorization(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *kind, *key, *sender, *action, *cancel;

        (void) userdata;
        (void) error;
        assert_true(sd_bus_message_enter_container(message, 'r', "sa{sv}") >= 0);
        assert_true(sd_bus_message_read(message, "s", &kind) >= 0);
        assert_string_equal(kind, "system-bus-name");
        assert_true(sd_bus_message_read(message, "a{sv}", 1, &key, "s", &sender) >= 0);
        assert_string_equal(key, "name");
        assert_true(sd_bus_message_exit_container(message) >= 0);
        assert_true(sd_bus_message_read(message, "sa{ss}us", &action, 0, &polkit.flags, &cancel) >= 0);
        snprintf(polkit.action, sizeof(polkit.action), "%s", action);
        snprintf(polkit.sender, sizeof(polkit.sender), "%s", sender);
        polkit.asked++;
        if (polkit.silent) {
                sd_bus_message_unref(polkit.waiting);
                polkit.waiting = sd_bus_message_ref(message);
                return 1;
        }
        return sd_bus_reply_method_return(message, "(bba{ss})", polkit.authorized, polkit.challenge, 0);
}

static const sd_bus_vtable authority_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", check_authorization,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void start_polkit(void)
{
        authority = join();
        assert_true(sd_bus_add_object_vtable(authority, NULL, "/org/freedesktop/PolicyKit1/Authority",
                                             "org.freedesktop.PolicyKit1.Authority", authority_vtable, NULL) >= 0);
        assert_true(sd_bus_request_name_async(authority, NULL, "org.freedesktop.PolicyKit1", 0, NULL, NULL) >= 0);
        scene_run(100);
}

/* ---- setup ---- */

static int setup(void **state)
{
        memset(&polkit, 0, sizeof(polkit));
        if (scene_setup(state) < 0)
                return -1;
        start_bus();
        client = join();
        return 0;
}

static int teardown(void **state)
{
        answer = sd_bus_message_unref(answer);
        polkit.waiting = sd_bus_message_unref(polkit.waiting);
        client = sd_bus_close_unref(client);
        authority = sd_bus_close_unref(authority);
        scene_teardown(state);
        stop_bus();
        return 0;
}

/* The agent has its name when Status is answered. */
static void agent_answers(void)
{
        for (unsigned i = 0; i < 300; i++) {
                call("Status", "", NULL);
                if (!is_error(NULL))
                        return;
                scene_run(20);
        }
        fail_msg("the agent is not on the bus");
}

static void status_says_how_it_stands(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        assert_string_equal(status("Version"), LEKDICHT_VERSION);
        assert_string_equal(status("Mode"), "enforce");
        assert_string_equal(status("Gate"), "closed");
        assert_string_equal(status("Wish"), "closed");
        assert_string_equal(status("Buses"), "scsi=closed mmc=closed memstick=closed ");
        assert_string_equal(status("PolicySource"), "file");
        assert_string_equal(status("PolicyVersion"), "1");
        assert_string_equal(status("PolicyError"), "");
        assert_true(strlen(status("Since")) >= 16);
        assert_string_equal(status("Devices"), "0");
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_string_equal(status("Devices"), "1");
        assert_string_equal(status("Refused"), "1");
        bed_remove(&scene.bed, "sys/bus/memstick");
        assert_string_equal(status("Gate"), "partly");
        assert_string_equal(status("Buses"), "scsi=closed mmc=closed memstick=absent ");
}

static void devices_are_listed_without_their_serial(void **state)
{
        unsigned n = 0;
        char text[1024];

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        scene_plug(&stick);
        UNTIL(strcmp(explained("1-2", "State"), "refused") == 0);
        assert_string_equal(explained("1-2", "Id"), "1-2");
        assert_string_equal(explained("1-2", "Kind"), "usb-disk");
        assert_string_equal(explained("1-2", "Vendor"), "0951");
        assert_string_equal(explained("1-2", "Product"), "1666");
        UNTIL(strcmp(explained("1-2", "Name"), "Kings?[31mton DataTraveler") == 0);
        assert_string_equal(explained("1-2", "Rule"), "[storage] usb-disk");
        assert_string_equal(explained("1-2", "Reason"), "refused by [storage] usb-disk");
        assert_string_equal(explained("1-2", "Audit"), "no");
        assert_string_equal(explained("1-2", "Serial"), "yes");
        assert_string_equal(explained("1-2", "Nodes"), "");
        assert_true(strlen(explained("1-2", "Since")) >= 16);
        call("ListDevices", "", NULL);
        assert_true(sd_bus_message_enter_container(answer, 'a', "a{sv}") >= 0);
        while (sd_bus_message_at_end(answer, false) == 0) {
                snprintf(text, sizeof(text), "%s", value_of(answer, "Id"));
                n++;
        }
        assert_int_equal(n, 1);
        assert_string_equal(text, "1-2");
}

static void open_devices_show_their_nodes(void **state)
{
        const char *devpath;
        char interface[BED_PATH * 2];

        (void) state;
        scene_start(ALLOW);
        agent_answers();
        devpath = scene_plug(&stick);
        snprintf(interface, sizeof(interface), "%s/1-2:1.0", devpath);
        scene_event("add", bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(strcmp(explained("1-2", "State"), "allowed") == 0 && strcmp(explained("1-2", "Nodes"), "sdx ") == 0);
        assert_string_equal(explained("1-2", "Reason"), "opened by [storage] usb-disk");
}

static void unknown_devices_are_said_to_be_so(void **state)
{
        char name[200];

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        call("Explain", "s", "1-9");
        assert_true(is_error("org.lekdicht.Error.UnknownDevice"));
        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        call("Explain", "s", name);
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        call("Explain", "", NULL);
        assert_true(is_error(NULL));
}

static void gate_is_set_when_its_child_has_ended(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        bed_text(&scene.bed, "hang/open", "%s", "");
        ask("SetGate", "s", "open");
        UNTIL(scene_gate("open ") == 1);
        scene_run(100);
        assert_null(answer);
        bed_remove(&scene.bed, "hang/open");
        UNTIL(answer);
        assert_false(is_error(NULL));
        assert_string_equal(status("Gate"), "open");
        assert_string_equal(status("Wish"), "open");
        call("SetGate", "s", "closed");
        assert_false(is_error(NULL));
        assert_string_equal(status("Gate"), "closed");
        call("SetGate", "s", "ajar");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        bed_text(&scene.bed, "exit/open", "1\n");
        call("SetGate", "s", "open");
        assert_true(is_error("org.lekdicht.Error.GateFailed"));
        assert_string_equal(sd_bus_message_get_error(answer)->message, "cannot open the gate");
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
}

static void later_command_overtakes(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        bed_text(&scene.bed, "hang/open", "%s", "");
        ask("SetGate", "s", "open");
        UNTIL(scene_gate("open ") == 1);
        assert_true(sd_bus_call_method_async(client, NULL, NAME, PATH, NAME, "SetGate", on_answer, NULL, "s",
                                             "closed") >= 0);
        UNTIL(answer);
        assert_true(is_error("org.lekdicht.Error.GateFailed"));
        answer = sd_bus_message_unref(answer);
        bed_remove(&scene.bed, "hang/open");
        UNTIL(answer);
        assert_false(is_error(NULL));
        UNTIL(strcmp(status("Gate"), "closed") == 0);
        scene_run(200);
        assert_string_equal(status("Gate"), "closed");
}

static void audit_mode_cannot_be_closed(void **state)
{
        (void) state;
        scene_start(AUDIT);
        agent_answers();
        UNTIL(scene_gate("open --audit") == 1);
        call("SetGate", "s", "closed");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        assert_int_equal(scene_gate("close "), 0);
        assert_string_equal(status("Mode"), "audit");
        UNTIL(strcmp(status("Wish"), "audit") == 0);
}

static void reload_says_what_is_wrong(void **state)
{
        const char *text;
        int applied;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        scene_policy("[policy]\nversion = 2\nmode = enforce\n[storage]\nusb-stick = allow\nsd-card = perhaps\n");
        call("ReloadPolicy", "", NULL);
        assert_true(sd_bus_message_read(answer, "b", &applied) >= 0);
        assert_false(applied);
        assert_true(sd_bus_message_enter_container(answer, 'a', "s") >= 0);
        assert_true(sd_bus_message_read(answer, "s", &text) > 0);
        assert_non_null(strstr(text, "etc/lekdicht/policy.ini:5: "));
        assert_true(sd_bus_message_read(answer, "s", &text) > 0);
        assert_non_null(strstr(text, "etc/lekdicht/policy.ini:6: "));
        assert_non_null(strstr(status("PolicyError"), "policy.ini:5: "));
        assert_string_equal(status("PolicyVersion"), "1");
        scene_policy("[policy]\nversion = 2\nmode = enforce\n[device x]\nserial = 0\naccess = allow\n");
        call("ReloadPolicy", "", NULL);
        assert_true(sd_bus_message_read(answer, "b", &applied) >= 0);
        if (applied) {
                assert_true(sd_bus_message_enter_container(answer, 'a', "s") >= 0);
                assert_true(sd_bus_message_read(answer, "s", &text) > 0);
                assert_true(strncmp(text, "warning: ", 9) == 0);
        }
        scene_policy(NULL);
        call("ReloadPolicy", "", NULL);
        assert_true(sd_bus_message_read(answer, "b", &applied) >= 0);
        assert_false(applied);
        assert_true(sd_bus_message_enter_container(answer, 'a', "s") >= 0);
        assert_true(sd_bus_message_read(answer, "s", &text) > 0);
        scene_policy(ALLOW);
        call("ReloadPolicy", "", NULL);
        assert_true(sd_bus_message_read(answer, "b", &applied) >= 0);
        assert_true(applied);
        assert_string_equal(status("PolicyVersion"), "3");
        assert_string_equal(status("PolicyError"), "");
}

static void without_polkit_only_root(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        assert_int_equal(result_of(call_as_nobody("Status", NULL, NULL, false)), 0);
        assert_int_equal(result_of(call_as_nobody("ListDevices", NULL, NULL, false)), 1);
        assert_int_equal(result_of(call_as_nobody("Explain", "s", "1-2", false)), 1);
        assert_int_equal(result_of(call_as_nobody("SetGate", "s", "open", false)), 1);
        assert_int_equal(result_of(call_as_nobody("ReloadPolicy", NULL, NULL, false)), 1);
        assert_int_equal(scene_gate_calls(), 0);
}

static void polkit_decides_for_others(void **state)
{
        (void) state;
        start_polkit();
        scene_start(BLOCK);
        agent_answers();
        polkit.authorized = true;
        assert_int_equal(result_of(call_as_nobody("ListDevices", NULL, NULL, false)), 0);
        assert_string_equal(polkit.action, "org.lekdicht.agent1.list-devices");
        assert_int_equal(polkit.flags, 0);
        assert_true(polkit.sender[0] == ':');
        assert_int_equal(result_of(call_as_nobody("SetGate", "s", "open", true)), 0);
        assert_string_equal(polkit.action, "org.lekdicht.agent1.set-gate");
        assert_int_equal(polkit.flags, 1);
        assert_int_equal(scene_gate("open "), 1);
        assert_int_equal(result_of(call_as_nobody("ReloadPolicy", NULL, NULL, true)), 0);
        assert_string_equal(polkit.action, "org.lekdicht.agent1.reload-policy");
        polkit.authorized = false;
        polkit.challenge = true;
        assert_int_equal(result_of(call_as_nobody("SetGate", "s", "closed", false)), 1);
        polkit.challenge = false;
        assert_int_equal(result_of(call_as_nobody("SetGate", "s", "closed", false)), 1);
        assert_int_equal(scene_gate("close "), 0);
        assert_int_equal(polkit.asked, 5);
        /* root is not asked about. */
        call("SetGate", "s", "closed");
        assert_false(is_error(NULL));
        assert_int_equal(polkit.asked, 5);
}

static void one_user_cannot_keep_all_questions(void **state)
{
        pid_t pids[POLKIT_PENDING_USER_MAX + 1];
        uint64_t deadline = 0;
        unsigned refused = 0;
        int exit_status;

        (void) state;
        start_polkit();
        scene_start(BLOCK);
        agent_answers();
        polkit.silent = true;
        for (size_t i = 0; i < POLKIT_PENDING_USER_MAX + 1; i++)
                pids[i] = call_as_nobody("ReloadPolicy", NULL, NULL, false);
        UNTIL(polkit.asked == POLKIT_PENDING_USER_MAX);
        while (refused == 0) {
                assert_true(scene_turn(&deadline));
                for (size_t i = 0; i < POLKIT_PENDING_USER_MAX + 1; i++)
                        if (pids[i] > 0 && waitpid(pids[i], &exit_status, WNOHANG) == pids[i]) {
                                assert_int_equal(WEXITSTATUS(exit_status), 2);
                                pids[i] = 0;
                                refused++;
                        }
        }
        scene_run(100);
        assert_int_equal(polkit.asked, POLKIT_PENDING_USER_MAX);
        for (size_t i = 0; i < POLKIT_PENDING_USER_MAX + 1; i++)
                if (pids[i] > 0) {
                        assert_int_equal(waitpid(pids[i], NULL, WNOHANG), 0);
                        kill(pids[i], SIGKILL);
                        waitpid(pids[i], NULL, 0);
                }
        /* And the others go on. */
        assert_string_equal(status("Mode"), "enforce");
        call("ReloadPolicy", "", NULL);
        assert_false(is_error(NULL));
}

static void looks_at_everything_after_sleep(void **state)
{
        (void) state;
        authority = join();
        assert_true(sd_bus_request_name_async(authority, NULL, "org.freedesktop.login1", 0, NULL, NULL) >= 0);
        scene_start(BLOCK);
        agent_answers();
        scene_run(300);
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "1\n");
        assert_true(sd_bus_emit_signal(authority, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                       "PrepareForSleep", "b", 1) >= 0);
        scene_run(500);
        assert_int_equal(scene_gate_calls(), 0);
        assert_true(sd_bus_emit_signal(authority, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                       "PrepareForSleep", "b", 0) >= 0);
        UNTIL(scene_gate("close ") == 1);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL) == 1);
}

static void goes_on_without_a_bus_and_joins_it_when_it_comes(void **state)
{
        (void) state;
        client = sd_bus_close_unref(client);
        stop_bus();
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        start_bus();
        client = join();
        agent_answers();
        /* It goes, and comes again. */
        client = sd_bus_close_unref(client);
        stop_bus();
        UNTIL(scene_journal("MESSAGE=the system bus went away*", NULL) == 1);
        scene_plug(
                &(struct bed_usb){ .port = "1-4", .vendor = 1, .product = 2, .devnum = 6, .interfaces = { BED_UAS } });
        UNTIL(scene_gate("refuse 1-4") == 1);
        start_bus();
        client = join();
        agent_answers();
        assert_string_equal(status("Devices"), "2");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(status_says_how_it_stands),
                TEST(devices_are_listed_without_their_serial),
                TEST(open_devices_show_their_nodes),
                TEST(unknown_devices_are_said_to_be_so),
                TEST(gate_is_set_when_its_child_has_ended),
                TEST(later_command_overtakes),
                TEST(audit_mode_cannot_be_closed),
                TEST(reload_says_what_is_wrong),
                TEST(without_polkit_only_root),
                TEST(polkit_decides_for_others),
                TEST(one_user_cannot_keep_all_questions),
                TEST(looks_at_everything_after_sleep),
                TEST(goes_on_without_a_bus_and_joins_it_when_it_comes),
        };
        int failed;

        if (!mkdtemp(directory) || chmod(directory, 0755) < 0)
                return 1;
        snprintf(address, sizeof(address), "unix:path=%s/socket", directory);
        setenv("SCENE_BUS", address, 1);
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        {
                char path[256];

                snprintf(path, sizeof(path), "%s/config", directory);
                (void) unlink(path);
                (void) rmdir(directory);
        }
        return failed;
}
