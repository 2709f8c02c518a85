/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
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
#include "tests/bed/scenebus.h"
#include "tests/bed/stick.h"

#define BLOCK "[policy]\nversion = 1\nmode = enforce\n"
#define AUDIT "[policy]\nversion = 2\nmode = audit\n"
#define ALLOW "[policy]\nversion = 3\nmode = enforce\n[storage]\nusb-disk = allow\nsd-card = allow\noptical = allow\n"

static sd_bus *authority;

/* What the next question to polkit gets, and what the last one was. */
static struct {
        bool authorized, challenge, silent;
        unsigned asked;
        char action[64], sender[64];
        uint32_t flags;
        sd_bus_message *waiting;
} polkit;

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
        start_bus(NULL);
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
        struct bed_usb painter = stick; /* the maker's name is the device's to choose: this one colours a terminal */
        unsigned n = 0;
        char text[1024];

        (void) state;
        painter.manufacturer = "Kings\033[31mton";
        scene_start(BLOCK);
        agent_answers();
        scene_plug(&painter);
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
        call("ListDevices", "");
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
        call("Explain", "");
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
        ask("SetGate", "s", "closed");
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
        call("ReloadPolicy", "");
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
        call("ReloadPolicy", "");
        assert_true(sd_bus_message_read(answer, "b", &applied) >= 0);
        if (applied) {
                assert_true(sd_bus_message_enter_container(answer, 'a', "s") >= 0);
                assert_true(sd_bus_message_read(answer, "s", &text) > 0);
                assert_true(strncmp(text, "warning: ", 9) == 0);
        }
        scene_policy(NULL);
        call("ReloadPolicy", "");
        assert_true(sd_bus_message_read(answer, "b", &applied) >= 0);
        assert_false(applied);
        assert_true(sd_bus_message_enter_container(answer, 'a', "s") >= 0);
        assert_true(sd_bus_message_read(answer, "s", &text) > 0);
        scene_policy(ALLOW);
        call("ReloadPolicy", "");
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
        assert_int_equal(result_of(call_as(NOBODY, false, "Status", "")), 0);
        assert_int_equal(result_of(call_as(NOBODY, false, "ListDevices", "")), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "Explain", "s", "1-2")), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "SetGate", "s", "open")), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "ReloadPolicy", "")), 1);
        assert_int_equal(scene_gate_calls(), 0);
}

static void polkit_decides_for_others(void **state)
{
        (void) state;
        start_polkit();
        scene_start(BLOCK);
        agent_answers();
        polkit.authorized = true;
        assert_int_equal(result_of(call_as(NOBODY, false, "ListDevices", "")), 0);
        assert_string_equal(polkit.action, "org.lekdicht.agent1.list-devices");
        assert_int_equal(polkit.flags, 0);
        assert_true(polkit.sender[0] == ':');
        assert_int_equal(result_of(call_as(NOBODY, true, "SetGate", "s", "open")), 0);
        assert_string_equal(polkit.action, "org.lekdicht.agent1.set-gate");
        assert_int_equal(polkit.flags, 1);
        assert_int_equal(scene_gate("open "), 1);
        assert_int_equal(result_of(call_as(NOBODY, true, "ReloadPolicy", "")), 0);
        assert_string_equal(polkit.action, "org.lekdicht.agent1.reload-policy");
        polkit.authorized = false;
        polkit.challenge = true;
        assert_int_equal(result_of(call_as(NOBODY, false, "SetGate", "s", "closed")), 1);
        polkit.challenge = false;
        assert_int_equal(result_of(call_as(NOBODY, false, "SetGate", "s", "closed")), 1);
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
                pids[i] = call_as(NOBODY, false, "ReloadPolicy", "");
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
        call("ReloadPolicy", "");
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
        bed_remove(&scene.bed, "sys/bus/memstick"); /* no write, and the kernel said nothing */
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
        start_bus(NULL);
        client = join();
        agent_answers();
        /* It goes, and comes again. */
        client = sd_bus_close_unref(client);
        stop_bus();
        UNTIL(scene_journal("MESSAGE=the system bus went away*", NULL) == 1);
        scene_plug(
                &(struct bed_usb){ .port = "1-4", .vendor = 1, .product = 2, .devnum = 6, .interfaces = { BED_UAS } });
        UNTIL(scene_gate("refuse 1-4") == 1);
        start_bus(NULL);
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

        return cmocka_run_group_tests(tests, scenebus_init, scenebus_done);
}
