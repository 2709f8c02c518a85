/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A grant for a while: by a clock that the test sets, over a re-plug, a restart and a reboot, and its end, in use and not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "agent/parts.h"
#include "common/clock.h"
#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"

#define USEC   1000000LL
#define MINUTE 60LL
#define BLOCK  "[policy]\nversion = 1\n"
#define READ   "[policy]\nversion = 1\n[storage]\nusb-disk = read-only\nsd-card = read-only\noptical = read-only\n"
#define AUDIT  "[policy]\nversion = 1\nmode = audit\n"

static const struct bed_usb stick = { .port = "1-2",
                                      .vendor = 0x0951,
                                      .product = 0x1666,
                                      .serial = "60A44C4252E1E4A1",
                                      .devnum = 5,
                                      .interfaces = { BED_BOT } };
static int64_t wall_sec, boot_sec; /* of the test's clocks from the kernel's */
static char notices[512];          /* their kinds, as they came */
static char plugs_[512];           /* and what they are about */
static char told_minutes[32];      /* how long, of those that say it */

static uint64_t fake_usec(void *userdata, clockid_t clock)
{
        (void) userdata;
        return clock_usec(clock) + (uint64_t) ((clock == CLOCK_REALTIME ? wall_sec : boot_sec) * USEC);
}

/* So much time passes, and the timers ring. */
static void pass(int64_t seconds)
{
        wall_sec += seconds;
        boot_sec += seconds;
        leases_look(scene.agent->leases);
        scene_run(20);
}

static int on_notice(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) userdata;
        (void) error;
        snprintf(notices + strlen(notices), sizeof(notices) - strlen(notices), "%s ", value_of(message, "Kind"));
        sd_bus_message_rewind(message, true);
        snprintf(plugs_ + strlen(plugs_), sizeof(plugs_) - strlen(plugs_), "%s ", value_of(message, "Plug"));
        sd_bus_message_rewind(message, true);
        snprintf(told_minutes + strlen(told_minutes), sizeof(told_minutes) - strlen(told_minutes), "%s",
                 value_of(message, "Minutes"));
        return 0;
}

static int setup(void **state)
{
        static const struct today_clock clock = { .usec = fake_usec };

        if (scene_setup(state) < 0)
                return -1;
        setenv("TZ", "UTC0", 1);
        wall_sec = 0;
        boot_sec = 100000;
        notices[0] = plugs_[0] = told_minutes[0] = '\0';
        scene.config.clock = &clock;
        start_bus(NULL);
        client = join();
        assert_true(sd_bus_match_signal_async(client, NULL, NULL, PATH, NAME, "Notice", on_notice, NULL, NULL) >= 0);
        return 0;
}

static int teardown(void **state)
{
        answer = sd_bus_message_unref(answer);
        client = sd_bus_close_unref(client);
        scene_teardown(state);
        stop_bus();
        return 0;
}

static const char *state(void)
{
        struct device *device = inventory_find(scene.agent->inventory, "1-2");

        return device ? device_state_name(device->state) : "unknown";
}

static void add_lun(const char *devpath, unsigned host)
{
        char interface[BED_PATH * 2];

        snprintf(interface, sizeof(interface), "%s/1-2:1.0", devpath);
        scene_event("add", bed_lun(&scene.bed, interface, host, 0, 0, "Kingston", "DataTraveler"));
}

/* Plugged in, refused, and told: a grant takes back what has not been told yet. */
static const char *plug(void)
{
        size_t told = strlen(notices);
        const char *devpath = scene_plug(&stick);

        UNTIL(strcmp(state(), "refused") == 0 && inventory_find(scene.agent->inventory, "1-2")->strings_known);
        UNTIL(strlen(notices) > told);
        return devpath;
}

static void begin(const char *policy)
{
        scene_start(policy);
        agent_answers();
        call("Subscribe", "");
}

static void grant(const char *access, unsigned minutes, bool keep)
{
        call("Grant", "ssusb", "1-2", access, minutes, "presentatie", keep);
        if (is_error(NULL))
                fail_msg("%s", sd_bus_message_get_error(answer)->message);
}

static bool is_open(void)
{
        return bed_exists(&scene.bed, "run/lekdicht/grant/77");
}

static unsigned events(const char *name)
{
        char field[64];

        snprintf(field, sizeof(field), "LEKDICHT_EVENT=lekdicht.grant.%s", name);
        return scene_journal(field, NULL);
}

/* The agent's own stick, granted and open. */
static const char *open_for(const char *access, unsigned minutes, bool keep)
{
        const char *devpath = plug();
        bool read_only = strcmp(access, "read-only") == 0;

        grant(access, minutes, keep);
        UNTIL(scene_gate("release 1-2") > 0);
        scene_run(30);
        assert_int_equal(events("used"), 0); /* nothing is to be seen of it yet */
        add_lun(devpath, 3);
        UNTIL(read_only ? bed_exists(&scene.bed, "run/lekdicht/readonly/78") : is_open());
        UNTIL(strcmp(state(), read_only ? "read-only" : "allowed") == 0);
        return devpath;
}

static void what_is_refused_opens_and_says_until_when(void **state_)
{
        char reason[128], until[16], shown[64];
        uint64_t end;
        time_t seconds;

        (void) state_;
        begin(BLOCK);
        open_for("allow", 120, false);
        assert_true(is_open());
        end = fake_usec(NULL, CLOCK_REALTIME) + 120 * MINUTE * USEC;
        seconds = (time_t) (strtoull(explained("1-2", "Until"), NULL, 10) / USEC);
        assert_in_range(seconds, end / USEC - 10, end / USEC);
        strftime(until, sizeof(until), "%H:%M", gmtime(&seconds));
        snprintf(reason, sizeof(reason), "opened by grant until %s: presentatie", until);
        assert_string_equal(explained("1-2", "Reason"), reason);
        assert_string_equal(explained("1-2", "Rule"), "grant");
        snprintf(shown, sizeof(shown), "LEKDICHT_REASON=open until %s: presentatie", until);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.grant.given", "LEKDICHT_RULE=grant", shown, NULL), 1);
        assert_int_equal(events("requested"), 1);
        UNTIL(events("used") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_RULE=grant", NULL), 1);
        assert_false(scene_journal_has("60A44C4252E1E4A1"));
}

static void read_only_is_never_more(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("read-only", 10, false);
        assert_false(is_open());
        assert_true(bed_exists(&scene.bed, "run/lekdicht/readonly/78"));
        UNTIL(events("used") == 1);
        assert_int_equal(scene_gate("release 3:0:0:0"), 0);
}

static void it_is_warned_of_and_then_closed(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 10, false);
        pass(7 * MINUTE + 50);
        assert_int_equal(events("ending"), 0);
        pass(15);
        assert_int_equal(events("ending"), 1);
        UNTIL(strcmp(notices, "device-refused grant-opened grant-ending ") == 0);
        assert_string_equal(told_minutes, "10");
        assert_true(is_open());
        pass(100);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        pass(20);
        UNTIL(strcmp(state(), "refused") == 0);
        assert_int_equal(scene_gate("refuse 1-2"), 2);
        UNTIL(events("ended") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.grant.ended",
                                       "LEKDICHT_REASON=its time was over; closed; it was open until *", NULL),
                         1);
        UNTIL(strcmp(notices, "device-refused grant-opened grant-ending grant-ended ") == 0);
        assert_string_equal(strchr(plugs_, ' ') + 1, "1-2#grant1 1-2#grant1 1-2#grant1 ");
        assert_string_equal(explained("1-2", "Until"), "0");
        assert_int_equal(scene_gate("cut 1-2"), 0);
}

/* The careful way, then two minutes with a notice, then for good. */
static void what_is_in_use_gets_one_extension(void **state_)
{
        unsigned refused;

        (void) state_;
        begin(BLOCK);
        open_for("allow", 5, false);
        pass(4 * MINUTE);
        bed_text(&scene.bed, "exit/1-2", "5\n");
        pass(2 * MINUTE);
        UNTIL(strcmp(state(), "busy") == 0);
        UNTIL(events("ending") == 2);
        UNTIL(strcmp(notices, "device-refused grant-opened grant-ending grant-extended ") == 0);
        assert_true(is_open());
        pass(100);
        scene_run(100);
        assert_int_equal(scene_gate("cut 1-2"), 0);
        assert_int_equal(events("ended"), 0);
        bed_text(&scene.bed, "hang/1-2", " ");
        refused = scene_gate("refuse 1-2");
        pass(30);
        UNTIL(scene_gate("cut 1-2") == 1);
        /* Looked at meanwhile, nothing less is asked for. */
        inventory_judge_all(scene.agent->inventory);
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(events("ended") == 1);
        assert_int_equal(scene_gate("refuse 1-2"), refused);
        assert_int_equal(
                scene_journal("LEKDICHT_EVENT=lekdicht.grant.ended",
                              "LEKDICHT_REASON=its time was over; in use to the last, written back and cut off; *",
                              NULL),
                1);
        assert_int_equal(events("ending"), 2);
}

/* Closed by hand in time: the agent is asked again to see it, as the gatekeeper does by itself. */
static void what_is_let_go_in_the_extension_is_not_cut_off(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 5, false);
        bed_text(&scene.bed, "exit/1-2", "5\n");
        pass(5 * MINUTE + 1);
        UNTIL(strcmp(state(), "busy") == 0);
        UNTIL(events("ending") == 1);
        bed_remove(&scene.bed, "exit/1-2");
        inventory_find(scene.agent->inventory, "1-2")->target.outcome = OUTCOME_NONE;
        inventory_judge_all(scene.agent->inventory);
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.grant.ended",
                            "LEKDICHT_REASON=its time was over; in use at its end, closed when it was not any more; *",
                            NULL) == 1);
        assert_int_equal(scene_gate("cut 1-2"), 0);
}

/* What a policy closes is not cut off, as before. */
static void a_policy_cuts_nothing_off(void **state_)
{
        const char *devpath;

        (void) state_;
        begin("[policy]\nversion = 1\n[storage]\nusb-disk = allow\nsd-card = allow\noptical = allow\n");
        devpath = scene_plug(&stick);
        add_lun(devpath, 3);
        UNTIL(is_open());
        UNTIL(inventory_find(scene.agent->inventory, "1-2")->strings_known);
        grant("allow", 3, false);
        pass(4 * MINUTE); /* over, and the policy allows it all the same */
        UNTIL(events("ended") == 1);
        assert_true(is_open());
        bed_text(&scene.bed, "exit/1-2", "5\n");
        scene_policy(BLOCK);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(strcmp(state(), "busy") == 0);
        pass(10 * MINUTE);
        scene_run(200);
        assert_int_equal(scene_gate("cut 1-2"), 0);
        assert_true(is_open());
}

/* Under a policy that lets it be read: its end must not leave it writable for being in use. */
static void what_goes_back_to_reading_is_cut_off_too(void **state_)
{
        const char *devpath;

        (void) state_;
        begin(READ);
        devpath = scene_plug(&stick);
        add_lun(devpath, 3);
        UNTIL(strcmp(state(), "read-only") == 0);
        UNTIL(inventory_find(scene.agent->inventory, "1-2")->strings_known);
        grant("allow", 5, false);
        UNTIL(strcmp(state(), "allowed") == 0);
        bed_text(&scene.bed, "exit/3:0:0:0", "5\n");
        pass(6 * MINUTE);
        UNTIL(strcmp(state(), "busy") == 0);
        pass(3 * MINUTE);
        UNTIL(scene_gate("cut 3:0:0:0") == 1);
        UNTIL(strcmp(state(), "read-only") == 0);
        UNTIL(events("ended") == 1);
}

static void it_survives_a_re_plug_and_no_other_stick_has_it(void **state_)
{
        struct bed_usb other = stick;
        const char *devpath;

        (void) state_;
        begin(BLOCK);
        devpath = open_for("allow", 60, false);
        scene_unplug(devpath);
        UNTIL(strcmp(state(), "unknown") == 0);
        other.serial = "60A44C4252E1E4A2";
        devpath = scene_plug(&other);
        UNTIL(strcmp(state(), "refused") == 0);
        scene_unplug(devpath);
        UNTIL(strcmp(state(), "unknown") == 0);
        assert_int_equal(scene_gate("refuse 1-2"), 2);
        devpath = scene_plug(&stick);
        add_lun(devpath, 4);
        UNTIL(strcmp(state(), "allowed") == 0);
        assert_int_equal(scene_gate("release 4:0:0:0"), 1);
        assert_int_equal(scene_gate("refuse 1-2"), 2);
        UNTIL(events("used") == 1);
}

/* Its end comes while it is out. */
static void unplugged_it_ends_too(void **state_)
{
        (void) state_;
        begin(BLOCK);
        scene_unplug(open_for("allow", 10, false));
        UNTIL(strcmp(state(), "unknown") == 0);
        pass(11 * MINUTE);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.grant.ended",
                            "LEKDICHT_REASON=its time was over; it was not plugged in; *", NULL) == 1);
        plug();
        assert_int_equal(scene_gate("refuse 1-2"), 2);
        UNTIL(strcmp(notices, "device-refused grant-opened device-refused ") == 0);
}

/* The laptop slept: an event may come before the timer. */
static void nothing_opens_after_its_end(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 10, false);
        scene_run(50);
        boot_sec += 11 * MINUTE;
        wall_sec += 11 * MINUTE;
        inventory_judge_all(scene.agent->inventory);
        UNTIL(strcmp(state(), "refused") == 0);
}

static void a_clock_that_is_set_changes_nothing(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 10, false);
        wall_sec += 86400;
        pass(1);
        assert_true(is_open());
        assert_int_equal(events("ending"), 0);
        wall_sec -= 3 * 86400;
        pass(11 * MINUTE);
        UNTIL(strcmp(state(), "refused") == 0);
}

static void a_restart_keeps_it_and_its_extension(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 10, false);
        UNTIL(events("used") == 1);
        scene_stop();
        begin(BLOCK);
        UNTIL(strcmp(state(), "allowed") == 0);
        assert_true(is_open());
        assert_int_equal(events("used"), 1);
        bed_text(&scene.bed, "exit/1-2", "5\n");
        pass(11 * MINUTE);
        UNTIL(strcmp(state(), "busy") == 0 && events("ending") == 1);
        scene_run(50);
        scene_stop();
        begin(BLOCK);
        UNTIL(strcmp(state(), "busy") == 0);
        scene_run(50);
        assert_int_equal(scene_gate("cut 1-2"), 0);
        pass(3 * MINUTE);
        UNTIL(scene_gate("cut 1-2") == 1);
        UNTIL(events("ended") == 1);
        /* Nothing is left of it. */
        scene_run(50);
        assert_string_equal(bed_read(&scene.bed, "run/lekdicht/leases"), "");
}

/* The agent was away when it was to be cut off: the gate says only then that it is in use. */
static void a_restart_after_its_end_cuts_it_off(void **state_)
{
        unsigned refused;

        (void) state_;
        begin(BLOCK);
        open_for("allow", 10, false);
        bed_text(&scene.bed, "exit/1-2", "5\n");
        pass(11 * MINUTE);
        UNTIL(strcmp(state(), "busy") == 0 && events("ending") == 1);
        scene_run(50);
        scene_stop();
        boot_sec += 3 * MINUTE;
        wall_sec += 3 * MINUTE;
        bed_text(&scene.bed, "hang/1-2", " ");
        refused = scene_gate("refuse 1-2");
        begin(BLOCK);
        UNTIL(scene_gate("refuse 1-2") > refused);
        leases_look(scene.agent->leases);
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(scene_gate("cut 1-2") == 1);
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(events("ended") == 1);
}

/* The machine is off for a while: /run is empty then, and the count of its time begins anew. */
static void reboot(int64_t seconds)
{
        scene_stop();
        bed_remove(&scene.bed, "run/lekdicht/leases");
        bed_remove(&scene.bed, "run/lekdicht/grant");
        bed_text(&scene.bed, "run/lekdicht/grant/.keep", " ");
        wall_sec += seconds;
        boot_sec = 50000;
}

static void a_reboot_ends_it(void **state_)
{
        const char *devpath;

        (void) state_;
        begin(BLOCK);
        devpath = open_for("allow", 60, false);
        reboot(30);
        scene_unplug(devpath);
        begin(BLOCK);
        plug();
        assert_int_equal(scene_gate("release 1-2"), 1);
        assert_false(bed_exists(&scene.bed, "var/lib/lekdicht/leases"));
}

static void unless_it_was_to_be_kept(void **state_)
{
        const char *devpath;

        (void) state_;
        begin(BLOCK);
        devpath = open_for("allow", 60, true);
        reboot(30 * MINUTE);
        scene_unplug(devpath);
        begin(BLOCK);
        devpath = scene_plug(&stick);
        add_lun(devpath, 4);
        UNTIL(strcmp(state(), "allowed") == 0);
        pass(25 * MINUTE);
        assert_true(is_open());
        assert_int_equal(events("ended"), 0);
        pass(6 * MINUTE);
        UNTIL(events("ended") == 1);
        UNTIL(strcmp(state(), "refused") == 0);
}

/* The clock stands in the past after the reboot (a dead battery, or somebody's hand): the time that was seen is the least. */
static void a_clock_set_back_over_a_reboot_gives_no_more(void **state_)
{
        (void) state_;
        begin(BLOCK);
        scene_unplug(open_for("allow", 60, true));
        UNTIL(strcmp(state(), "unknown") == 0);
        pass(40 * MINUTE);
        reboot(-86400);
        begin(BLOCK);
        pass(21 * MINUTE);
        UNTIL(events("ended") == 1);
        plug();
        assert_int_equal(scene_gate("release 1-2"), 1);
}

static void what_ends_while_the_laptop_is_off_has_ended(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 60, true);
        reboot(61 * MINUTE);
        begin(BLOCK);
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(events("ended") == 1);
}

static void it_is_taken_back(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 60, false);
        call("Revoke", "s", "1-2");
        assert_false(is_error(NULL));
        UNTIL(strcmp(state(), "refused") == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.grant.ended", "LEKDICHT_REASON=taken back; closed; *", NULL) == 1);
        call("Revoke", "s", "1-2");
        assert_true(is_error("org.lekdicht.Error.UnknownDevice"));
        /* Of what is not plugged in, by the name that it had. */
        grant("allow", 60, false);
        scene_unplug(inventory_find(scene.agent->inventory, "1-2")->target.devpath);
        UNTIL(strcmp(state(), "unknown") == 0);
        call("Revoke", "s", "1-2");
        assert_false(is_error(NULL));
        UNTIL(events("ended") == 2);
}

static void a_new_one_takes_its_place(void **state_)
{
        (void) state_;
        begin(BLOCK);
        open_for("allow", 5, false);
        bed_text(&scene.bed, "exit/1-2", "5\n");
        pass(6 * MINUTE);
        UNTIL(strcmp(state(), "busy") == 0 && events("ending") == 1);
        bed_remove(&scene.bed, "exit/1-2");
        grant("allow", 60, false);
        UNTIL(strcmp(state(), "allowed") == 0);
        pass(10 * MINUTE);
        scene_run(100);
        assert_int_equal(scene_gate("cut 1-2"), 0);
        assert_true(is_open());
        assert_int_equal(events("given"), 2);
        assert_int_equal(events("ended"), 0);
}

static void assert_refused(const char *id, const char *access, unsigned minutes, const char *reason, const char *error)
{
        call("Grant", "ssusb", id, access, minutes, reason, false);
        if (!is_error(error))
                fail_msg("%s %s %u \"%s\" is %s", id, access, minutes, reason,
                         is_error(NULL) ? sd_bus_message_get_error(answer)->name : "granted");
}

static void bounds_hold(void **state_)
{
        static const char invalid[] = "org.lekdicht.Error.InvalidArgument";
        char text[200];

        (void) state_;
        begin(BLOCK);
        plug();
        assert_refused("1-2", "write", 60, "x", invalid);
        assert_refused("1-2", "block", 60, "x", invalid);
        assert_refused("1-2", "allow", 2, "x", invalid);
        assert_refused("1-2", "allow", 1441, "x", invalid);
        assert_refused("1-2", "allow", 60, "", invalid);
        assert_refused("1-2", "allow", 60, "a\tb", invalid);
        assert_refused("1-2", "allow", 60, "a\nb", invalid);
        assert_refused("1-2", "allow", 60, " a", invalid);
        memset(text, 'a', 121);
        text[121] = '\0';
        assert_refused("1-2", "allow", 60, text, invalid);
        assert_refused(text, "allow", 60, "x", invalid);
        assert_refused("1-9", "allow", 60, "x", "org.lekdicht.Error.UnknownDevice");
        assert_int_equal(events("given"), 0);
        assert_int_equal(events("requested"), 0);
        text[120] = '\0';
        call("Grant", "ssusb", "1-2", "allow", 3, text, false);
        assert_false(is_error(NULL));
        assert_int_equal(events("given"), 1);
}

static void there_are_not_too_many(void **state_)
{
        char port[8], serial[24];

        (void) state_;
        begin(BLOCK);
        for (unsigned i = 1; i <= LEASES_MAX + 1; i++) {
                struct bed_usb usb = stick;

                snprintf(port, sizeof(port), "1-%u", i);
                snprintf(serial, sizeof(serial), "60A44C4252E1E4%02u", i);
                usb.port = port;
                usb.serial = serial;
                usb.devnum = i + 1;
                scene_plug(&usb);
                UNTIL(inventory_find(scene.agent->inventory, port) &&
                      inventory_find(scene.agent->inventory, port)->strings_known);
                call("Grant", "ssusb", port, "allow", 60, "x", false);
                if (is_error(NULL) != (i > LEASES_MAX))
                        fail_msg("the %uth", i);
        }
        assert_true(is_error("org.lekdicht.Error.GrantFailed"));
        assert_int_equal(events("given"), LEASES_MAX);
        assert_int_equal(events("requested"), 1);
}

/* Nothing is held in audit mode. */
static void not_in_audit_mode(void **state_)
{
        (void) state_;
        begin(AUDIT);
        scene_plug(&stick);
        UNTIL(inventory_find(scene.agent->inventory, "1-2") &&
              inventory_find(scene.agent->inventory, "1-2")->strings_known);
        assert_refused("1-2", "allow", 60, "x", "org.lekdicht.Error.GrantFailed");
}

/* Without polkit only root; and that somebody asked is recorded once a minute. */
static void others_may_not(void **state_)
{
        (void) state_;
        begin(BLOCK);
        plug();
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(result_of(call_as(NOBODY, false, "Grant", "ssusb", "1-2", "allow", 60, "x", 0)), 1);
        assert_int_equal(events("requested"), 1);
        assert_int_equal(events("given"), 0);
        assert_int_equal(scene_gate("release 1-2"), 0);
        grant("allow", 60, false);
        assert_int_equal(result_of(call_as(NOBODY, false, "Revoke", "s", "1-2")), 1);
        assert_int_equal(events("ended"), 0);
}

/* By its port then, and another model in that port is another one. */
static void without_a_serial_it_is_the_port(void **state_)
{
        struct bed_usb plain = stick, elsewhere;
        const char *devpath;

        (void) state_;
        plain.serial = "0";
        elsewhere = plain;
        elsewhere.port = "1-3";
        elsewhere.devnum = 9;
        begin(BLOCK);
        devpath = scene_plug(&plain);
        UNTIL(strcmp(state(), "refused") == 0 && inventory_find(scene.agent->inventory, "1-2")->strings_known);
        grant("allow", 60, false);
        UNTIL(scene_gate("release 1-2") == 1);
        scene_unplug(devpath);
        scene_plug(&elsewhere);
        UNTIL(scene_gate("refuse 1-3") == 1);
        devpath = scene_plug(&plain);
        add_lun(devpath, 4);
        UNTIL(strcmp(state(), "allowed") == 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(what_is_refused_opens_and_says_until_when),
                TEST(read_only_is_never_more),
                TEST(it_is_warned_of_and_then_closed),
                TEST(what_is_in_use_gets_one_extension),
                TEST(what_is_let_go_in_the_extension_is_not_cut_off),
                TEST(a_policy_cuts_nothing_off),
                TEST(what_goes_back_to_reading_is_cut_off_too),
                TEST(it_survives_a_re_plug_and_no_other_stick_has_it),
                TEST(unplugged_it_ends_too),
                TEST(nothing_opens_after_its_end),
                TEST(a_clock_that_is_set_changes_nothing),
                TEST(a_restart_keeps_it_and_its_extension),
                TEST(a_restart_after_its_end_cuts_it_off),
                TEST(a_reboot_ends_it),
                TEST(unless_it_was_to_be_kept),
                TEST(a_clock_set_back_over_a_reboot_gives_no_more),
                TEST(what_ends_while_the_laptop_is_off_has_ended),
                TEST(it_is_taken_back),
                TEST(a_new_one_takes_its_place),
                TEST(bounds_hold),
                TEST(there_are_not_too_many),
                TEST(not_in_audit_mode),
                TEST(others_may_not),
                TEST(without_a_serial_it_is_the_port),
        };

        return cmocka_run_group_tests(tests, scenebus_init, scenebus_done);
}
