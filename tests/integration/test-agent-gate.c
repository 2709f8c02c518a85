/* links: tests/bed/scene.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Open and closed: who wishes what, what the kernel says, and who wins. */

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "agent/inventory.h"
#include "agent/parts.h"
#include "tests/bed/scene.h"
#include "tests/bed/stick.h"

#define BLOCK     "[policy]\nversion = 1\nmode = enforce\n"
#define SCSI_OPEN "LEKDICHT_REASON=scsi open, mmc closed, memstick closed; for 1 s at most"
#define AUDIT     "[policy]\nversion = 2\nmode = audit\n"

static void set_buses(const char *autoprobe)
{
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "%s\n", autoprobe);
        bed_text(&scene.bed, "sys/bus/mmc/drivers_autoprobe", "%s\n", autoprobe);
        bed_text(&scene.bed, "sys/bus/memstick/drivers_autoprobe", "%s\n", autoprobe);
}

static bool is_closed(void)
{
        struct gateview view;

        gatewatch_view(scene.agent->gatewatch, &view);
        return view.gate == GATE_CLOSED;
}

/* What lekdicht-gate does when IT calls it in a shell. */
static void by_hand(bool open, bool keep)
{
        if (open && keep)
                bed_text(&scene.bed, "etc/lekdicht/gate.open", "by-command\n");
        if (!open)
                bed_remove(&scene.bed, "etc/lekdicht/gate.open");
        if (open)
                bed_text(&scene.bed, "run/lekdicht/open", "%s", "");
        else
                bed_text(&scene.bed, "run/lekdicht/armed", "%s", "");
        bed_remove(&scene.bed, open ? "run/lekdicht/armed" : "run/lekdicht/open");
        set_buses(open ? "1" : "0");
}

static void closed_gate_is_left_alone(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.closed", NULL), 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.agent.started", NULL), 1);
}

static void open_gate_is_closed_at_start(void **state)
{
        (void) state;
        set_buses("1");
        bed_remove(&scene.bed, "run/lekdicht/armed");
        scene_start(BLOCK);
        UNTIL(scene_gate("close ") == 1 && is_closed());
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.closed", NULL) == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_int_equal(scene_gate("close "), 1);
}

static void devices_wait_until_it_is_closed(void **state)
{
        (void) state;
        set_buses("1");
        bed_text(&scene.bed, "hang/close", "%s", "");
        bed_usb(&scene.bed, &stick, true);
        scene_start(BLOCK);
        UNTIL(scene_gate("close ") == 1);
        scene_run(300);
        assert_int_equal(scene_gate_calls(), 1);
        /* What carries the system is known only now. */
        bed_remove(&scene.bed, "hang/close");
        UNTIL(scene_gate("refuse 1-2") == 1);
}

static void missing_bus_is_no_closed_gate(void **state)
{
        (void) state;
        bed_remove(&scene.bed, "sys/bus/memstick");
        scene_start(BLOCK);
        UNTIL(scene_gate("close ") == 1);
        /* It did not help here; once is enough until something changes. */
        scene_run(500);
        assert_int_equal(scene_gate_calls(), 1);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        bed_text(&scene.bed, "sys/bus/memstick/drivers_autoprobe", "1\n");
        bed_device(&scene.bed, "/module/memstick", "module", "");
        scene_event("add", "/module/memstick");
        UNTIL(scene_gate("close ") == 2 && is_closed());
}

static void drift_is_put_right(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_run(300);
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "1\n");
        bed_device(&scene.bed, "/module/scsi_mod", "module", "");
        scene_event("add", "/module/scsi_mod");
        UNTIL(scene_gate("close ") == 1 && is_closed());
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", SCSI_OPEN, NULL), 1);
}

/* No event of the kernel tells of it. */
static void a_write_is_put_right_at_once(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_run(300);
        for (unsigned n = 1; n <= 2; n++) {
                bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "1\n");
                UNTIL(scene_gate("close ") == n && is_closed());
                assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", SCSI_OPEN, NULL), n);
                scene_run(300); /* the gate's child has been seen to end, which is a reason to look too */
        }
        assert_int_equal(scene_gate_calls(), 2);
}

/* The gate was closed so many seconds ago. */
static void closed_since(time_t seconds)
{
        struct timespec times[2] = { { .tv_sec = time(NULL) - seconds }, { .tv_sec = time(NULL) - seconds } };
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/run/lekdicht/armed", scene.bed.root);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Closed in this boot, and open when we come: nobody saw it happen, but it was not before. */
static void drift_while_nobody_looked_is_told(void **state)
{
        (void) state;
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "1\n");
        closed_since(100);
        scene_start(BLOCK);
        UNTIL(scene_gate("close ") == 1 && is_closed());
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL) == 1);
        assert_int_equal(
                scene_journal("LEKDICHT_REASON=scsi open, mmc closed, memstick closed; for 100 s at most", NULL) +
                        scene_journal("LEKDICHT_REASON=scsi open, mmc closed, memstick closed; for 101 s at most",
                                      NULL),
                1);
}

static void a_rule_that_is_taken_away_is_told(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_run(300);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
        /* As an installation does it. */
        bed_remove(&scene.bed, "rules.d/61-lekdicht-hold.rules");
        bed_text(&scene.bed, "rules.d/61-lekdicht-hold.rules", "%s", "");
        scene_run(2500);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
        for (unsigned n = 1; n <= 2; n++) {
                bed_remove(&scene.bed, "rules.d/61-lekdicht-hold.rules");
                UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift",
                                    "LEKDICHT_REASON=udev rule 61-lekdicht-hold.rules is missing; for 3 s at most",
                                    NULL) == n);
                bed_text(&scene.bed, "rules.d/61-lekdicht-hold.rules", "%s", "");
                scene_run(2500);
        }
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 2);
        assert_int_equal(scene_gate_calls(), 0);
}

/* Closing by hand begins with its flag, loads modules, and closes one bus after another. */
static void closing_by_hand_is_no_drift(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_run(300);
        by_hand(true, false);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.opened", NULL) == 1);
        bed_text(&scene.bed, "run/lekdicht/armed", "%s", "");
        bed_remove(&scene.bed, "run/lekdicht/open");
        scene_run(200);
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "0\n");
        bed_device(&scene.bed, "/module/mmc_core", "module", "");
        scene_event("add", "/module/mmc_core");
        scene_run(300);
        assert_int_equal(scene_gate_calls(), 0);
        set_buses("0");
        scene_run(3500);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
}

static void bus_that_goes_is_drift(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_run(300);
        bed_device(&scene.bed, "/bus/scsi", "bus", "");
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "0\n");
        scene_event("remove", "/bus/scsi");
        bed_remove(&scene.bed, "sys/bus/scsi");
        UNTIL(scene_gate("close ") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift",
                                       "LEKDICHT_REASON=scsi absent, mmc closed, memstick closed; for 1 s at most",
                                       NULL),
                         1);
}

static void opened_by_hand_is_honoured(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && strcmp(state_of("1-2"), "refused") == 0);
        by_hand(true, true);
        UNTIL(strcmp(state_of("1-2"), "gate-open") == 0);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.opened", "LEKDICHT_REASON=by command", NULL) == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_GATE=open", NULL), 1);
        scene_run(3500);
        assert_int_equal(scene_gate_calls(), 1);
        /* And closed again. */
        bed_attribute(&scene.bed, "/devices/pci0000:00/0000:00:14.0/usb1/1-2", "authorized", "1");
        by_hand(false, false);
        UNTIL(scene_gate("refuse 1-2") == 2);
        assert_int_equal(scene_gate("close "), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
}

static void wish_outlasts_a_restart(void **state)
{
        (void) state;
        by_hand(true, true);
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(strcmp(state_of("1-2"), "gate-open") == 0);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        assert_int_equal(
                scene_journal("LEKDICHT_EVENT=lekdicht.device.opened", "LEKDICHT_GATE=open", "LEKDICHT_AUDIT=no", NULL),
                1);
}

static void wish_alone_is_carried_out(void **state)
{
        (void) state;
        bed_text(&scene.bed, "etc/lekdicht/gate.open", "by-command\n");
        scene_start(BLOCK);
        UNTIL(scene_gate("open ") == 1);
        scene_plug(&stick);
        UNTIL(strcmp(state_of("1-2"), "gate-open") == 0);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1);
}

static void until_reboot_needs_no_wish(void **state)
{
        (void) state;
        by_hand(true, false);
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(strcmp(state_of("1-2"), "gate-open") == 0);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 0);
        /* Someone closes a bus by hand: that is not what IT said. */
        bed_text(&scene.bed, "sys/bus/scsi/drivers_autoprobe", "0\n");
        agent_reconcile(scene.agent);
        UNTIL(scene_gate("open --until-reboot") == 1);
}

static void audit_opens_and_says_what_would_be(void **state)
{
        (void) state;
        scene_start(AUDIT);
        UNTIL(scene_gate("open --audit") == 1 && bed_exists(&scene.bed, "etc/lekdicht/gate.open"));
        scene_plug(&stick);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_AUDIT=yes",
                            "LEKDICHT_REASON=audit: would have been refused by [storage] usb-disk", NULL) == 1);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.gate.opened", "LEKDICHT_REASON=audit mode", NULL) == 1);
        scene_run(200);
        assert_int_equal(scene_gate_calls(), 1);
        assert_int_equal(scene.agent->n_refused, 0);
        /* To enforce: closed, and what is there is refused. */
        scene_policy(BLOCK);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(scene_gate("close ") == 1 && is_closed());
        UNTIL(scene_gate("refuse 1-2") == 1);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.gate.drift", NULL), 0);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_AUDIT=no", NULL), 1);
}

/* What would have been refused is a card, not the slot for one. */
static void audit_does_not_count_empty_slots(void **state)
{
        static const struct bed_usb printer = { .port = "1-8",
                                                .vendor = 0x04b8,
                                                .product = 0x1142,
                                                .devnum = 40,
                                                .interfaces = { { 0x07, 0x01, 0x02, NULL }, BED_BOT } };
        char path[BED_PATH * 2];
        const char *lun;

        (void) state;
        scene_start(AUDIT);
        snprintf(path, sizeof(path), "%s/1-8:1.1", scene_plug(&printer));
        lun = bed_lun(&scene.bed, path, 5, 0, 0, "EPSON", "Storage");
        bed_bind(&scene.bed, lun, "sd", "sdb", 21);
        bed_attribute(&scene.bed, lun, "block/sdb/size", "0");
        scene_event("add", lun);
        for (unsigned i = 0; i < 3; i++)
                scene_run(3000);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL), 0);
        bed_attribute(&scene.bed, lun, "block/sdb/size", "15523840");
        snprintf(path, sizeof(path), "%s/block/sdb", lun);
        scene_event("change", path);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_AUDIT=yes", "LEKDICHT_PORT=1-8",
                            NULL) == 1);
}

static void audit_from_enforce_gives_back(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && strcmp(state_of("1-2"), "refused") == 0);
        scene_policy(AUDIT);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(scene_gate("open --audit") == 1);
        UNTIL(strcmp(state_of("1-2"), "gate-open") == 0);
}

static void nothing_stays_dead_when_it_opens_meanwhile(void **state)
{
        (void) state;
        scene_start(BLOCK);
        bed_text(&scene.bed, "hang/1-2", "%s", "");
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        by_hand(true, true);
        UNTIL(strcmp(state_of("1-2"), "gate-open") == 0);
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(scene_gate("release 1-2") == 1);
}

static void failing_gate_is_told(void **state)
{
        (void) state;
        set_buses("1");
        bed_text(&scene.bed, "exit/close", "1\n");
        scene_start(BLOCK);
        UNTIL(scene_gate("close ") == 1);
        scene_run(100);
        assert_true(scene_journal_has("cannot close the gate"));
        /* Devices are refused all the same. */
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1);
        UNTIL(scene_gate("close ") == 2);
}

static void hang_up_reads_the_policy(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_policy("[policy]\nversion = 9\nmode = enforce\n");
        raise(SIGHUP);
        UNTIL(scene.agent->store.policy->version == 9);
}

static void term_stops_and_leaves_all_as_it_is(void **state)
{
        (void) state;
        scene_start(BLOCK);
        scene_plug(&stick);
        UNTIL(scene_gate("refuse 1-2") == 1 && strcmp(state_of("1-2"), "refused") == 0);
        raise(SIGTERM);
        UNTIL(sd_event_get_state(scene.loop) == SD_EVENT_FINISHED ||
              sd_event_get_state(scene.loop) == SD_EVENT_EXITING);
        assert_int_equal(scene_journal("LEKDICHT_EVENT=lekdicht.agent.stopped", NULL), 1);
        assert_true(is_closed());
        assert_int_equal(scene_gate_calls(), 1);
        assert_string_equal(bed_get(&scene.bed, "/devices/pci0000:00/0000:00:14.0/usb1/1-2", "authorized"), "0");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
                TEST(closed_gate_is_left_alone),
                TEST(open_gate_is_closed_at_start),
                TEST(devices_wait_until_it_is_closed),
                TEST(missing_bus_is_no_closed_gate),
                TEST(drift_is_put_right),
                TEST(a_write_is_put_right_at_once),
                TEST(drift_while_nobody_looked_is_told),
                TEST(a_rule_that_is_taken_away_is_told),
                TEST(closing_by_hand_is_no_drift),
                TEST(bus_that_goes_is_drift),
                TEST(opened_by_hand_is_honoured),
                TEST(wish_outlasts_a_restart),
                TEST(wish_alone_is_carried_out),
                TEST(until_reboot_needs_no_wish),
                TEST(audit_opens_and_says_what_would_be),
                TEST(audit_does_not_count_empty_slots),
                TEST(audit_from_enforce_gives_back),
                TEST(nothing_stays_dead_when_it_opens_meanwhile),
                TEST(failing_gate_is_told),
                TEST(hang_up_reads_the_policy),
                TEST(term_stops_and_leaves_all_as_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
