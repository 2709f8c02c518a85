/* links: agent/assess.c policy/judge.c policy/facts.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "agent/assess.h"

#define USB (1U << STORAGE_USB_DISK | 1U << STORAGE_SD_CARD | 1U << STORAGE_OPTICAL)

static char good_serial[] = "60A44C4252E1E4A1", name[] = "x";

static const struct assess_facts early = {
        .kinds = USB, .guess = STORAGE_USB_DISK, .has_usb_id = true, .vendor = 0x951, .product = 0x1666
};

static struct assess_facts with_serial(const char *serial)
{
        struct assess_facts facts = early;

        facts.strings_known = true;
        facts.serial = serial;
        return facts;
}

static void all_blocked_needs_nothing(void **state)
{
        const struct policy policy = { .version = 1 };
        struct verdict verdict;

        (void) state;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_REFUSED);
        assert_string_equal(verdict.rule, "[storage] usb-disk");
        assert_int_equal(verdict.by_rule, ACCESS_BLOCK);
}

static void all_allowed_needs_nothing(void **state)
{
        struct policy policy = { .version = 1 };
        struct verdict verdict;

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_ALLOWED);
}

static void mixed_needs_luns(void **state)
{
        struct policy policy = { .version = 1 };
        struct assess_facts facts = early;
        struct verdict verdict;

        (void) state;
        policy.storage[STORAGE_OPTICAL] = ACCESS_ALLOW;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_NEED_LUNS);
        assert_string_equal(verdict.rule, "[storage] usb-disk");
        facts.kinds = 1U << STORAGE_OPTICAL;
        facts.guess = STORAGE_OPTICAL;
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_ALLOWED);
        facts.kinds = 1U << STORAGE_USB_DISK;
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_REFUSED);
}

static void read_only_is_an_answer_of_its_own(void **state)
{
        struct policy_device device = {
                .name = name, .has_vendor = true, .vendor = 0x951, .serial = good_serial, .access = ACCESS_ALLOW
        };
        struct policy policy = { .version = 1 };
        struct verdict verdict;

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_READ_ONLY;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_READ_ONLY);
        /* A serial may open more. */
        policy.devices = &device;
        policy.n_devices = 1;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_NEED_STRINGS);
        policy.n_devices = 0;
        policy.storage[STORAGE_OPTICAL] = ACCESS_ALLOW;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_NEED_LUNS);
        policy.storage[STORAGE_OPTICAL] = ACCESS_BLOCK;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_NEED_LUNS);
        /* Its end is when to judge again. */
        policy.storage[STORAGE_OPTICAL] = ACCESS_READ_ONLY;
        policy.storage_end[STORAGE_OPTICAL].until = 20005;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_READ_ONLY);
        assert_int_equal(verdict.again, 20006);
        assert_int_equal(assess(&policy, &early, 20006, &verdict), ASSESS_NEED_LUNS);
}

static void serial_of_a_rule_that_fits_is_waited_for(void **state)
{
        struct policy_device device = {
                .name = name, .has_vendor = true, .vendor = 0x951, .serial = good_serial, .access = ACCESS_ALLOW
        };
        struct policy policy = { .version = 1, .devices = &device, .n_devices = 1 };
        struct assess_facts facts;
        struct verdict verdict;

        (void) state;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_NEED_STRINGS);
        facts = with_serial(good_serial);
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_ALLOWED);
        assert_string_equal(verdict.rule, "[device x]");
        facts = with_serial("something else");
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_REFUSED);
        facts = with_serial(NULL);
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_REFUSED);
}

static void serial_known_too_early_is_not_used(void **state)
{
        struct policy_device device = {
                .name = name, .has_vendor = true, .vendor = 0x951, .serial = good_serial, .access = ACCESS_ALLOW
        };
        struct policy policy = { .version = 1, .devices = &device, .n_devices = 1 };
        struct assess_facts facts = early;
        struct verdict verdict;

        (void) state;
        facts.serial = good_serial; /* but strings_known is false */
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_NEED_STRINGS);
        assert_int_equal(verdict.by_rule, ACCESS_BLOCK);
}

static void serial_of_another_model_is_not_waited_for(void **state)
{
        struct policy_device devices[] = {
                { .name = name, .has_vendor = true, .vendor = 0x781, .serial = good_serial, .access = ACCESS_ALLOW },
                { .name = name,
                  .has_vendor = true,
                  .vendor = 0x951,
                  .has_product = true,
                  .product = 1,
                  .serial = good_serial,
                  .access = ACCESS_ALLOW },
                { .name = name,
                  .has_class = true,
                  .class = STORAGE_EXTERNAL_DISK,
                  .serial = good_serial,
                  .access = ACCESS_ALLOW },
                { .name = name, .has_vendor = true, .vendor = 0x951, .serial = good_serial, .access = ACCESS_BLOCK },
        };
        struct policy policy = { .version = 1, .devices = devices, .n_devices = 4 };
        struct verdict verdict;

        (void) state;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_REFUSED);
}

static void serial_that_blocks_is_waited_for_too(void **state)
{
        struct policy_device device = {
                .name = name, .has_vendor = true, .vendor = 0x951, .serial = good_serial, .access = ACCESS_BLOCK
        };
        struct policy policy = { .version = 1, .devices = &device, .n_devices = 1 };
        struct verdict verdict;

        (void) state;
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_NEED_STRINGS);
}

/* Nobody of them is here: refused without a wait, and to be judged again when somebody comes. */
static void users_of_a_rule_are_noted_whatever_is_known(void **state)
{
        struct policy_device device = { .name = name,
                                        .has_vendor = true,
                                        .vendor = 0x951,
                                        .serial = good_serial,
                                        .access = ACCESS_ALLOW,
                                        .users = 1 };
        struct policy policy = { .version = 1, .devices = &device, .n_devices = 1 };
        struct assess_facts facts = early;
        struct verdict verdict;

        (void) state;
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_REFUSED);
        assert_true(verdict.by_users);
        facts.users.present = 1;
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_NEED_STRINGS);
        assert_true(verdict.by_users);
        facts = with_serial(good_serial);
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_REFUSED);
        assert_true(verdict.by_users);
        facts.users.present = 1;
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_ALLOWED);
        facts = with_serial("something else");
        assert_int_equal(assess(&policy, &facts, 20000, &verdict), ASSESS_REFUSED);
        assert_false(verdict.by_users);
}

static void audit_says_what_the_rules_say(void **state)
{
        const struct policy policy = { .version = 1, .mode = POLICY_AUDIT };
        struct verdict verdict;

        (void) state;
        assert_int_equal(assess(&policy, &early, 20000, &verdict), ASSESS_REFUSED);
        assert_true(verdict.audit);
        assert_int_equal(verdict.access, ACCESS_ALLOW);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(all_blocked_needs_nothing),
                cmocka_unit_test(all_allowed_needs_nothing),
                cmocka_unit_test(mixed_needs_luns),
                cmocka_unit_test(read_only_is_an_answer_of_its_own),
                cmocka_unit_test(serial_of_a_rule_that_fits_is_waited_for),
                cmocka_unit_test(serial_known_too_early_is_not_used),
                cmocka_unit_test(serial_of_another_model_is_not_waited_for),
                cmocka_unit_test(serial_that_blocks_is_waited_for_too),
                cmocka_unit_test(users_of_a_rule_are_noted_whatever_is_known),
                cmocka_unit_test(audit_says_what_the_rules_say),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
