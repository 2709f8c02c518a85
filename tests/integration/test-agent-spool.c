/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/bed.c @lekdichtd libs: cmocka umockdev-1.0 libsystemd libudev inih libsodium sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is recorded, who may have it, and who is told: the agent on a private bus, with its spool on a real disk. */

#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/parts.h"
#include "agent/subscribers.h"
#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"
#include "tests/bed/stick.h"

#define BLOCK                                                                                                          \
        "[policy]\nversion = 1\nmode = enforce\n[school]\nname = De Wilgen\nservicedesk = Bel 1234\nservicedesk-url "  \
        "= "                                                                                                           \
        "https://desk.example\n[place onedrive]\nlabel = OneDrive\nurl = https://onedrive.example\n[place "            \
        "teams]\nlabel = Teams\nurl = https://teams.example\n[notices]\nper-hour = 7\n[notice usb-disk.nl]\ntitle = "  \
        "Deze "                                                                                                        \
        "niet\n[notice several.en]\ntext = Ask.\n"
#define AUDIT     "[policy]\nversion = 2\nmode = audit\n"
#define ALLOW     "[policy]\nversion = 3\nmode = enforce\n[storage]\nusb-disk = allow\nsd-card = allow\noptical = allow\n"
#define READ_ONLY "[policy]\nversion = 4\n[storage]\nusb-disk = read-only\nsd-card = read-only\noptical = read-only\n"
#define ENCRYPTED "[policy]\nversion = 5\n[storage]\nusb-disk = encrypted\nsd-card = encrypted\n"
#define REPORTER  1 /* some user that there is: the bus wants to know its groups */
#define RECORDS   1024

/* What Events or Recent answered last. */
static struct {
        char *resource;
        uint64_t seq[RECORDS];
        char *text[RECORDS];
        size_t n;
} got;

static unsigned n_recorded, n_notices, n_strays;
static char notice[16][4096]; /* "Key=value\n" each */
static sd_bus *stranger;

static const char *note(unsigned i, const char *key)
{
        static char value[1024];
        char wanted[64];
        const char *at;

        snprintf(wanted, sizeof(wanted), "\n%s=", key);
        at = strstr(notice[i], wanted);
        assert_non_null(at);
        at += strlen(wanted);
        snprintf(value, sizeof(value), "%.*s", (int) strcspn(at, "\n"), at);
        return value;
}

static int on_recorded(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) message;
        (void) userdata;
        (void) error;
        n_recorded++;
        return 0;
}

static int on_notice(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        static const char *const keys[] = { "Kind",      "Plug",        "DeviceKind",     "Name",       "Code",
                                            "School",    "Servicedesk", "ServicedeskUrl", "LeakReport", "LeakReportUrl",
                                            "Simulated", "Places",      "Texts",          "PerHour" };
        char *text = notice[n_notices % 16];

        (void) userdata;
        (void) error;
        strcpy(text, "\n");
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                assert_true(sd_bus_message_rewind(message, true) >= 0);
                sprintf(text + strlen(text), "%s=%s\n", keys[i], value_of(message, keys[i]));
        }
        n_notices++;
        return 0;
}

static int on_stray(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) userdata;
        (void) error;
        if (sd_bus_message_is_signal(message, NAME, "Notice"))
                n_strays++;
        return 0;
}

static void listen_to(sd_bus *bus, const char *signal, sd_bus_message_handler_t handler)
{
        assert_true(sd_bus_match_signal_async(bus, NULL, NAME, PATH, NAME, signal, handler, NULL, NULL) >= 0);
}

static void forget(void)
{
        free(got.resource);
        for (size_t i = 0; i < got.n; i++)
                free(got.text[i]);
        memset(&got, 0, sizeof(got));
}

static void read_records(bool with_resource)
{
        const char *text;
        uint64_t seq;

        forget();
        assert_false(is_error(NULL));
        if (with_resource) {
                assert_true(sd_bus_message_read(answer, "s", &text) > 0);
                got.resource = strdup(text);
        }
        assert_true(sd_bus_message_enter_container(answer, 'a', "(ts)") > 0);
        while (sd_bus_message_read(answer, "(ts)", &seq, &text) > 0) {
                assert_true(got.n < RECORDS);
                got.seq[got.n] = seq;
                got.text[got.n++] = strdup(text);
        }
}

static void events(uint64_t after, uint32_t max)
{
        call("Events", "tu", after, max);
        read_records(true);
}

static void recent(uint32_t n, const char *filter)
{
        call("Recent", "us", n, filter);
        read_records(false);
}

/* The only record of that name, among those got. */
static const char *record_of(const char *name)
{
        const char *found = NULL;
        char wanted[128];

        snprintf(wanted, sizeof(wanted), "\"eventName\":\"%s\"", name);
        for (size_t i = 0; i < got.n; i++)
                if (strstr(got.text[i], wanted)) {
                        assert_null(found);
                        found = got.text[i];
                }
        assert_non_null(found);
        return found;
}

static void assert_has(const char *record, const char *key, const char *value)
{
        char wanted[512];

        snprintf(wanted, sizeof(wanted), "{\"key\":\"%s\",\"value\":{%s}}", key, value);
        if (!strstr(record, wanted))
                fail_msg("%s is not in %s", wanted, record);
}

static uint64_t int_of(const char *record, const char *key)
{
        char wanted[128];
        const char *at;

        snprintf(wanted, sizeof(wanted), "{\"key\":\"%s\",\"value\":{\"intValue\":\"", key);
        at = strstr(record, wanted);
        assert_non_null(at);
        return strtoull(at + strlen(wanted), NULL, 10);
}

static bool is_recorded(const char *name)
{
        char wanted[128];

        recent(1000, name);
        snprintf(wanted, sizeof(wanted), "\"eventName\":\"%s\"", name);
        return got.n > 0 && strstr(got.text[got.n - 1], wanted);
}

static int setup(void **state)
{
        n_recorded = n_notices = n_strays = 0;
        if (scene_setup(state) < 0)
                return -1;
        start_bus(NULL);
        client = join();
        stranger = join();
        listen_to(client, "Recorded", on_recorded);
        listen_to(client, "Notice", on_notice);
        assert_true(sd_bus_add_filter(stranger, NULL, on_stray, NULL) >= 0);
        listen_to(stranger, "Notice", on_stray);
        return 0;
}

static int teardown(void **state)
{
        forget();
        answer = sd_bus_message_unref(answer);
        client = sd_bus_close_unref(client);
        stranger = sd_bus_close_unref(stranger);
        scene_teardown(state);
        stop_bus();
        return 0;
}

/* ---- records ---- */

static void a_refused_stick_is_recorded_and_fetched(void **state)
{
        const char *record;
        char field[64];
        uint64_t last;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        /* What comes before the store is open has no number in the journal yet. */
        UNTIL(is_recorded("lekdicht.agent.started"));
        scene_plug(&stick);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == 1);
        UNTIL(is_recorded("lekdicht.device.refused"));
        UNTIL(n_recorded >= 1);

        events(0, 200);
        assert_non_null(strstr(got.resource, "{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":"
                                             "\"lekdicht\"}},{\"key\":\"service.version\",\"value\":{\"stringValue\":"
                                             "\"" LEKDICHT_VERSION "\"}},{\"key\":\"host.id\",\"value\":"));
        assert_non_null(strstr(got.resource, "{\"key\":\"os.type\",\"value\":{\"stringValue\":\"linux\"}}]}"));
        for (size_t i = 0; i < got.n; i++)
                assert_int_equal(got.seq[i], i + 1);
        record = record_of("lekdicht.agent.started");
        assert_ptr_equal(record, got.text[0]);
        assert_has(record, "lekdicht.agent.clean", "\"boolValue\":true");
        record = record_of("lekdicht.device.refused");
        assert_has(record, "lekdicht.device.kind", "\"stringValue\":\"usb-disk\"");
        assert_has(record, "device.vendor.id", "\"stringValue\":\"0951\"");
        assert_has(record, "device.product.id", "\"stringValue\":\"1666\"");
        assert_has(record, "device.product.name", "\"stringValue\":\"Kingston DataTraveler\"");
        assert_has(record, "lekdicht.port", "\"stringValue\":\"1-2\"");
        assert_has(record, "lekdicht.rule", "\"stringValue\":\"[storage] usb-disk\"");
        assert_has(record, "lekdicht.reason", "\"stringValue\":\"refused by [storage] usb-disk\"");
        assert_has(record, "lekdicht.audit", "\"boolValue\":false");
        assert_null(strstr(record, "lekdicht.simulated"));
        /* The journal names the same event. */
        snprintf(field, sizeof(field), "LEKDICHT_UID=%.26s", strstr(record, "\"log.record.uid\"") + 41);
        assert_int_equal(scene_journal(field, "LEKDICHT_EVENT=lekdicht.device.refused", NULL), 1);
        snprintf(field, sizeof(field), "LEKDICHT_SEQ=%u", (unsigned) int_of(record, "event.sequence"));
        assert_int_equal(scene_journal(field, "LEKDICHT_EVENT=lekdicht.device.refused", NULL), 1);
        record = record_of("lekdicht.policy.applied");
        assert_has(record, "lekdicht.policy.mode", "\"stringValue\":\"enforce\"");
        assert_has(record, "lekdicht.privacy.user", "\"stringValue\":\"none\"");
        assert_string_equal(status("Spool"), "ok");
        assert_string_equal(status("SpoolDropped"), "0");

        events(0, 2);
        assert_int_equal(got.n, 2);
        last = got.seq[1];
        events(last, 1);
        assert_int_equal(got.seq[0], last + 1);
        call("Acknowledge", "t", last);
        assert_false(is_error(NULL));
        events(0, 200);
        assert_int_equal(got.seq[0], last + 1);
        /* What is acknowledged is still there to be read. */
        recent(1000, "");
        assert_int_equal(got.seq[0], 1);
        recent(1, "lekdicht.agent");
        assert_int_equal(got.n, 1);
        record_of("lekdicht.agent.started");
}

static void only_what_was_handed_out_is_acknowledged(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        call("Acknowledge", "t", (uint64_t) 1);
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        events(0, 1);
        assert_int_equal(got.seq[0], 1);
        call("Acknowledge", "t", (uint64_t) 2);
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        call("SetAside", "ts", (uint64_t) 2, "rejected");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        call("SetAside", "ts", (uint64_t) 1, "because");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        call("SetAside", "ts", (uint64_t) 1, "rejected");
        assert_false(is_error(NULL));
        assert_string_equal(status("SetAside"), "1");
        call("SetAside", "ts", (uint64_t) 1, "rejected");
        assert_false(is_error(NULL));
        assert_string_equal(status("SetAside"), "1");
        UNTIL(is_recorded("lekdicht.spool.dropped")); /* its number is explained, and once */
        recent(10, "lekdicht.spool.dropped");
        assert_int_equal(got.n, 1);
        assert_has(got.text[0], "lekdicht.dropped.first", "\"intValue\":\"1\"");
        assert_has(got.text[0], "lekdicht.dropped.last", "\"intValue\":\"1\"");
        events(0, 200);
        assert_int_equal(got.seq[0], 2);
        call("Acknowledge", "t", got.seq[got.n - 1]);
        assert_false(is_error(NULL));
        assert_string_equal(status("SpoolQueue"), "0");
        recent(1000, "");
        assert_int_equal(got.seq[0], 1);
        call("Recent", "us", 0, "");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        call("Recent", "us", 1001, "");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
        call("Recent", "us", 1, "%' OR 1");
        assert_true(is_error("org.lekdicht.Error.InvalidArgument"));
}

static void only_the_reporter_fetches(void **state)
{
        (void) state;
        scene.config.reporter_uid = REPORTER;
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        assert_int_equal(result_of(call_as(NOBODY, false, "Events", "tu", (uint64_t) 0, 10)), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "Acknowledge", "t", (uint64_t) 1)), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "SetAside", "ts", (uint64_t) 1, "rejected")), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "Recent", "us", 10, "")), 1);
        assert_int_equal(result_of(call_as(REPORTER, false, "Events", "tu", (uint64_t) 0, 10)), 0);
        assert_int_equal(result_of(call_as(REPORTER, false, "SetAside", "ts", (uint64_t) 1, "too-large")), 0);
        assert_int_equal(result_of(call_as(REPORTER, false, "Acknowledge", "t", (uint64_t) 1)), 0);
        /* Reading is polkit's to allow, for the reporter as for anyone. */
        assert_int_equal(result_of(call_as(REPORTER, false, "Recent", "us", 10, "")), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "Subscribe", "")), 0);
}

/* ---- notices ---- */

static void one_plug_is_one_notice(void **state)
{
        char plug[64];
        const char *code;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        assert_false(is_error(NULL));
        scene_plug(&stick);
        UNTIL(n_notices == 1);
        /* Refused by then, and recorded. */
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        recent(1, "lekdicht.device.refused");
        assert_int_equal(got.n, 1);
        code = note(0, "Code");
        assert_int_equal(strlen(code), 6);
        assert_non_null(strstr(got.text[0], code));
        assert_string_equal(note(0, "Kind"), "device-refused");
        assert_string_equal(note(0, "DeviceKind"), "usb-disk");
        assert_string_equal(note(0, "Name"), "Kingston DataTraveler");
        assert_string_equal(note(0, "School"), "De Wilgen");
        assert_string_equal(note(0, "Servicedesk"), "Bel 1234");
        assert_string_equal(note(0, "ServicedeskUrl"), "https://desk.example");
        assert_string_equal(note(0, "LeakReport"), "");
        assert_string_equal(note(0, "Simulated"), "no");
        assert_string_equal(note(0, "Places"),
                            "onedrive=OneDrive=https://onedrive.example teams=Teams=https://teams.example ");
        assert_string_equal(note(0, "Texts"), "usb-disk.nl=Deze niet= several.en==Ask. ");
        assert_string_equal(note(0, "PerHour"), "7");
        snprintf(plug, sizeof(plug), "%s", note(0, "Plug"));
        assert_memory_equal(plug, "1-2#", 4);
        /* Judged again, it is the same plug. */
        assert_int_equal(agent_reload(scene.agent), 1);
        scene_run(200);
        assert_int_equal(n_notices, 1);
        /* Pulled and plugged in again, it is another. */
        scene_unplug("/devices/pci0000:00/0000:00:14.0/usb1/1-2");
        scene_plug(&stick);
        UNTIL(n_notices == 2);
        assert_string_not_equal(note(1, "Plug"), plug);
        assert_int_equal(n_strays, 0);
        /* And nobody is told who does not want to be. */
        call("Unsubscribe", "");
        scene_unplug("/devices/pci0000:00/0000:00:14.0/usb1/1-2");
        scene_plug(&stick);
        UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", NULL) == 3);
        scene_run(300);
        assert_int_equal(n_notices, 2);
}

/* Who charges a phone is told once that its files stay where they are, and nothing says whose it is. */
static void a_phone_is_told_once_a_day(void **state)
{
        static const struct bed_usb camera = {
                .port = "1-2", .vendor = 0x04a9, .product = 0x3192, .devnum = 4, .interfaces = { { 6, 1, 1, NULL } }
        };
        static const struct bed_usb phone = { .port = "1-2",
                                              .vendor = 0x04e8,
                                              .product = 0x6860,
                                              .manufacturer = "SAMSUNG",
                                              .name = "Fenna's Galaxy",
                                              .serial = "R58M123ABCD",
                                              .devnum = 5,
                                              .interfaces = { { 6, 1, 1, "MTP" } } };
        /* A number alone would be found in a time some day. */
        static const char *const secrets[] = { "\"04e8\"",    "\"6860\"", "04e8:6860", "SAMSUNG",  "Fenna",
                                               "R58M123ABCD", "\"04a9\"", "\"3192\"",  "04a9:3192" };
        unsigned n;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        scene_plug(&camera);
        UNTIL(scene_journal("LEKDICHT_KIND=phone-ptp", NULL) == 1);
        scene_run(800);
        assert_int_equal(n_notices, 0);
        scene_unplug("/devices/pci0000:00/0000:00:14.0/usb1/1-2");
        for (n = 1; n <= 3; n++) {
                scene_plug(&phone);
                UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.refused", "LEKDICHT_KIND=phone-mtp", NULL) == n);
                UNTIL(n_notices == (n < 3 ? 1U : 2U));
                scene_run(800);
                assert_int_equal(n_notices, n < 3 ? 1 : 2);
                scene_unplug("/devices/pci0000:00/0000:00:14.0/usb1/1-2");
                UNTIL(scene_journal("LEKDICHT_EVENT=lekdicht.device.removed", "LEKDICHT_KIND=phone-mtp", NULL) == n);
                if (n == 2)
                        scene.agent->phone_told--; /* that was yesterday */
        }
        assert_string_equal(note(0, "DeviceKind"), "phone-mtp");
        assert_string_equal(note(0, "Name"), "");
        recent(20, "lekdicht.device");
        assert_int_equal(got.n, 8);
        for (size_t i = 0; i < got.n; i++)
                for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++)
                        assert_null(strstr(got.text[i], secrets[k]));
}

static const struct bed_usb two_disks = {
        .port = "1-3", .vendor = 0x1d6b, .product = 0x0104, .devnum = 8, .interfaces = { BED_HID, BED_BOT, BED_BOT }
};

static void what_was_there_before_us_is_no_plug(void **state)
{
        (void) state;
        bed_usb(&scene.bed, &stick, true);
        bed_text(&scene.bed, "hang/1-2", "%s", "");
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(is_recorded("lekdicht.device.refused"));
        UNTIL(strcmp(explained("1-2", "State"), "refused") == 0);
        scene_run(800);
        assert_int_equal(n_notices, 0);
        /* A restart finds it refused, and that is no plug either. */
        scene_stop();
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        UNTIL(is_recorded("lekdicht.device.inventory"));
        scene_run(300);
        assert_int_equal(n_notices, 0);
        /* But another is. */
        scene_plug(&two_disks);
        UNTIL(n_notices == 1);
        scene_run(300);
        assert_int_equal(n_notices, 1); /* for all its interfaces */
        assert_memory_equal(note(0, "Plug"), "1-3#", 4);
}

/* The school changed its mind; whoever has a stick in use hears that from people. */
static void what_is_judged_anew_is_no_plug(void **state)
{
        char interface[BED_PATH * 2];

        (void) state;
        scene_start(ALLOW);
        agent_answers();
        call("Subscribe", "");
        snprintf(interface, sizeof(interface), "%s/1-2:1.0", scene_plug(&stick));
        scene_event("add", bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(is_recorded("lekdicht.device.opened"));
        scene_policy(BLOCK);
        assert_int_equal(agent_reload(scene.agent), 1);
        UNTIL(is_recorded("lekdicht.device.refused"));
        UNTIL(scene_gate("refuse 1-2") == 1 && strcmp(explained("1-2", "State"), "refused") == 0);
        scene_run(800);
        assert_int_equal(n_notices, 0);
}

static void audit_tells_nobody(void **state)
{
        (void) state;
        scene_start(AUDIT);
        agent_answers();
        UNTIL(scene_gate("open --audit") == 1);
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(is_recorded("lekdicht.device.refused"));
        recent(1, "lekdicht.device.refused");
        assert_has(got.text[0], "lekdicht.audit", "\"boolValue\":true");
        scene_run(300);
        assert_int_equal(n_notices, 0);
}

static void what_the_gate_could_not_do_is_not_told(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        bed_text(&scene.bed, "hang/1-2", "%s", "");
        scene_plug(&stick);
        UNTIL(is_recorded("lekdicht.device.refused"));
        scene_run(800);
        assert_int_equal(n_notices, 0);
        bed_remove(&scene.bed, "hang/1-2");
        UNTIL(n_notices == 1);
}

static void who_does_not_sit_here_is_not_told(void **state)
{
        (void) state;
        scene.config.notices_without_session = false;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(is_recorded("lekdicht.device.refused"));
        scene_run(800);
        assert_int_equal(n_notices, 0);
}

static void simulated_is_said_everywhere(void **state)
{
        (void) state;
        scene.config.simulated = true;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(n_notices == 1);
        assert_string_equal(note(0, "Simulated"), "yes");
        recent(1, "lekdicht.device.refused");
        assert_has(got.text[0], "lekdicht.simulated", "\"boolValue\":true");
}

static void subscribers_are_bounded_and_forgotten(void **state)
{
        sd_bus *many[SUBSCRIBERS_USER_MAX + 1];
        sd_bus *own = client;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        /* Who is gone does not count. */
        for (unsigned i = 0; i < SUBSCRIBERS_USER_MAX + 2; i++)
                assert_int_equal(result_of(call_as(NOBODY, false, "Subscribe", "")), 0);
        for (unsigned i = 0; i < SUBSCRIBERS_USER_MAX + 1; i++) {
                many[i] = client = join();
                call("Subscribe", "");
                assert_true(i < SUBSCRIBERS_USER_MAX ? !is_error(NULL) : is_error(SD_BUS_ERROR_LIMITS_EXCEEDED));
                call("Subscribe", ""); /* twice is once */
        }
        client = own;
        call("Subscribe", "");
        assert_true(is_error(SD_BUS_ERROR_LIMITS_EXCEEDED));
        sd_bus_close_unref(many[0]);
        scene_run(100);
        call("Subscribe", "");
        assert_false(is_error(NULL));
        for (unsigned i = 1; i < SUBSCRIBERS_USER_MAX + 1; i++)
                sd_bus_close_unref(many[i]);
}

static void many_events_are_few_signals(void **state)
{
        (void) state;
        scene_start(BLOCK);
        agent_answers();
        scene_run(300);
        n_recorded = 0;
        for (unsigned i = 0; i < 200; i++) {
                assert_int_equal(agent_reload(scene.agent), 1);
                scene_run(2);
        }
        UNTIL(is_recorded("lekdicht.policy.applied"));
        scene_run(200);
        assert_true(n_recorded >= 1);
        assert_true(n_recorded < 40);
}

/* ---- over restarts, and in trouble ---- */

static void numbers_go_on_after_a_restart(void **state)
{
        uint64_t last;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        record_of("lekdicht.policy.applied");
        recent(1000, "");
        last = got.seq[got.n - 1];
        scene_stop();
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        recent(1000, "");
        for (size_t i = 0; i < got.n; i++)
                assert_int_equal(got.seq[i], i + 1);
        assert_true(got.seq[got.n - 1] > last);
        recent(1, "lekdicht.agent.started");
        assert_has(got.text[0], "lekdicht.agent.clean", "\"boolValue\":true");
}

static void copy_resource(char ret[static 1024])
{
        events(0, 1);
        snprintf(ret, 1024, "%s", got.resource);
}

/* One sign of life, and no next before that has arrived. */
static void signs_of_life_do_not_pile_up(void **state)
{
        uint64_t beat;

        (void) state;
        scene.config.heartbeat_usec = 50000;
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.agent.heartbeat"));
        scene_run(500);
        recent(100, "lekdicht.agent.heartbeat");
        assert_int_equal(got.n, 1);
        assert_has(got.text[0], "lekdicht.gate", "\"stringValue\":\"closed\"");
        assert_has(got.text[0], "lekdicht.policy.version", "\"intValue\":\"1\"");
        assert_has(got.text[0], "lekdicht.policy.mode", "\"stringValue\":\"enforce\"");
        assert_has(got.text[0], "lekdicht.queue.dropped", "\"intValue\":\"0\"");
        beat = got.seq[0];
        events(0, 100);
        call("Acknowledge", "t", beat - 1);
        scene_run(300);
        recent(100, "lekdicht.agent.heartbeat");
        assert_int_equal(got.n, 1);
        call("Acknowledge", "t", beat);
        UNTIL((recent(100, "lekdicht.agent.heartbeat"), got.n == 2));
        scene.config.heartbeat_usec = 0;
}

/* The disk is put into another laptop, with all that is on it. */
static void a_copied_disk_reports_as_another_laptop(void **state)
{
        char first[1024], second[1024];

        (void) state;
        bed_text(&scene.bed, "etc/machine-id", "%s", "0123456789abcdef0123456789abcdef\n");
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        copy_resource(first);
        scene_stop();
        bed_text(&scene.bed, "etc/machine-id", "%s", "fedcba9876543210fedcba9876543210\n");
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.identity.cloned"));
        copy_resource(second);
        assert_string_not_equal(first, second);
        assert_int_equal(got.seq[0], 1);
        recent(1000, "");
        for (size_t i = 0; i < got.n; i++)
                assert_int_equal(got.seq[i], i + 1); /* nothing of the other's */
        recent(10, "lekdicht.agent.started");
        assert_int_equal(got.n, 1);
        assert_true(scene_journal_has("this disk is a copy of another laptop's"));

        scene_stop();
        scene_start(BLOCK); /* and stays that one */
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        copy_resource(first);
        assert_string_equal(first, second);
        recent(10, "lekdicht.identity.cloned");
        assert_int_equal(got.n, 1);
        bed_remove(&scene.bed, "etc/machine-id");
}

static void a_sick_disk_delays_no_refusal_and_no_notice(void **state)
{
        char home[BED_PATH + 8], away[BED_PATH + 16];

        (void) state;
        snprintf(home, sizeof(home), "%s", scene.bed.lib);
        snprintf(away, sizeof(away), "%s.away", scene.bed.lib);
        assert_int_equal(rename(home, away), 0);
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(n_notices == 1);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        assert_int_equal(strlen(note(0, "Code")), 6);
        assert_string_equal(status("Spool"), "failing");
        call("Recent", "us", 10, "");
        assert_true(is_error("org.lekdicht.Error.SpoolFailed"));
        call("Events", "tu", (uint64_t) 0, 10);
        assert_true(is_error("org.lekdicht.Error.SpoolFailed"));
        assert_int_equal(rename(away, home), 0);
        UNTIL(strcmp(status("Spool"), "ok") == 0);
        events(0, 200);
        assert_int_equal(got.seq[0], 1);
        assert_non_null(strstr(record_of("lekdicht.device.refused"), note(0, "Code")));
        assert_string_equal(status("SpoolDropped"), "0");
}

/* Nobody fetches, and far more happens than fits: the least severe goes, each number came or was told of. */
static void a_full_spool_counts_what_it_gives_up(void **state)
{
        uint64_t given = 0, told = 0, last = 0;
        bool refusal = false;

        (void) state;
        scene.config.spool_pages = 60;
        scene_start(BLOCK);
        agent_answers();
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(n_notices == 1);
        for (unsigned i = 0; i < SPOOL_QUEUE_MAX + 600; i++) {
                assert_int_equal(agent_reload(scene.agent), 1);
                if (i % 20 == 0)
                        scene_run(2);
        }
        UNTIL(strtoull(status("SpoolDropped"), NULL, 10) > SPOOL_QUEUE_MAX);
        assert_string_equal(status("Spool"), "ok");
        /* Now the collector is there. */
        for (unsigned i = 0; i < 200 && (last == 0 || given + told < last); i++) {
                events(0, 200);
                for (size_t k = 0; k < got.n; k++, given++) {
                        assert_true(got.seq[k] > last);
                        last = got.seq[k];
                        refusal = refusal || strstr(got.text[k], note(0, "Code"));
                        if (strstr(got.text[k], "lekdicht.spool.dropped"))
                                told += int_of(got.text[k], "lekdicht.dropped.count");
                }
                if (got.n > 0)
                        call("Acknowledge", "t", last);
                assert_false(is_error(NULL));
                scene_run(10);
        }
        assert_int_equal(given + told, last);
        assert_true(refusal);
        assert_int_equal(strtoull(status("SpoolDropped"), NULL, 10), told);
}

/* The same with the bound that IT has set. */
static void the_policy_sets_the_bound(void **state)
{
        (void) state;
        scene.config.spool_pages = 60;
        scene_start(BLOCK "[spool]\nsize = 4 MiB\n");
        agent_answers();
        for (unsigned i = 0; i < SPOOL_QUEUE_MAX + 600; i++) {
                assert_int_equal(agent_reload(scene.agent), 1);
                if (i % 20 == 0)
                        scene_run(5);
        }
        UNTIL(strcmp(status("Spool"), "ok") == 0);
        assert_string_equal(status("SpoolDropped"), "0");
}

/* ---- what is not recorded ---- */

/* The machine's own name may have two letters, which stand in any database by chance. */
#define HOST_NAME "laptop-van-fenna"

static const char *const secrets[] = {
        "60A44C4252E1E4A1", "60a44c4252e1e4a1", "jan.jansen", "/home", "/media", "/etc", "/tmp", "/var", "/sys",
        "/devices",         HOST_NAME
};

static void name_machine(void)
{
        if (unshare(CLONE_NEWUTS) < 0 || sethostname(HOST_NAME, strlen(HOST_NAME)) < 0)
                fail_msg("this machine cannot be given another name");
}

static int search_file(const char *file, const struct stat *st, int type, struct FTW *ftw)
{
        static char bytes[4 << 20];
        FILE *stream;
        size_t size;

        (void) ftw;
        if (type != FTW_F || !strstr(file, "spool.db"))
                return 0;
        stream = fopen(file, "re");
        assert_non_null(stream);
        size = fread(bytes, 1, sizeof(bytes), stream);
        fclose(stream);
        assert_int_equal(size, st->st_size);
        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
                if (memmem(bytes, size, secrets[i], strlen(secrets[i])))
                        fail_msg("%s is in %s", secrets[i], file);
        /* The positive control: the file can be read. */
        if (strstr(file, "spool.db-wal"))
                assert_non_null(memmem(bytes, size, "Kingston DataTraveler", 21));
        return 0;
}

static void search(void)
{
        assert_int_equal(nftw(scene.bed.lib, search_file, 8, FTW_PHYS), 0);
}

/* Every key of every record is one of the list in common/event.c. */
static void check_keys(void)
{
        static const char begin[] = "{\"key\":\"";

        for (size_t i = 0; i < got.n; i++)
                for (const char *at = strstr(got.text[i], begin); at; at = strstr(at + 1, begin)) {
                        const char *key = at + strlen(begin);
                        size_t length = strcspn(key, "\"");
                        bool known = strncmp(key, "log.record.uid", length) == 0 ||
                                     strncmp(key, "event.sequence", length) == 0 ||
                                     strncmp(key, "lekdicht.boot.id", length) == 0;

                        for (int k = 0; k < _EVENT_KEY_MAX; k++)
                                known = known || (strlen(event_key_string(k)) == length &&
                                                  strncmp(key, event_key_string(k), length) == 0);
                        if (!known)
                                fail_msg("%.*s is recorded", (int) length, key);
                }
}

static void nothing_of_people_and_places_is_recorded(void **state)
{
        (void) state;
        name_machine();
        /* All that has an event, with something in it that is nobody's business elsewhere. */
        bed_text(&scene.bed, "run/lekdicht/exempt/0:0:0:0",
                 "devpath=/devices/pci0/0:0:0:0\ndiskseq=1\ncarries=/home\n");
        bed_text(&scene.bed, "exit/1-3:1.1", "1\n");
        scene_start(BLOCK);
        agent_answers();
        scene_plug(&stick);
        scene_plug(&two_disks);
        UNTIL(is_recorded("lekdicht.device.refused"));
        UNTIL(is_recorded("lekdicht.device.failed"));
        bed_text(&scene.bed, "etc/lekdicht/policy.ini", "[policy]\nversion = 1\nname = jan.jansen\n");
        assert_int_equal(agent_reload(scene.agent), 0);
        UNTIL(is_recorded("lekdicht.policy.rejected"));
        recent(1000, "");
        check_keys();
        record_of("lekdicht.gate.exempt");
        record_of("lekdicht.policy.rejected");
        search();
        scene_stop();
        search();
        /* They stay in this machine's own journal, for whoever has to mend it. */
        assert_true(scene_journal_has("/home"));
        assert_true(scene_journal_has("policy.ini:3"));
}

/* ---- the installed policy of the bus ---- */

static void the_bus_keeps_others_out_too(void **state)
{
        char policy[8192], *begin, *end;
        const char *conf;
        FILE *file;
        size_t size;

        (void) state;
        file = fopen("systemd/org.lekdicht.Agent1.conf", "re");
        assert_non_null(file);
        size = fread(policy, 1, sizeof(policy) - 1, file);
        fclose(file);
        policy[size] = '\0';
        begin = strstr(policy, "<busconfig>") + strlen("<busconfig>");
        end = strstr(policy, "</busconfig>");
        *end = '\0';
        /* The user that stands for the reporter here. */
        end = strstr(begin, "lekdicht-report");
        assert_non_null(end);
        memcpy(end, "daemon\"        ", 15);
        memmove(end + 7, end + 16, strlen(end + 16) + 1);
        /* As in Debian's system.conf: nobody may do anything but what a file like ours allows. */
        conf = "<policy context=\"default\"><allow user=\"*\"/><deny own=\"*\"/><deny send_type=\"method_call\"/>"
               "<allow send_type=\"signal\"/><allow send_requested_reply=\"true\" send_type=\"method_return\"/>"
               "<allow send_requested_reply=\"true\" send_type=\"error\"/><allow receive_type=\"method_call\"/>"
               "<allow receive_type=\"method_return\"/><allow receive_type=\"error\"/><allow "
               "receive_type=\"signal\"/><allow send_destination=\"org.freedesktop.DBus\"/></policy>";
        client = sd_bus_close_unref(client);
        stranger = sd_bus_close_unref(stranger);
        stop_bus();
        {
                char both[sizeof(policy) + 1024];

                snprintf(both, sizeof(both), "%s%s", conf, begin);
                start_bus(both);
        }
        client = join();
        listen_to(client, "Notice", on_notice);
        /* The agent's own check would let nobody pass; the bus does not even ask it. */
        scene.config.reporter_uid = NOBODY;
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        assert_int_equal(result_of(call_as(NOBODY, false, "Status", "")), 0);
        assert_int_equal(result_of(call_as(NOBODY, false, "Subscribe", "")), 0);
        assert_int_equal(result_of(call_as(NOBODY, false, "Events", "tu", (uint64_t) 0, 10)), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "Acknowledge", "t", (uint64_t) 0)), 1);
        assert_int_equal(result_of(call_as(NOBODY, false, "SetAside", "ts", (uint64_t) 0, "rejected")), 1);
        scene_stop();
        scene.config.reporter_uid = REPORTER;
        scene_start(BLOCK);
        agent_answers();
        UNTIL(is_recorded("lekdicht.policy.applied"));
        assert_int_equal(result_of(call_as(REPORTER, false, "Events", "tu", (uint64_t) 0, 10)), 0);
        assert_int_equal(result_of(call_as(REPORTER, false, "Acknowledge", "t", (uint64_t) 0)), 0);
        /* And a notice comes through. */
        call("Subscribe", "");
        scene_plug(&stick);
        UNTIL(n_notices == 1);
}

/* Told when it can be read, as what it is; and when it is allowed, there is nothing to tell. */
static void a_read_only_stick_is_told_when_it_is_open(void **state)
{
        const char *devpath;
        char interface[BED_PATH * 2];

        (void) state;
        scene_start(READ_ONLY);
        agent_answers();
        call("Subscribe", "");
        assert_false(is_error(NULL));
        devpath = scene_plug(&stick);
        scene_run(700); /* longer than a record waits for names */
        assert_int_equal(n_notices, 0);
        snprintf(interface, sizeof(interface), "%s/1-2:1.0", devpath);
        scene_event("add", bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler"));
        UNTIL(n_notices == 1);
        assert_int_equal(scene_gate("readonly 3:0:0:0"), 1);
        assert_int_equal(scene_gate_calls(), 1);
        recent(1, "lekdicht.device.readonly");
        assert_int_equal(got.n, 1);
        assert_non_null(strstr(got.text[0], note(0, "Code")));
        assert_string_equal(note(0, "Kind"), "device-readonly");
        assert_string_equal(note(0, "DeviceKind"), "usb-disk");
        assert_string_equal(note(0, "Name"), "Kingston DataTraveler");
        assert_int_equal(n_strays, 0);
}

/* disk: what its disk will be, once the gate has bound it. */
static void plug_disk(char disk[static BED_PATH * 2])
{
        char interface[BED_PATH * 2];
        const char *lun;

        snprintf(interface, sizeof(interface), "%s/1-2:1.0", scene_plug(&stick));
        lun = bed_lun(&scene.bed, interface, 3, 0, 0, "Kingston", "DataTraveler");
        snprintf(disk, BED_PATH * 2, "%s/block/sdx", lun);
        scene_event("add", lun);
}

/* Who is refused for that can do something about it, and so is told. */
static void a_stick_that_is_not_encrypted_is_told_as_that(void **state)
{
        char disk[BED_PATH * 2];

        (void) state;
        scene_start(ENCRYPTED);
        agent_answers();
        call("Subscribe", "");
        assert_false(is_error(NULL));
        bed_text(&scene.bed, "plain/3:0:0:0", "%s", "");
        plug_disk(disk);
        UNTIL(n_notices == 1);
        assert_int_equal(scene_gate("encrypted 3:0:0:0"), 1);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        recent(1, "lekdicht.device.refused");
        assert_int_equal(got.n, 1);
        assert_non_null(strstr(got.text[0], "refused by [storage] usb-disk: it is not encrypted"));
        assert_string_equal(note(0, "Kind"), "device-not-encrypted");
        assert_string_equal(note(0, "DeviceKind"), "usb-disk");
        assert_int_equal(n_strays, 0);
        bed_remove(&scene.bed, "plain/3:0:0:0");
}

/* One that is encrypted opens, and nobody is told; formatted while it is open it is refused, and its user is. */
static void a_stick_that_is_encrypted_no_more_is_told(void **state)
{
        char disk[BED_PATH * 2], partition[BED_PATH * 2 + 8];

        (void) state;
        scene_start(ENCRYPTED);
        agent_answers();
        call("Subscribe", "");
        plug_disk(disk);
        UNTIL(is_recorded("lekdicht.device.opened"));
        recent(1, "lekdicht.device.opened");
        assert_int_equal(got.n, 1);
        assert_non_null(strstr(got.text[0], "opened as encrypted by [storage] usb-disk"));
        scene_run(2500); /* longer than a scan for units */
        assert_int_equal(n_notices, 0);
        assert_int_equal(scene_gate("encrypted 3:0:0:0"), 1);
        bed_text(&scene.bed, "plain/3:0:0:0", "%s", "");
        /* udisks formats partitions, and the disk itself has no event then. */
        snprintf(partition, sizeof(partition), "%s/sdx1", disk);
        bed_device(&scene.bed, partition, "block", "DEVTYPE=partition");
        scene_event("change", partition);
        UNTIL(n_notices == 1);
        assert_int_equal(scene_gate("encrypted 3:0:0:0"), 2);
        assert_int_equal(scene_gate("refuse 1-2"), 1);
        assert_string_equal(note(0, "Kind"), "device-not-encrypted");
        bed_remove(&scene.bed, "plain/3:0:0:0");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(a_refused_stick_is_recorded_and_fetched),
                TEST(only_what_was_handed_out_is_acknowledged),
                TEST(only_the_reporter_fetches),
                TEST(one_plug_is_one_notice),
                TEST(a_phone_is_told_once_a_day),
                TEST(what_was_there_before_us_is_no_plug),
                TEST(a_read_only_stick_is_told_when_it_is_open),
                TEST(a_stick_that_is_not_encrypted_is_told_as_that),
                TEST(a_stick_that_is_encrypted_no_more_is_told),
                TEST(what_is_judged_anew_is_no_plug),
                TEST(audit_tells_nobody),
                TEST(what_the_gate_could_not_do_is_not_told),
                TEST(who_does_not_sit_here_is_not_told),
                TEST(simulated_is_said_everywhere),
                TEST(subscribers_are_bounded_and_forgotten),
                TEST(many_events_are_few_signals),
                TEST(numbers_go_on_after_a_restart),
                TEST(signs_of_life_do_not_pile_up),
                TEST(a_copied_disk_reports_as_another_laptop),
                TEST(a_sick_disk_delays_no_refusal_and_no_notice),
                TEST(a_full_spool_counts_what_it_gives_up),
                TEST(the_policy_sets_the_bound),
                TEST(nothing_of_people_and_places_is_recorded),
                TEST(the_bus_keeps_others_out_too),
        };

        return cmocka_run_group_tests(tests, scenebus_init, scenebus_done);
}
