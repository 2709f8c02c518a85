/* links: tests/bed/scene.c tests/bed/scenebus.c tests/bed/bed.c agent/agent.c agent/answer.c agent/assess.c agent/bus.c agent/decide.c agent/device.c agent/discover.c agent/facts.c agent/gatekeeper.c agent/gateview.c agent/gatewatch.c agent/inventory.c agent/methods.c agent/notice.c agent/plugs.c agent/policystore.c agent/polkit.c agent/record.c agent/records.c agent/rundir.c agent/spool.c agent/spooldb.c agent/spoolmark.c agent/spoolpack.c agent/spoolrecords.c agent/spoolstore.c agent/spoolwork.c agent/strings.c agent/subscribers.c agent/usbdesc.c agent/watch.c common/event.c common/jsonw.c common/sysfs.c common/text.c common/ulid.c common/utf8.c policy/errors.c policy/facts.c policy/judge.c policy/key.c policy/line.c policy/load.c policy/parse.c policy/policy.c policy/section.c policy/value.c libs: cmocka umockdev-1.0 libsystemd libudev inih sqlite3 */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is recorded, who may have it, and who is told: the agent on a private bus, with its spool on a real disk. */

#include <ftw.h>
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

#define BLOCK                                                                                                          \
        "[policy]\nversion = 1\nmode = enforce\n[school]\nname = De Wilgen\nservicedesk = Bel 1234\nservicedesk-url "  \
        "= "                                                                                                           \
        "https://desk.example\n[place onedrive]\nlabel = OneDrive\nurl = https://onedrive.example\n[place "            \
        "teams]\nlabel = Teams\nurl = https://teams.example\n"
#define AUDIT    "[policy]\nversion = 2\nmode = audit\n"
#define REPORTER 1 /* some user that there is: the bus wants to know its groups */
#define RECORDS  256

static const struct bed_usb stick = { .port = "1-2",
                                      .vendor = 0x0951,
                                      .product = 0x1666,
                                      .manufacturer = "Kingston",
                                      .name = "DataTraveler",
                                      .serial = "60A44C4252E1E4A1",
                                      .devnum = 5,
                                      .interfaces = { BED_BOT } };

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
        static const char *const keys[] = { "Kind",       "Plug",          "DeviceKind",  "Name",
                                            "Code",       "School",        "Servicedesk", "ServicedeskUrl",
                                            "LeakReport", "LeakReportUrl", "Simulated" };
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
        uint64_t last;

        (void) state;
        scene_start(BLOCK);
        agent_answers();
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

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(a_refused_stick_is_recorded_and_fetched),
                TEST(only_what_was_handed_out_is_acknowledged),
                TEST(only_the_reporter_fetches),
                TEST(one_plug_is_one_notice),
        };
        int failed;

        if (scenebus_init() < 0)
                return 1;
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        scenebus_done();
        return failed;
}
