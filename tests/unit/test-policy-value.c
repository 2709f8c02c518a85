/* links: policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a value may be, and what is said when it may not. */

#include "tests/unit/policy-helper.h"

static void mode(void **state)
{
        (void) state;

        assert_refused(HEAD "mode = Audit\n", 3, "mode cannot be \"Audit\"; write enforce or audit");
        assert_refused(HEAD "mode = auditing\n", 3, "mode cannot be \"auditing\"; write enforce or audit");
}

static void min_agent(void **state)
{
        static const char *const fine[] = { "0", "0.1", "0.1.0", "0.1.0.0", "0.0.99" };
        static const struct {
                const char *wanted, *here;
                bool fine;
        } table[] = {
                { "0.10", "0.9.9", false },     { "0.9", "0.10", true },
                { "1", "0.99.99", false },      { "0.1.0.1", "0.1", false },
                { "0.1.1", "0.1.1~rc1", true }, { "0.1.2", "0.1.1+git5", false },
                { "0.1", "", false },           { "999999999", "1000000000", false },
        };
        struct policy_errors errors;
        (void) state;

        for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
                char text[64];

                snprintf(text, sizeof(text), HEAD "min-agent = %s\n", fine[i]);
                policy_free(assert_accepted(text));
        }
        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                struct policy *p = NULL;
                char text[64];

                snprintf(text, sizeof(text), HEAD "min-agent = %s\n", table[i].wanted);
                assert_int_equal(policy_parse(text, strlen(text), table[i].here, &p, &errors),
                                 table[i].fine ? 0 : -EINVAL);
                policy_free(p);
        }

        assert_refused(HEAD "min-agent = 0.2.0\n", 3,
                       "this policy asks for lekdicht 0.2.0 or later and here is 0.1.0; update lekdicht");
        assert_refused(HEAD "min-agent = new\n", 3, "min-agent \"new\" is no version; write it as in 0.2.0");
        assert_refused(HEAD "min-agent = 0.1.\n", 3, "min-agent \"0.1.\" is no version; write it as in 0.2.0");
        assert_refused(HEAD "min-agent = 0..1\n", 3, "min-agent \"0..1\" is no version; write it as in 0.2.0");
        assert_refused(HEAD "min-agent = 0.1.0.0.0\n", 3,
                       "min-agent \"0.1.0.0.0\" is no version; write it as in 0.2.0");
        assert_refused(HEAD "min-agent = 0.1000000000\n", 3,
                       "min-agent \"0.1000000000\" is no version; write it as in 0.2.0");
}

static void access(void **state)
{
        (void) state;

        assert_refused(HEAD "[storage]\nusb-disk = alow\n", 4,
                       "usb-disk cannot be \"alow\"; write block, read-only, encrypted or allow");
        assert_refused(HEAD "[storage]\nusb-disk = ALLOW\n", 4,
                       "usb-disk cannot be \"ALLOW\"; write block, read-only, encrypted or allow");
        assert_refused(HEAD "[storage]\nusb-disk = yes\n", 4,
                       "usb-disk cannot be \"yes\"; write block, read-only, encrypted or allow");
        assert_refused(HEAD "[device a]\nclass = optical\naccess = read-only until 2027-02-01 then block\n", 5,
                       "access cannot be \"read-only until 2027-02-01 then block\"; write its end as a key, until = "
                       "2027-02-01");
        assert_refused(HEAD "[storage]\noptical = read-onlyish\n", 4,
                       "optical cannot be \"read-onlyish\"; write block, read-only, encrypted or allow");
        assert_refused(HEAD "[device a]\nclass = optical\naccess = open\n", 5,
                       "access cannot be \"open\"; write block, read-only, encrypted or allow");
}

static void read_only(void **state)
{
        static const char *const bad[] = {
                "allow until 2027-02-01 then block",
                "block until 2027-02-01 then allow",
                "read-only until 2027-02-01",
                "read-only until 2027-02-01 then allow",
                "read-only until 2027-02-30 then block",
                "read-only until 2027-2-1 then block",
                "read-only until 2100-01-01 then block",
                "read-only until  2027-02-01 then block",
                "read-only until 2027-02-01  then block",
                "read-only until 2027-02-01 then blocked",
                "read-only until tomorrow evening then block",
        };
        struct policy *policy = assert_accepted(HEAD "[storage]\nusb-disk = read-only\n"
                                                     "optical = read-only until 2027-02-01 then block\n"
                                                     "[device a]\nclass = optical\naccess = read-only\n");

        (void) state;
        assert_int_equal(policy->storage[STORAGE_USB_DISK], ACCESS_READ_ONLY);
        assert_int_equal(policy->storage_end[STORAGE_USB_DISK].until, 0);
        assert_int_equal(policy->storage[STORAGE_OPTICAL], ACCESS_READ_ONLY);
        assert_int_equal(policy->storage_end[STORAGE_OPTICAL].until, 20850);
        assert_string_equal(policy->storage_end[STORAGE_OPTICAL].text, "2027-02-01");
        assert_int_equal(policy->storage[STORAGE_SD_CARD], ACCESS_BLOCK);
        assert_int_equal(policy->devices[0].access, ACCESS_READ_ONLY);
        policy_free(policy);

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                char text[256], error[320];

                snprintf(text, sizeof text, HEAD "[storage]\noptical = %s\n", bad[i]);
                snprintf(error, sizeof error,
                         "optical cannot be \"%s\"; only read-only has an end, from 2020-01-01 to 2099-12-31: write "
                         "read-only until 2027-02-01 then block",
                         bad[i]);
                assert_refused(text, 4, error);
        }
}

/* Not of discs, which hold no container that anybody writes to, nor of phones, of which nobody can tell. */
static void encrypted(void **state)
{
        struct policy *policy = assert_accepted(HEAD "[storage]\nusb-disk = encrypted\nsd-card = encrypted\n"
                                                     "external-disk = encrypted\n"
                                                     "[device a]\nvendor = 0951\naccess = encrypted\n");

        (void) state;
        assert_int_equal(policy->storage[STORAGE_USB_DISK], ACCESS_ENCRYPTED);
        assert_int_equal(policy->storage[STORAGE_SD_CARD], ACCESS_ENCRYPTED);
        assert_int_equal(policy->storage[STORAGE_EXTERNAL_DISK], ACCESS_ENCRYPTED);
        assert_int_equal(policy->devices[0].access, ACCESS_ENCRYPTED);
        policy_free(policy);

        assert_refused(HEAD "[storage]\noptical = encrypted\n", 4,
                       "optical cannot be encrypted, for no disc can; write block, read-only or allow");
        assert_refused(HEAD "[storage]\nphone-mtp = encrypted\n", 4,
                       "phone-mtp cannot be encrypted, for no phone can; write block or allow");
        assert_refused(HEAD "[device a]\nclass = optical\naccess = encrypted\n", 5,
                       "optical cannot be encrypted, for no disc can; write access = allow or block");
        assert_refused(HEAD "[device a]\nclass = phone-adb\naccess = encrypted\n", 5,
                       "phone-adb cannot be encrypted, for no phone can; write access = allow or block");
        assert_refused(HEAD "[storage]\nusb-disk = encrypted until 2027-02-01 then block\n", 4,
                       "usb-disk cannot be \"encrypted until 2027-02-01 then block\"; only read-only has an end, from "
                       "2020-01-01 to 2099-12-31: write read-only until 2027-02-01 then block");
}

static void class(void **state)
{
        (void) state;

        assert_refused(HEAD "[device a]\nclass = usb-disc\naccess = allow\n", 4,
                       "unknown class \"usb-disc\"; did you mean \"usb-disk\"?");
        assert_refused(HEAD "[device a]\nclass = keyboard\naccess = allow\n", 4,
                       "unknown class \"keyboard\"; write a key of [storage], such as usb-disk");
}

static void vendor_and_product(void **state)
{
        static const char *const wrong[] = { "951",  "09511", "0x0951", "095g",     "0x09",
                                             "-951", "+951",  "09 1",   "0951:1666" };
        (void) state;

        for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
                char text[128], wanted[128];

                snprintf(text, sizeof(text), HEAD "[device a]\nvendor = %s\naccess = allow\n", wrong[i]);
                snprintf(wanted, sizeof(wanted),
                         "vendor cannot be \"%s\"; write the 4 digits (0-9, a-f) that lsusb shows, as in 0d28",
                         wrong[i]);
                assert_refused(text, 4, wanted);
        }
        assert_refused(HEAD "[device a]\nvendor = 0951\nproduct = x\naccess = allow\n", 5,
                       "product cannot be \"x\"; write the 4 digits (0-9, a-f) that lsusb shows, as in 0d28");
        assert_refused(HEAD "[device a]\nproduct = 1666\naccess = allow\n", 4,
                       "a product without its vendor is any maker's; write vendor as well");
}

static void serial_that_never_matches_is_a_warning(void **state)
{
        static const char text[] = HEAD "[device a]\nserial = 0123456789ABCDEF\naccess = allow\n"
                                        "[device b]\nvendor = 0951\nserial = 0\naccess = allow\n"
                                        "[device c]\nserial = 60A44C413FAEE411\naccess = allow\n";
        struct policy_errors errors;
        struct policy *p = NULL;
        (void) state;

        assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &p, &errors), 0);
        assert_int_equal(errors.n, 0);
        assert_int_equal(errors.n_warnings, 2);
        assert_int_equal(errors.warnings[0].line, 4);
        assert_string_equal(errors.warnings[0].text,
                            "the serial \"0123456789ABCDEF\" is on many devices, so [device a] never "
                            "matches; leave it out and keep vendor and product");
        assert_int_equal(errors.warnings[1].line, 8);
        assert_string_equal(errors.warnings[1].text,
                            "the serial \"0\" is on many devices, so [device b] never matches; leave it "
                            "out and keep vendor and product");
        assert_int_equal(p->n_devices, 3);
        policy_free(p);
}

static void warnings_have_a_bound(void **state)
{
        char text[8192] = HEAD;
        size_t size = strlen(text);
        struct policy_errors errors;
        struct policy *p = NULL;
        (void) state;

        for (unsigned i = 0; i < POLICY_ERRORS_MAX + 8; i++)
                size += (size_t) snprintf(text + size, sizeof(text) - size, "[device d%u]\nserial=0\naccess=block\n",
                                          i);
        assert_int_equal(policy_parse(text, size, "0.1.0", &p, &errors), 0);
        assert_int_equal(errors.n_warnings, POLICY_ERRORS_MAX);
        assert_int_equal(errors.warnings[0].line, 4);
        assert_int_equal(errors.warnings[POLICY_ERRORS_MAX - 1].line, 4 + 3 * (POLICY_ERRORS_MAX - 1));
        assert_int_equal(p->n_devices, POLICY_ERRORS_MAX + 8);
        policy_free(p);
}

static void urls(void **state)
{
        static const char *const fine[] = {
                "https://a",      "http://a.example:8080/?x=1;y=2#part",
                "mailto:a@b",     "MailTo:desk@school.example?subject=x",
                "https://[::1]/",
        };
        static const struct {
                const char *url, *fault;
        } wrong[] = {
                { "ftp://a.example", "must begin with https://, http:// or mailto:" },
                { "file:///etc/shadow", "must begin with https://, http:// or mailto:" },
                { "javascript:alert(1)", "must begin with https://, http:// or mailto:" },
                { "www.school.example", "must begin with https://, http:// or mailto:" },
                { "https:/a", "must begin with https://, http:// or mailto:" },
                { "https://", "names no site after ://" },
                { "https:///x", "names no site after ://" },
                { "http://?x", "names no site after ://" },
                { "http://:80", "names no site after ://" },
                { "mailto:", "has no name@school after mailto:" },
                { "mailto:desk", "has no name@school after mailto:" },
                { "mailto:@school", "has no name@school after mailto:" },
                { "mailto:desk@", "has no name@school after mailto:" },
                { "mailto:desk@?subject=x", "has no name@school after mailto:" },
                { "https://a.example/a b", "has a blank in it; write %20" },
                { "https://a.example/\"x",
                  "has a character that an address cannot hold; copy it from the browser's address bar" },
                { "https://a.example/<x>",
                  "has a character that an address cannot hold; copy it from the browser's address bar" },
                { "https://a.example/é",
                  "has a character that an address cannot hold; copy it from the browser's address bar" },
        };
        static const char *const keys[] = { "[school]\nservicedesk-url", "[school]\nleak-report-url",
                                            "[place a]\nlabel = x\nurl" };
        (void) state;

        for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
                for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
                        char text[256];

                        snprintf(text, sizeof(text), HEAD "%s = %s\n", keys[k], fine[i]);
                        policy_free(assert_accepted(text));
                }
                for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
                        char text[256], wanted[256];

                        snprintf(text, sizeof(text), HEAD "%s = %s\n", keys[k], wrong[i].url);
                        snprintf(wanted, sizeof(wanted), "the address \"%s\" %s", wrong[i].url, wrong[i].fault);
                        assert_refused(text, k == 2 ? 5 : 4, wanted);
                }
        }
}

static void until_is_a_day_that_exists(void **state)
{
        static const struct {
                const char *text;
                unsigned day;
        } good[] = { { "2020-01-01", 18262 }, { "2024-02-29", 19782 }, { "2027-02-01", 20850 }, { "2027-02-28", 20877 },
                     { "2028-02-29", 21243 }, { "2028-03-01", 21244 }, { "2099-12-31", 47481 } };
        static const char *const bad[] = { "2027-02-29",  "2027-02-30", "2027-04-31",      "2027-00-10", "2027-13-01",
                                           "2027-01-00",  "2027-01-32", "2019-12-31",      "2100-01-01", "0000-00-00",
                                           "2027-2-1",    "2027-02-1",  "02027-02-01",     "2027/02/01", "01-02-2027",
                                           "2027-02-01x", "2027-02",    "20270201",        "2027",       "tomorrow",
                                           "+027-02-01",  "2027--2-01", "2027-02-01 12:00" };
        (void) state;

        for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
                char text[128];
                struct policy *policy;

                snprintf(text, sizeof(text), HEAD "[device a]\nclass = optical\naccess = allow\nuntil = %s\n",
                         good[i].text);
                policy = assert_accepted(text);
                assert_int_equal(policy->devices[0].end.until, good[i].day);
                assert_string_equal(policy->devices[0].end.text, good[i].text);
                policy_free(policy);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                char text[128], wanted[160];

                snprintf(text, sizeof(text), HEAD "[device a]\nclass = optical\naccess = allow\nuntil = %s\n", bad[i]);
                snprintf(wanted, sizeof(wanted),
                         "until cannot be \"%s\"; write the last day, from 2020-01-01 to 2099-12-31, as in 2027-02-01",
                         bad[i]);
                assert_refused(text, 6, wanted);
        }
}

static void quotes_are_short_and_whole(void **state)
{
        (void) state;

        assert_refused(HEAD "mode = éééééééééééééééééééééééééééééé\n", 3,
                       "mode cannot be \"ééééééééééééééééééééééééé...\"; write enforce or audit");
        assert_refused(HEAD "mode = xéééééééééééééééééééééééééééééé\n", 3,
                       "mode cannot be \"xéééééééééééééééééééééééé...\"; write enforce or audit");
        assert_refused(
                HEAD "mode = abcdefghijklmnopqrstuvwxyz01234567890123456789012345\n", 3,
                "mode cannot be \"abcdefghijklmnopqrstuvwxyz012345678901234567890123...\"; write enforce or audit");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(mode),
                cmocka_unit_test(min_agent),
                cmocka_unit_test(access),
                cmocka_unit_test(read_only),
                cmocka_unit_test(encrypted),
                cmocka_unit_test(class),
                cmocka_unit_test(vendor_and_product),
                cmocka_unit_test(serial_that_never_matches_is_a_warning),
                cmocka_unit_test(warnings_have_a_bound),
                cmocka_unit_test(urls),
                cmocka_unit_test(until_is_a_day_that_exists),
                cmocka_unit_test(quotes_are_short_and_whole),
        };

        return cmocka_run_group_tests_name("policy-value", tests, NULL, NULL);
}
