/* links: cli/learn.c cli/exception.c cli/devices.c cli/device.c cli/trouble.c cli/kernel.c cli/bus.c cli/answer.c cli/table.c cli/terminal.c cli/when.c common/jsonw.c common/sysfs.c common/text.c common/utf8.c policy/errors.c policy/facts.c policy/judge.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/load.c policy/parse.c policy/policy.c policy/section.c policy/value.c libs: libsystemd inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* lekdicht learn without a bus, on a /sys of a few files: each text is read back as a policy, appended to another one. */

#include "tests/unit/cli-stick.h"

#include "cli/exception.h"
#include "cli/learn.h"
#include "policy/judge.h"

#define POLICY   "[policy]\nversion = 1\n[device first]\nvendor = 1234\naccess = block"
#define SERIAL   "60A44C413FAEE411B97A00D2"
#define EXPECTED "\n# USB stick or disk, calls itself \"Kingston DataTraveler 3.0\"\n"
#define NUMBERS  "[device kingston-datatraveler-3.0]\nvendor = 0951\nproduct = 1666\n"
#define ALLOW    "access = allow\nreason = learned on 2025-11-21\n"

static char text_none[] = "", text_card[] = "mmc0:0001", text_sd[] = "sd-card", text_phone[] = "phone-mtp",
            text_strange[] = "zip-drive";

static struct answer_device a_card(void)
{
        struct answer_device card = a_stick();

        card.id = text_card;
        card.kind = text_sd;
        card.vendor = card.product = text_none;
        return card;
}

/* The stick at 1-2 and the card at mmc0:0001, with that serial; NULL: without. */
static void plug(const struct scene *scene, const char *serial)
{
        put(scene, "bus/usb/devices/1-2/uevent", "");
        put(scene, "bus/usb/devices/1-2/idVendor", "0951\n");
        put(scene, "bus/usb/devices/1-2/idProduct", "1666\n");
        put(scene, "bus/mmc/devices/mmc0:0001/uevent", "");
        if (serial) {
                put(scene, "bus/usb/devices/1-2/serial", serial);
                put(scene, "bus/mmc/devices/mmc0:0001/serial", serial);
        }
}

/* What was said up to now. */
static void forget(struct scene *scene)
{
        fclose(scene->cli.out);
        free(scene->out);
        scene->cli.out = open_memstream(&scene->out, &scene->out_size);
        assert_non_null(scene->cli.out);
}

static int learn(struct scene *scene, const struct answer_device *device)
{
        int dirfd = learn_open(&scene->cli, device->id);
        int r = learn_print(&scene->cli, device, dirfd);

        if (dirfd >= 0)
                close(dirfd);
        return r;
}

static struct policy *read_back(const char *text)
{
        struct policy_errors *errors = calloc(1, sizeof(*errors));
        struct policy *policy = NULL;

        assert_non_null(errors);
        if (policy_parse(text, strlen(text), LEKDICHT_VERSION, &policy, errors) < 0)
                fail_msg("%u: %s in \"%s\"", errors->items[0].line, errors->items[0].text, text);
        if (errors->n_warnings > 0)
                fail_msg("%u: %s in \"%s\"", errors->warnings[0].line, errors->warnings[0].text, text);
        free(errors);
        return policy;
}

/* What was said is good behind a policy without a last line feed, and is one more [device] and nothing else. */
static struct policy *appended(struct scene *scene)
{
        char text[sizeof(POLICY) + EXCEPTION_TEXT_MAX];
        struct policy *policy;

        snprintf(text, sizeof(text), POLICY "%s", said(scene));
        policy = read_back(text);
        assert_int_equal(policy->n_devices, 2);
        assert_int_equal(policy->n_places, 0);
        assert_int_equal(policy->mode, POLICY_ENFORCE);
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                assert_int_equal(policy->storage[kind], ACCESS_BLOCK);
        return policy;
}

static bool opens(const struct policy *policy, enum storage_kind kind, const char *serial)
{
        struct storage_facts facts = { kind, true, 0x0951, 0x1666, serial, 0, { 0 }, false };
        struct verdict verdict;

        judge(policy, &facts, 0, &verdict);
        return verdict.access == ACCESS_ALLOW;
}

static void root_gets_the_serial(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();
        struct policy *policy;

        scene->cli.uid = 0;
        plug(scene, SERIAL "\n");
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_string_equal(said(scene), EXPECTED NUMBERS "serial = " SERIAL "\n" ALLOW);
        assert_lacks(complained(scene), "every device");
        policy = appended(scene);
        assert_true(opens(policy, STORAGE_USB_DISK, SERIAL));
        assert_false(opens(policy, STORAGE_USB_DISK, "60A44C413FAEE411B97A00D3"));
        assert_true(opens(policy, STORAGE_OPTICAL, SERIAL)); /* what it turns out to be is not known yet */
        policy_free(policy);
}

static void others_are_told_why_not(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        plug(scene, SERIAL);
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_string_equal(said(scene), EXPECTED "# No serial, so every device of this model opens: it has one, but "
                                                  "only root is told; see sudo lekdicht learn.\n" NUMBERS ALLOW);
        assert_contains(complained(scene), "every device of its model opens");
        policy_free(appended(scene));
}

static void serials_that_tell_nothing_are_left_out(void **state)
{
        static const char *const shared[] = { "0\n", "0123456789ABCDEF\n", "none", "0000000000", "\xC3\xBF\xC3\xBF" };
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        scene->cli.uid = 0;
        for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
                plug(scene, shared[i]);
                forget(scene);
                assert_int_equal(learn(scene, &device), EXIT_WELL);
                assert_contains(said(scene), "opens: its serial is on many devices");
                assert_lacks(said(scene), "serial = ");
                policy_free(appended(scene));
        }
        plug(scene, " \n");
        forget(scene);
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "opens: it has none that tells it from others");
}

static void without_a_serial(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        scene->cli.uid = 0;
        plug(scene, NULL);
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "opens: it has none that tells it from others");
        policy_free(appended(scene));
}

/* Whatever it says, the text is one section of a policy; and what a policy can say opens exactly that device. */
static void hostile_serials(void **state)
{
        static const struct {
                const char *serial, *as_judged; /* NULL: a policy cannot say it */
        } serials[] = {
                { "AB12\n[storage]\nusb-disk = allow", "AB12?[storage]?usb-disk = allow" },
                { "AB12]", "AB12]" },
                { "[device x]", "[device x]" },
                { "a=b:c=d9876", "a=b:c=d9876" },
                { "AB12;34", "AB12;34" },
                { "AB12 ;34", NULL },
                { ";AB1234", NULL },
                { "#AB1234", NULL },
                { "AB12 # 34", NULL },
                { "  AB12 34  ", "AB12 34" },
                { "\xFF\xFE\x80QW12CD", "???QW12CD" },
                { "AB12\x1B[2J", "AB12?[2J" },
                { "AB12\xE2\x80\xAEgpj", "AB12?gpj" },
                { "AB12\xC2\xA0XY", NULL },     /* a blank that is none */
                { "AB12\xE3\x80\x80XY", NULL }, /* and another */
                { "\"AB1234\"", "\"AB1234\"" },
                { "%s%n1234", "%s%n1234" },
        };
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        scene->cli.uid = 0;
        for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
                struct policy *policy;

                plug(scene, serials[i].serial);
                forget(scene);
                assert_int_equal(learn(scene, &device), EXIT_WELL);
                policy = appended(scene);
                if (serials[i].as_judged) {
                        assert_non_null(policy->devices[1].serial);
                        assert_string_equal(policy->devices[1].serial, serials[i].as_judged);
                        assert_true(opens(policy, STORAGE_USB_DISK, serials[i].as_judged));
                } else {
                        assert_null(policy->devices[1].serial);
                        assert_contains(said(scene), "opens: it has one, but with characters that a policy cannot");
                }
                assert_lacks(said(scene), "\x1B");
                assert_lacks(said(scene), "\xE2\x80\xAE");
                policy_free(policy);
        }
}

static void long_serials(void **state)
{
        char serial[126 * 3 + 1];
        struct scene *scene = *state;
        struct answer_device device = a_stick();
        struct policy *policy;

        scene->cli.uid = 0;
        for (size_t i = 0; i < 126; i++)
                serial[i] = (char) ('A' + i % 23);
        serial[126] = '\0';
        plug(scene, serial);
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        policy = appended(scene);
        assert_string_equal(policy->devices[1].serial, serial);
        policy_free(policy);

        for (size_t i = 0; i < 126; i++)
                memcpy(serial + 3 * i, i % 2 ? "\xE6\x97\xA5" : "\xE6\x9C\xAC", 3); /* too long for a line */
        serial[sizeof(serial) - 1] = '\0';
        plug(scene, serial);
        forget(scene);
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "a policy cannot hold");
        policy_free(appended(scene));
}

static void names_are_made_safe(void **state)
{
        static char control[] = "a]\n[storage]\nusb-disk = allow\n;#=", broken[] = "\xFF\xFE stick",
                    foreign[] = "\xE6\x97\xA5\xE6\x9C\xAC", dots[] = "...", bidi[] = "\xE2\x80\xAEgpj\x1B[2J",
                    longest[127];
        static const struct {
                char *called;
                const char *name;
        } names[] = {
                { control, "a-storage-usb-disk-allow" },
                { broken, "stick" },
                { foreign, "usb-disk-0951-1666" },
                { dots, "usb-disk-0951-1666" },
                { text_none, "usb-disk-0951-1666" },
                { bidi, "gpj-2j" },
                { longest, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
        };
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        memset(longest, 'X', sizeof(longest) - 1);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                struct policy *policy;

                device.name = names[i].called;
                forget(scene);
                assert_int_equal(learn(scene, &device), EXIT_WELL);
                policy = appended(scene);
                assert_string_equal(policy->devices[1].name, names[i].name);
                policy_free(policy);
                assert_lacks(said(scene), "\x1B");
                assert_lacks(said(scene), "\xE2\x80\xAE");
                assert_lacks(said(scene), "\xFF");
        }
}

/* What the agent sends is not believed either. */
static void what_is_no_device_of_a_policy_is_refused(void **state)
{
        static char injected[] = "1666\naccess = allow\n[device y]\nvendor = 1234", letters[] = "zzzz",
                    narrowed[] = "1666\nclass = usb-disk";
        static char *products[] = { injected, letters, narrowed, text_none };
        struct scene *scene = *state;
        struct answer_device device;

        for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
                device = a_stick();
                device.product = products[i];
                assert_int_equal(learn(scene, &device), EXIT_WRONG);
        }
        device = a_stick();
        device.kind = text_strange;
        assert_int_equal(learn(scene, &device), EXIT_WRONG);
        assert_string_equal(said(scene), "");
        assert_contains(complained(scene), "1-2: no exception for it can be written in a policy of lekdicht");
}

/* A phone is always of one kind, so the section is for that alone. */
static void a_phone_is_let_in_as_what_it_is(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        device.kind = text_phone;
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "class = phone-mtp\nvendor = ");
}

static void a_name_in_use_gets_a_number(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();
        char path[128];

        snprintf(path, sizeof(path), "%s/policy.ini", scene->root);
        scene->cli.policy = path;
        put(scene, "policy.ini", "[policy]\nversion = 1\n" NUMBERS ALLOW);
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "[device kingston-datatraveler-3.0-2]\n");
        assert_contains(complained(scene), "opens it already, by [device kingston-datatraveler-3.0]");
        put(scene, "policy.ini",
            "[policy]\nversion = 1\n" NUMBERS ALLOW
            "[device kingston-datatraveler-3.0-2]\nvendor = 1234\naccess = block\n");
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "[device kingston-datatraveler-3.0-3]\n");
}

static void a_section_that_comes_first_is_told(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();
        char path[128];

        snprintf(path, sizeof(path), "%s/policy.ini", scene->root);
        scene->cli.policy = path;
        put(scene, "policy.ini", "[policy]\nversion = 1\n[device no-kingston]\nvendor = 0951\naccess = block\n");
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(complained(scene), "[device no-kingston] refuses it and comes first: put these lines above");
        put(scene, "policy.ini", "not a policy");
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(complained(scene), "policy.ini is not there or not good");
}

static void a_card_has_its_serial_alone(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_card();
        struct policy *policy;

        plug(scene, "0x1234abcd\n");
        assert_int_equal(learn(scene, &device), EXIT_REFUSED);
        assert_contains(complained(scene), "that is for root");
        assert_string_equal(said(scene), "");
        scene->cli.uid = 0;
        assert_int_equal(learn(scene, &device), EXIT_WELL);
        assert_contains(said(scene), "\nclass = sd-card\nserial = 0x1234abcd\naccess = allow\n");
        policy = appended(scene);
        assert_false(policy->devices[1].has_vendor);
        policy_free(policy);
}

static void never_all_of_a_kind(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_card();

        scene->cli.uid = 0;
        plug(scene, NULL);
        assert_int_equal(learn(scene, &device), EXIT_WRONG);
        assert_string_equal(said(scene), "");
        assert_contains(complained(scene), "neither USB numbers nor a serial");
}

/* The serial of what took its place would open a stranger. */
static void another_device_in_its_place_is_no_answer(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_stick();

        scene->cli.uid = 0;
        plug(scene, SERIAL);
        put(scene, "bus/usb/devices/1-2/idProduct", "1667\n");
        assert_int_equal(learn(scene, &device), EXIT_WRONG);
        put(scene, "bus/usb/devices/1-2/idProduct", "1666\n");
        put(scene, "bus/usb/devices/1-2/idVendor", "0952\n");
        assert_int_equal(learn(scene, &device), EXIT_WRONG);
        assert_int_equal(learn_print(&scene->cli, &device, -1), EXIT_WRONG);
        assert_string_equal(said(scene), "");
        assert_contains(complained(scene), "it is gone, or another one took its place");
}

static void a_card_that_was_changed_is_no_answer(void **state)
{
        struct scene *scene = *state;
        struct answer_device device = a_card();
        char command[128];
        int dirfd;

        scene->cli.uid = 0;
        plug(scene, SERIAL);
        dirfd = learn_open(&scene->cli, device.id);
        snprintf(command, sizeof(command), "rm -r %s/bus/mmc/devices/mmc0:0001", scene->root);
        assert_int_equal(system(command), 0);
        plug(scene, SERIAL); /* the same name, another instance */
        assert_int_equal(learn_print(&scene->cli, &device, dirfd), EXIT_WRONG);
        close(dirfd);
        assert_string_equal(said(scene), "");
        assert_contains(complained(scene), "it is gone, or another one took its place");
}

static void a_path_is_no_device(void **state)
{
        struct scene *scene = *state;

        plug(scene, SERIAL);
        assert_true(learn_open(&scene->cli, "../devices/1-2") < 0);
        assert_true(learn_open(&scene->cli, "..") < 0);
        assert_true(learn_open(&scene->cli, "") < 0);
        assert_true(learn_open(&scene->cli, "9-9") < 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(root_gets_the_serial),
                TEST(others_are_told_why_not),
                TEST(serials_that_tell_nothing_are_left_out),
                TEST(without_a_serial),
                TEST(hostile_serials),
                TEST(long_serials),
                TEST(names_are_made_safe),
                TEST(what_is_no_device_of_a_policy_is_refused),
                TEST(a_phone_is_let_in_as_what_it_is),
                TEST(a_name_in_use_gets_a_number),
                TEST(a_section_that_comes_first_is_told),
                TEST(a_card_has_its_serial_alone),
                TEST(never_all_of_a_kind),
                TEST(another_device_in_its_place_is_no_answer),
                TEST(a_card_that_was_changed_is_no_answer),
                TEST(a_path_is_no_device),
        };

        say_it_in_utf8_and_utc();
        return cmocka_run_group_tests_name("cli-learn", tests, NULL, NULL);
}
