/* links: policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a policy file means: sections and keys, what is missing, what is too many. */

#include "policy/errors.h"
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
                                   "external-disk = allow\n"
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
                assert_int_equal(p->storage[kind], kind == STORAGE_USB_DISK || kind == STORAGE_EXTERNAL_DISK
                                                           ? ACCESS_ALLOW
                                                           : ACCESS_BLOCK);

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

                snprintf(text, sizeof(text), HEAD "[device a]\nclass = %s\naccess = allow\n",
                         storage_kind_name((enum storage_kind) kind));
                p = assert_accepted(text);
                assert_true(p->devices[0].has_class);
                assert_int_equal(p->devices[0].class, kind);
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
        assert_refused("[policy]\nversion = 1a\n", 2,
                       "version \"1a\" is no version; write a whole number from 1 to 4294967295");
        assert_refused("[policy]\nversion = 1.0\n", 2,
                       "version \"1.0\" is no version; write a whole number from 1 to 4294967295");
}

static void later_versions(void **state)
{
        static const char *const sections[] = { "privacy", "report" };
        (void) state;

        for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
                char text[128], wanted[128];

                snprintf(text, sizeof(text), HEAD "[%s]\nanything = at all\n", sections[i]);
                snprintf(wanted, sizeof(wanted),
                         "[%s] is not known by lekdicht 0.1.0, only by a later version; take the section out",
                         sections[i]);
                assert_refused(text, 3, wanted);
        }
}

static void the_spool_has_a_size(void **state)
{
        static const char *const wrong[] = { "32",    "32MiB",     "32 MB",
                                             "3 MiB", "1025 MiB",  "-8 MiB",
                                             "MiB",   "8 MiB MiB", "99999999999999999999999999 MiB" };
        struct policy *p = assert_accepted(HEAD "[spool]\nsize = 64 MiB\n");
        char text[128], said[160];

        (void) state;
        assert_int_equal(p->spool_mib, 64);
        policy_free(p);
        p = assert_accepted(HEAD);
        assert_int_equal(p->spool_mib, 0);
        policy_free(p);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
                snprintf(text, sizeof(text), HEAD "[spool]\nsize = x%s\n", wrong[i]);
                snprintf(said, sizeof(said), "size cannot be \"x%s\"; write from 4 MiB to 1024 MiB", wrong[i]);
                assert_refused(text, 4, said);
                snprintf(text, sizeof(text), HEAD "[spool]\nsize = %s\n", wrong[i]);
                snprintf(said, sizeof(said), "size cannot be \"%s\"; write from 4 MiB to 1024 MiB", wrong[i]);
                assert_refused(text, 4, said);
        }
}

#define EXAM HEAD "[device a]\nclass = optical\naccess = allow\n"

/* The address of the servicedesk may have two fields; no other address may, and no other field. */
static void fields(void **state)
{
        struct policy *policy;
        (void) state;

        policy = assert_accepted(HEAD "[school]\nservicedesk-url = https://desk.example/new?about={kind}&ref={code}\n");
        assert_string_equal(policy->servicedesk_url, "https://desk.example/new?about={kind}&ref={code}");
        policy_free(policy);
        assert_refused(
                HEAD "[school]\nservicedesk-url = https://desk.example/{name}\n", 4,
                "the address \"https://desk.example/{name}\" has a character that an address cannot hold; copy it "
                "from the browser's address bar");
        assert_refused(HEAD "[school]\nservicedesk-url = https://{code}\n", 4,
                       "the address \"https://{code}\" names no site after ://");
        assert_refused(
                HEAD "[school]\nleak-report-url = https://desk.example/{code}\n", 4,
                "the address \"https://desk.example/{code}\" has a character that an address cannot hold; copy it "
                "from the browser's address bar");
}

/* Words that nobody would ever read are refused. */
static void own_words(void **state)
{
        static const char *const none[] = {
                "usb-disk", "usb-disk.fr", "tape.nl", ".nl", "usb-disk.", "usb-disk.nl.nl"
        };
        struct policy *policy;
        (void) state;

        policy = assert_accepted(HEAD
                                 "[notices]\nper-hour = 60\n[notice usb-disk.nl]\ntitle = Deze gaat niet open\n"
                                 "[notice usb-disk.en]\ntext = Ask Jan.\n[notice earlier.nl]\ntitle = a\ntext = b\n");
        assert_int_equal(policy->notices_per_hour, 60);
        assert_int_equal(policy->n_wordings, 3);
        assert_int_equal(policy->wordings[0].kind, NOTICE_KIND_USB_DISK);
        assert_string_equal(notice_languages[policy->wordings[0].language], "nl");
        assert_string_equal(policy->wordings[0].title, "Deze gaat niet open");
        assert_null(policy->wordings[0].text);
        assert_string_equal(policy->wordings[1].text, "Ask Jan.");
        assert_int_equal(policy->wordings[2].kind, NOTICE_KIND_EARLIER);
        policy_free(policy);

        for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
                char text[128], wanted[320];

                snprintf(text, sizeof(text), HEAD "[notice %s]\ntitle = x\n", none[i]);
                snprintf(wanted, sizeof(wanted),
                         "[notice %s] is no notice; write its kind and its language, as in [notice usb-disk.nl]: the "
                         "kinds are listed by lekdicht-notifier --preview list, the languages are en and nl",
                         none[i]);
                assert_refused(text, 3, wanted);
        }
        assert_refused(HEAD "[notice sync.nl]\n", 3, "[notice sync.nl] says nothing; write title, text or both");
        assert_refused(HEAD "[notices]\nper-hour = 61\n", 4,
                       "per-hour cannot be \"61\"; write a whole number from 1 to 60");
        assert_refused(HEAD "[notices]\nper-hour = 0\n", 4,
                       "per-hour cannot be \"0\"; write a whole number from 1 to 60");
        assert_refused(HEAD "[notice sync.nl]\ntitle = a\n[notice sync.nl]\ntitle = a\n", 5,
                       "[notice sync.nl] stands in line 3 already; put its keys there");
}

static void users_are_groups(void **state)
{
        static const char text[] =
                EXAM "users = @exam, @staff ,@exam,,\n[device b]\nclass = sd-card\naccess = allow\n"
                     "[device c]\nvendor = 0951\naccess = block\nusers=@staff @groep@school.example\n";
        struct policy *p = assert_accepted(text);
        (void) state;

        assert_int_equal(p->n_groups, 3);
        assert_string_equal(p->groups[0], "exam");
        assert_string_equal(p->groups[1], "staff");
        assert_string_equal(p->groups[2], "groep@school.example");
        assert_int_equal(p->devices[0].users, 1U << 0 | 1U << 1);
        assert_int_equal(p->devices[1].users, 0);
        assert_int_equal(p->devices[2].users, 1U << 1 | 1U << 2);
        policy_free(p);

        assert_refused(EXAM "users = jan\n", 6,
                       "users has a name without @; laptops are shared, so a policy names groups and no persons: "
                       "write @ and the group, as in @exam");
        assert_refused(EXAM "users = @exam, jan\n", 6,
                       "users has a name without @; laptops are shared, so a policy names groups and no persons: "
                       "write @ and the group, as in @exam");
        assert_refused(EXAM "users = @\n", 6,
                       "users has a name without @; laptops are shared, so a policy names groups and no persons: "
                       "write @ and the group, as in @exam");
        assert_refused(EXAM "users = ,\n", 6, "users names no group; write one or more, as in @exam");
        assert_refused(HEAD "[storage]\nusers = @exam\n", 4,
                       "unknown key \"users\" in [storage]; it belongs in [device NAME]");
}

static void users_are_bounded(void **state)
{
        char text[8192], name[POLICY_GROUP_MAX + 2];
        size_t size = (size_t) snprintf(text, sizeof(text), HEAD);
        struct policy *p;
        (void) state;

        memset(name, 'g', sizeof(name));
        snprintf(text + size, sizeof(text) - size, "[device a]\nclass = optical\naccess = allow\nusers = @%.*s\n",
                 (int) POLICY_GROUP_MAX, name);
        p = assert_accepted(text);
        assert_int_equal(strlen(p->groups[0]), POLICY_GROUP_MAX);
        policy_free(p);
        snprintf(text + size, sizeof(text) - size, "[device a]\nclass = optical\naccess = allow\nusers = @%.*s\n",
                 (int) POLICY_GROUP_MAX + 1, name);
        assert_refused(text, 6, "users has a group whose name is longer than 64 bytes");

        for (unsigned i = 0; i < POLICY_GROUPS_MAX; i++)
                size += (size_t) snprintf(text + size, sizeof(text) - size,
                                          "[device d%u]\nclass = optical\naccess = allow\nusers = @g%u\n", i, i);
        p = assert_accepted(text);
        assert_int_equal(p->n_groups, POLICY_GROUPS_MAX);
        assert_int_equal(p->devices[POLICY_GROUPS_MAX - 1].users, 1U << (POLICY_GROUPS_MAX - 1));
        policy_free(p);
        snprintf(text + size, sizeof(text) - size, "[device x]\nclass = optical\naccess = allow\nusers = @g0 @more\n");
        assert_refused(text, 134, "users has one group too many; 32 different ones are the most in a policy");
}

static void no_phone_is_read_only(void **state)
{
        (void) state;

        assert_refused(HEAD "[storage]\nphone-mtp = read-only\n", 4,
                       "phone-mtp cannot be read-only, for no phone can; write block or allow");
        assert_refused(HEAD "[storage]\nphone-apple = read-only until 2027-02-01 then block\n", 4,
                       "phone-apple cannot be read-only, for no phone can; write block or allow");
        assert_refused(HEAD "[device a]\nclass = phone-ptp\naccess = read-only\n", 5,
                       "phone-ptp cannot be read-only, for no phone can; write access = allow or block");
}

static void unknown(void **state)
{
        (void) state;

        assert_refused(HEAD "[storage]\nusbdisk = block\n", 4,
                       "unknown key \"usbdisk\" in [storage]; did you mean \"usb-disk\"?");
        assert_refused(HEAD "[storage]\nexternal-disc = block\n", 4,
                       "unknown key \"external-disc\" in [storage]; did you mean \"external-disk\"?");
        assert_refused(HEAD "[storage]\nusb-dabc = block\n", 4, "unknown key \"usb-dabc\" in [storage]; take it out");
        assert_refused(HEAD "[place a]\nlabel = x\nurl = https://a\nuix = y\n", 6,
                       "unknown key \"uix\" in [place]; take it out");
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
        assert_refused(HEAD "[STORAGE]\nusb-disk = allow\n", 3,
                       "unknown section \"STORAGE\"; did you mean \"storage\"?");
        assert_refused(HEAD "[devices a]\nclass = optical\n", 3,
                       "unknown section \"devices\"; did you mean \"device\"?");
        assert_refused(HEAD "[printers]\nusb-disk = allow\n", 3,
                       "unknown section \"printers\"; there are [policy], [school], [place NAME], [storage], "
                       "[device NAME], [clients], [service NAME], [notices], [notice KIND.LANGUAGE] and [spool]");
        assert_refused(HEAD "[client]\n", 3, "unknown section \"client\"; did you mean \"clients\"?");
        /* what a later version knows is no advice */
        assert_refused(HEAD "[privac]\n", 3,
                       "unknown section \"privac\"; there are [policy], [school], [place NAME], [storage], "
                       "[device NAME], [clients], [service NAME], [notices], [notice KIND.LANGUAGE] and [spool]");
        assert_refused(HEAD "[storage usb]\nusb-disk = allow\n", 3, "write [storage], without a name");
        assert_refused(HEAD "[device]\nclass = optical\n", 3, "a name is missing; write [device NAME]");
}

static void device_is_complete(void **state)
{
        (void) state;

        assert_refused(HEAD "[device a]\naccess = allow\nreason = x\n", 3,
                       "[device a] does not say which device; write class, vendor, product or serial");
        assert_refused(HEAD "[device a]\nclass = optical\n", 3,
                       "[device a] has no access; write access = allow, encrypted, read-only or block");
        assert_refused(HEAD "[device a]\nvendor = 0951\n[storage]\n", 3,
                       "[device a] has no access; write access = allow, encrypted, read-only or block");
}

static void device_by_each_criterion(void **state)
{
        (void) state;

        policy_free(assert_accepted(HEAD "[device a]\nclass = optical\naccess = allow\n"));
        policy_free(assert_accepted(HEAD "[device a]\nvendor = 0951\naccess = allow\n"));
        policy_free(assert_accepted(HEAD "[device a]\nserial = 60A44C413FAEE411\naccess = allow\n"));
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
        /* those of one line in the order in which they were found */
        assert_string_equal(errors.items[3].text,
                            "product cannot be \"1\"; write the 4 digits (0-9, a-f) that lsusb shows, as in 0d28");
        assert_string_equal(errors.items[4].text, "a product without its vendor is any maker's; write vendor as well");
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

/* No text of ours is so long; one that is ends with a whole character. */
static void long_texts_are_cut(void **state)
{
        static struct policy_errors errors;
        char text[1024] = "";
        (void) state;

        for (size_t i = 0; i < 300; i++)
                strcat(text, "é");
        errors_add(&errors, 1, "%s", text);
        errors_add(&errors, 1, "x%s", text);
        assert_int_equal(errors.n, 2);
        assert_int_equal(strlen(errors.items[0].text), 254);
        assert_memory_equal(errors.items[0].text, text, 254);
        assert_int_equal(strlen(errors.items[1].text), 255);
        assert_memory_equal(errors.items[1].text + 1, text, 254);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everything),
                cmocka_unit_test(what_is_not_given_is_refused),
                cmocka_unit_test(every_kind_of_storage_is_a_key),
                cmocka_unit_test(builtin_refuses),
                cmocka_unit_test(version),
                cmocka_unit_test(later_versions),
                cmocka_unit_test(the_spool_has_a_size),
                cmocka_unit_test(own_words),
                cmocka_unit_test(fields),
                cmocka_unit_test(users_are_groups),
                cmocka_unit_test(users_are_bounded),
                cmocka_unit_test(no_phone_is_read_only),
                cmocka_unit_test(unknown),
                cmocka_unit_test(device_is_complete),
                cmocka_unit_test(device_by_each_criterion),
                cmocka_unit_test(places),
                cmocka_unit_test(a_thousand_devices),
                cmocka_unit_test(size_has_a_bound),
                cmocka_unit_test(all_errors_in_order),
                cmocka_unit_test(errors_have_a_bound),
                cmocka_unit_test(long_texts_are_cut),
        };

        return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
