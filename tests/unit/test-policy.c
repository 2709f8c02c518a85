/* links: policy/parse.c policy/section.c policy/key.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a policy file means, and what is said when it means nothing: every key, every limit. */

#include "tests/unit/policy-helper.h"

static void everything(void **state)
{
        static const char text[] = "# a school\n"
                                   "[policy]\n"
                                   "version = 4294967295\n"
                                   "mode = audit\n"
                                   "min-agent = 0.1\n"
                                   "[school]\n"
                                   "name = De Regenboog\n"
                                   "servicedesk = kamer 1.04, telefoon 1234\n"
                                   "servicedesk-url = https://desk.school.example/x?y=1:2#z\n"
                                   "leak-report = 0800 1234: dag en nacht\n"
                                   "leak-report-url = mailto:datalek@school.example\n"
                                   "\n"
                                   "[place onedrive]\n"
                                   "label = Één plek = OneDrive\n"
                                   "url = HTTPS://onedrive.example\n"
                                   "[place Teams_2.x]\n"
                                   "\tlabel\n";
        static const char rest[] = "label=T\n"
                                   "url\t=\t http://teams.example/\t \n"
                                   "[storage]\n"
                                   "usb-disk = allow\n"
                                   "optical = block\n"
                                   "phone-adb = allow\n"
                                   "[device a]\n"
                                   "class = sd-card\n"
                                   "access = allow\n"
                                   "[device b-2.14]\n"
                                   "vendor = 0aF9\n"
                                   "product = FFFF\n"
                                   "serial = 60A44C413FAE E411\n"
                                   "access = block\n"
                                   "reason = digitaal bord\n";
        char whole[sizeof(text) + sizeof(rest)];
        struct policy *p;
        (void) state;

        /* without the indented line, which is another test's */
        snprintf(whole, sizeof(whole), "%.*s%s", (int) (sizeof(text) - 1 - strlen("\tlabel\n")), text, rest);
        p = assert_accepted(whole);

        assert_int_equal(p->version, 4294967295U);
        assert_int_equal(p->mode, POLICY_AUDIT);
        assert_string_equal(p->min_agent, "0.1");
        assert_string_equal(p->school_name, "De Regenboog");
        assert_string_equal(p->servicedesk, "kamer 1.04, telefoon 1234");
        assert_string_equal(p->servicedesk_url, "https://desk.school.example/x?y=1:2#z");
        assert_string_equal(p->leak_report, "0800 1234: dag en nacht");
        assert_string_equal(p->leak_report_url, "mailto:datalek@school.example");

        assert_int_equal(p->n_places, 2);
        assert_string_equal(p->places[0].name, "onedrive");
        assert_string_equal(p->places[0].label, "Één plek = OneDrive");
        assert_string_equal(p->places[0].url, "HTTPS://onedrive.example");
        assert_string_equal(p->places[1].name, "Teams_2.x");
        assert_string_equal(p->places[1].label, "T");
        assert_string_equal(p->places[1].url, "http://teams.example/");

        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                assert_int_equal(p->storage[kind],
                                 kind == STORAGE_USB_DISK || kind == STORAGE_PHONE_ADB ? ACCESS_ALLOW : ACCESS_BLOCK);

        assert_int_equal(p->n_devices, 2);
        assert_string_equal(p->devices[0].name, "a");
        assert_int_equal(p->devices[0].line, 23);
        assert_true(p->devices[0].has_class);
        assert_int_equal(p->devices[0].class, STORAGE_SD_CARD);
        assert_false(p->devices[0].has_vendor || p->devices[0].has_product);
        assert_null(p->devices[0].serial);
        assert_null(p->devices[0].reason);
        assert_int_equal(p->devices[0].access, ACCESS_ALLOW);
        assert_string_equal(p->devices[1].name, "b-2.14");
        assert_int_equal(p->devices[1].line, 26);
        assert_false(p->devices[1].has_class);
        assert_true(p->devices[1].has_vendor && p->devices[1].has_product);
        assert_int_equal(p->devices[1].vendor, 0x0af9);
        assert_int_equal(p->devices[1].product, 0xffff);
        assert_string_equal(p->devices[1].serial, "60A44C413FAE E411");
        assert_int_equal(p->devices[1].access, ACCESS_BLOCK);
        assert_string_equal(p->devices[1].reason, "digitaal bord");

        assert_null(policy_free(p));
}

static void what_is_not_given_is_refused(void **state)
{
        struct policy *p = assert_accepted(HEAD);
        (void) state;

        assert_int_equal(p->mode, POLICY_ENFORCE);
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                assert_int_equal(p->storage[kind], ACCESS_BLOCK);
        assert_null(p->min_agent);
        assert_null(p->school_name);
        assert_null(p->servicedesk);
        assert_null(p->servicedesk_url);
        assert_null(p->leak_report);
        assert_null(p->leak_report_url);
        assert_int_equal(p->n_places, 0);
        assert_int_equal(p->n_devices, 0);
        policy_free(p);
}

static void every_kind_of_storage_is_a_key(void **state)
{
        (void) state;

        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++) {
                char text[128];
                struct policy *p;

                snprintf(text, sizeof(text), HEAD "[storage]\n%s = allow\n",
                         storage_kind_name((enum storage_kind) kind));
                p = assert_accepted(text);
                for (int other = 0; other < _STORAGE_KIND_MAX; other++)
                        assert_int_equal(p->storage[other], other == kind ? ACCESS_ALLOW : ACCESS_BLOCK);
                policy_free(p);
        }
}

static void builtin_refuses(void **state)
{
        struct policy *p = policy_builtin();
        (void) state;

        assert_non_null(p);
        assert_int_equal(p->version, 0);
        assert_int_equal(p->mode, POLICY_ENFORCE);
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                assert_int_equal(p->storage[kind], ACCESS_BLOCK);
        assert_int_equal(p->n_devices, 0);
        assert_null(policy_free(p));
        assert_null(policy_free(NULL));
}

static void version(void **state)
{
        (void) state;

        assert_refused("", 0, "there is no section [policy]; write [policy] and below it version = 1");
        assert_refused_bytes(NULL, 0, 0, "there is no section [policy]; write [policy] and below it version = 1");
        assert_refused("# nothing\n\n[storage]\nusb-disk = allow\n", 0,
                       "there is no section [policy]; write [policy] and below it version = 1");
        /* not said of a file in which a header could not be read */
        assert_refused("[Policy]\nversion = 1\n", 1, "unknown section \"Policy\"; did you mean \"policy\"?");
        assert_refused("[policy\nversion = 1\n", 1, "a section header without its ']'; write [section]");
        assert_refused("\n[policy]\nmode = audit\n", 2,
                       "[policy] has no version; write version = 1, and one more at each change");
        assert_refused("[policy]\n[storage]\n", 1,
                       "[policy] has no version; write version = 1, and one more at each change");
        assert_refused("[policy]\nversion = 0\n", 2,
                       "version \"0\" is no version; write a whole number from 1 to 4294967295");
        assert_refused("[policy]\nversion = 4294967296\n", 2,
                       "version \"4294967296\" is no version; write a whole number from 1 to 4294967295");
        assert_refused("[policy]\nversion = 18446744073709551617\n", 2,
                       "version \"18446744073709551617\" is no version; write a whole number from 1 to 4294967295");
        assert_refused("[policy]\nversion = -1\n", 2,
                       "version \"-1\" is no version; write a whole number from 1 to 4294967295");
        assert_refused("[policy]\nversion = 1.0\n", 2,
                       "version \"1.0\" is no version; write a whole number from 1 to 4294967295");
}

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

        assert_refused(HEAD "[storage]\nusb-disk = alow\n", 4, "usb-disk cannot be \"alow\"; write block or allow");
        assert_refused(HEAD "[storage]\nusb-disk = ALLOW\n", 4, "usb-disk cannot be \"ALLOW\"; write block or allow");
        assert_refused(HEAD "[storage]\nusb-disk = yes\n", 4, "usb-disk cannot be \"yes\"; write block or allow");
        assert_refused(HEAD "[storage]\noptical = read-only\n", 4,
                       "\"read-only\" is not known by lekdicht 0.1.0, only by a later version; write block or allow");
        assert_refused(HEAD "[storage]\noptical = encrypted\n", 4,
                       "\"encrypted\" is not known by lekdicht 0.1.0, only by a later version; write block or allow");
        assert_refused(
                HEAD "[storage]\noptical = read-only until 2027-02-01 then block\n", 4,
                "\"read-only until 2027-02-01 then block\" is not known by lekdicht 0.1.0, only by a later version; "
                "write block or allow");
        assert_refused(HEAD "[storage]\noptical = allow until 2027-02-01 then block\n", 4,
                       "\"allow until 2027-02-01 then block\" is not known by lekdicht 0.1.0, only by a later version; "
                       "write block or allow");
        assert_refused(HEAD "[storage]\noptical = read-onlyish\n", 4,
                       "optical cannot be \"read-onlyish\"; write block or allow");
        assert_refused(HEAD "[device a]\nclass = optical\naccess = open\n", 5,
                       "access cannot be \"open\"; write block or allow");
}

static void later_versions(void **state)
{
        static const char *const sections[] = { "clients", "service", "notices", "privacy", "report", "spool" };
        static const char *const keys[] = { "until", "users" };
        (void) state;

        for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
                char text[128], wanted[128];

                snprintf(text, sizeof(text), HEAD "[%s]\nanything = at all\n", sections[i]);
                snprintf(wanted, sizeof(wanted),
                         "[%s] is not known by lekdicht 0.1.0, only by a later version; take the section out",
                         sections[i]);
                assert_refused(text, 3, wanted);
        }
        for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
                char text[128], wanted[128];

                snprintf(text, sizeof(text), HEAD "[device a]\nclass = optical\naccess = allow\n%s = x\n", keys[i]);
                snprintf(wanted, sizeof(wanted),
                         "%s is not known by lekdicht 0.1.0, only by a later version; take it out", keys[i]);
                assert_refused(text, 6, wanted);
        }
        assert_refused(HEAD "[service onedrive]\n", 3,
                       "[service] is not known by lekdicht 0.1.0, only by a later version; take the section out");
}

static void unknown(void **state)
{
        (void) state;

        assert_refused(HEAD "[storage]\nusbdisk = block\n", 4,
                       "unknown key \"usbdisk\" in [storage]; did you mean \"usb-disk\"?");
        assert_refused(HEAD "[device a]\nvender = 0951\nclass = optical\naccess = allow\n", 4,
                       "unknown key \"vender\" in [device]; did you mean \"vendor\"?");
        assert_refused(HEAD "[device a]\nclass = optical\naccess = allow\nurl = x\n", 6,
                       "unknown key \"url\" in [device]; it belongs in [place NAME]");
        assert_refused(HEAD "[storage]\nmode = audit\n", 4,
                       "unknown key \"mode\" in [storage]; it belongs in [policy]");
        assert_refused(HEAD "[storage]\nnetwork-disk = block\n", 4,
                       "unknown key \"network-disk\" in [storage]; take it out");
        assert_refused(HEAD "colour = blue\n", 3, "unknown key \"colour\" in [policy]; take it out");

        assert_refused(HEAD "[Storage]\nusb-disk = allow\n", 3,
                       "unknown section \"Storage\"; did you mean \"storage\"?");
        assert_refused(HEAD "[devices a]\nclass = optical\n", 3,
                       "unknown section \"devices\"; did you mean \"device\"?");
        assert_refused(HEAD "[printers]\nusb-disk = allow\n", 3,
                       "unknown section \"printers\"; there are [policy], [school], [place NAME], [storage] and "
                       "[device NAME]");
        assert_refused(HEAD "[storage usb]\nusb-disk = allow\n", 3, "write [storage], without a name");
        assert_refused(HEAD "[device]\nclass = optical\n", 3, "a name is missing; write [device NAME]");
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

static void device_is_complete(void **state)
{
        (void) state;

        assert_refused(HEAD "[device a]\naccess = allow\nreason = x\n", 3,
                       "[device a] does not say which device; write class, vendor, product or serial");
        assert_refused(HEAD "[device a]\nclass = optical\n", 3,
                       "[device a] has no access; write access = allow or access = block");
        assert_refused(HEAD "[device a]\nvendor = 0951\n[storage]\n", 3,
                       "[device a] has no access; write access = allow or access = block");
}

static void device_by_each_criterion(void **state)
{
        (void) state;

        policy_free(assert_accepted(HEAD "[device a]\nclass = optical\naccess = allow\n"));
        policy_free(assert_accepted(HEAD "[device a]\nvendor = 0951\naccess = allow\n"));
        policy_free(assert_accepted(HEAD "[device a]\nserial = 60A44C413FAEE411\naccess = allow\n"));
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

static void places(void **state)
{
        char text[4096] = HEAD;
        size_t size = strlen(text);
        struct policy *p;
        (void) state;

        assert_refused(HEAD "[place a]\nlabel = A\n", 3, "[place a] has no url; write the address it opens");
        assert_refused(HEAD "[place a]\nurl = https://a.example\n", 3,
                       "[place a] has no label; write what its button says");
        assert_refused(HEAD "[place a]\nlabel = A\nurl = https://a\n[place a]\nlabel = B\nurl = https://b\n", 6,
                       "[place a] stands in line 3 already; choose another name");

        for (unsigned i = 0; i < POLICY_PLACES_MAX; i++)
                size += (size_t) snprintf(text + size, sizeof(text) - size, "[place p%u]\nlabel=%u\nurl=https://x\n", i,
                                          i);
        p = assert_accepted(text);
        assert_int_equal(p->n_places, POLICY_PLACES_MAX);
        assert_string_equal(p->places[POLICY_PLACES_MAX - 1].label, "15");
        policy_free(p);

        snprintf(text + size, sizeof(text) - size, "[place more]\nlabel=x\nurl=https://x\n");
        assert_refused(text, 51, "[place more] is one too many; 16 is the most");
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

static size_t many_devices(char *text, size_t room, unsigned n)
{
        size_t size = (size_t) snprintf(text, room, HEAD);

        for (unsigned i = 0; i < n; i++)
                size += (size_t) snprintf(text + size, room - size, "[device d%u]\nvendor = %04x\naccess = allow\n", i,
                                          i);

        return size;
}

static void a_thousand_devices(void **state)
{
        const size_t room = 1U << 17;
        char *text = malloc(room);
        size_t size;
        struct policy *p;
        (void) state;

        assert_non_null(text);
        size = many_devices(text, room, 1000);
        p = assert_accepted_bytes(text, size);
        assert_int_equal(p->n_devices, 1000);
        for (unsigned i = 0; i < 1000; i++) {
                assert_int_equal(p->devices[i].vendor, i);
                assert_int_equal(p->devices[i].line, 3 + 3 * i);
        }
        policy_free(p);

        size = many_devices(text, room, 1001);
        assert_refused_bytes(text, size, 3003, "[device d1000] is one too many; 1000 is the most");
        free(text);
}

static void size_has_a_bound(void **state)
{
        char *text = malloc(POLICY_FILE_MAX + 1);
        struct policy *p;
        (void) state;

        assert_non_null(text);
        memset(text, '\n', POLICY_FILE_MAX + 1);
        memcpy(text, HEAD, strlen(HEAD));
        p = assert_accepted_bytes(text, POLICY_FILE_MAX);
        policy_free(p);
        assert_refused_bytes(text, POLICY_FILE_MAX + 1, 0, "the policy has more than 1048576 bytes");
        free(text);
}

/* All mistakes are told at once, in the order of lines, though a section is known to be incomplete only at its end. */
static void all_errors_in_order(void **state)
{
        static const char text[] =
                "[policy]\nmode = x\n[device a]\nproduct = 1\ncolour = red\n[nothing]\n[storage]\noptical = y\n";
        static const unsigned lines[] = { 1, 2, 3, 4, 4, 5, 6, 8 };
        struct policy_errors errors;
        struct policy *p = NULL;
        (void) state;

        assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &p, &errors), -EINVAL);
        assert_null(p);
        assert_int_equal(errors.n, sizeof(lines) / sizeof(*lines));
        assert_int_equal(errors.total, errors.n);
        for (size_t i = 0; i < errors.n; i++)
                assert_int_equal(errors.items[i].line, lines[i]);
}

static void errors_have_a_bound(void **state)
{
        char text[4096] = "[policy]\n";
        size_t size = strlen(text);
        struct policy_errors errors;
        struct policy *p = NULL;
        (void) state;

        for (unsigned i = 0; i < 100; i++)
                size += (size_t) snprintf(text + size, sizeof(text) - size, "k%u = x\n", i);
        assert_int_equal(policy_parse(text, size, "0.1.0", &p, &errors), -EINVAL);
        assert_int_equal(errors.n, POLICY_ERRORS_MAX);
        assert_int_equal(errors.total, 101);
        /* the last one found is about the first line, and finds its place */
        assert_int_equal(errors.items[0].line, 1);
        assert_string_equal(errors.items[0].text,
                            "[policy] has no version; write version = 1, and one more at each change");
        for (unsigned i = 1; i < POLICY_ERRORS_MAX; i++)
                assert_int_equal(errors.items[i].line, i + 1);
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
                cmocka_unit_test(everything),
                cmocka_unit_test(what_is_not_given_is_refused),
                cmocka_unit_test(every_kind_of_storage_is_a_key),
                cmocka_unit_test(builtin_refuses),
                cmocka_unit_test(version),
                cmocka_unit_test(mode),
                cmocka_unit_test(min_agent),
                cmocka_unit_test(access),
                cmocka_unit_test(later_versions),
                cmocka_unit_test(unknown),
                cmocka_unit_test(class),
                cmocka_unit_test(vendor_and_product),
                cmocka_unit_test(device_is_complete),
                cmocka_unit_test(device_by_each_criterion),
                cmocka_unit_test(serial_that_never_matches_is_a_warning),
                cmocka_unit_test(warnings_have_a_bound),
                cmocka_unit_test(places),
                cmocka_unit_test(urls),
                cmocka_unit_test(a_thousand_devices),
                cmocka_unit_test(size_has_a_bound),
                cmocka_unit_test(all_errors_in_order),
                cmocka_unit_test(errors_have_a_bound),
                cmocka_unit_test(quotes_are_short_and_whole),
        };

        return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
