/* links: policy/judge.c policy/facts.c policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The verdict, case by case, and the serials that identify nothing. */

#include "policy/judge.h"
#include "tests/unit/policy-helper.h"

#define TODAY 20850U /* 2027-02-01 */

static const struct storage_facts stick = {
        .kind = STORAGE_USB_DISK, .has_usb_id = true, .vendor = 0x0951, .product = 0x1666, .serial = "60A44C413FAEE411"
};

static struct verdict judged(const char *text, struct storage_facts facts)
{
        struct policy_errors errors;
        struct policy *policy = NULL;
        struct verdict verdict;

        assert_int_equal(policy_parse(text, strlen(text), "0.1.0", &policy, &errors), 0);
        memset(&verdict, 0xff, sizeof(verdict));
        judge(policy, &facts, TODAY, &verdict);
        policy_free(policy);

        return verdict;
}

static void storage_of_each_kind(void **state)
{
        (void) state;

        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++) {
                const char *name = storage_kind_name((enum storage_kind) kind);
                struct storage_facts facts = { .kind = (enum storage_kind) kind };
                char text[128], rule[64], reason[128];
                struct verdict v;

                snprintf(rule, sizeof(rule), "[storage] %s", name);

                v = judged(HEAD, facts);
                snprintf(reason, sizeof(reason), "refused by [storage] %s", name);
                assert_int_equal(v.access, ACCESS_BLOCK);
                assert_int_equal(v.by_rule, ACCESS_BLOCK);
                assert_false(v.audit);
                assert_string_equal(v.rule, rule);
                assert_string_equal(v.reason, reason);

                snprintf(text, sizeof(text), HEAD "[storage]\n%s = allow\n", name);
                v = judged(text, facts);
                snprintf(reason, sizeof(reason), "opened by [storage] %s", name);
                assert_int_equal(v.access, ACCESS_ALLOW);
                assert_int_equal(v.by_rule, ACCESS_ALLOW);
                assert_string_equal(v.rule, rule);
                assert_string_equal(v.reason, reason);
        }
}

static void audit_opens_and_says_what_it_would_do(void **state)
{
        struct verdict v = judged(HEAD "mode = audit\n", stick);
        (void) state;

        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_int_equal(v.by_rule, ACCESS_BLOCK);
        assert_true(v.audit);
        assert_string_equal(v.rule, "[storage] usb-disk");
        assert_string_equal(v.reason, "audit: would have been refused by [storage] usb-disk");

        v = judged(HEAD "mode = audit\n[device x]\nvendor = 0951\naccess = block\nreason = lost once\n", stick);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_int_equal(v.by_rule, ACCESS_BLOCK);
        assert_string_equal(v.reason, "audit: would have been refused by [device x]: lost once");

        v = judged(HEAD "mode = audit\n[storage]\nusb-disk = allow\n", stick);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_int_equal(v.by_rule, ACCESS_ALLOW);
        assert_true(v.audit);
        assert_string_equal(v.reason, "opened by [storage] usb-disk");
}

static void builtin(void **state)
{
        struct policy *policy = policy_builtin();
        struct verdict v;
        (void) state;

        assert_non_null(policy);
        judge(policy, &stick, TODAY, &v);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_int_equal(v.by_rule, ACCESS_BLOCK);
        assert_string_equal(v.rule, "built-in");
        assert_string_equal(v.reason, "refused by the built-in rules, which hold while no policy can be read");
        policy_free(policy);
}

static void device_names_its_rule(void **state)
{
        struct verdict v;
        (void) state;

        v = judged(HEAD "[device lokaal-2.14]\nvendor = 0951\naccess = allow\nreason = digital whiteboard\n", stick);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_string_equal(v.rule, "[device lokaal-2.14]");
        assert_string_equal(v.reason, "opened by [device lokaal-2.14]: digital whiteboard");

        v = judged(HEAD "[storage]\nusb-disk = allow\n[device a]\nvendor = 0951\naccess = block\n", stick);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.rule, "[device a]");
        assert_string_equal(v.reason, "refused by [device a]");
}

static void first_device_that_fits_decides(void **state)
{
        struct verdict v;
        (void) state;

        v = judged(HEAD "[device no]\nvendor = 0952\naccess = block\n"
                        "[device all]\nvendor = 0951\naccess = allow\n"
                        "[device one]\nserial = 60A44C413FAEE411\naccess = block\n",
                   stick);
        assert_string_equal(v.rule, "[device all]");
        v = judged(HEAD "[device one]\nserial = 60A44C413FAEE411\naccess = block\n"
                        "[device all]\nvendor = 0951\naccess = allow\n",
                   stick);
        assert_string_equal(v.rule, "[device one]");
}

static void every_criterion_must_fit(void **state)
{
        static const char all[] = "class = usb-disk\nvendor = 0951\nproduct = 1666\nserial = 60A44C413FAEE411\n";
        static const struct {
                const char *criteria;
                struct storage_facts facts;
                bool fits;
        } table[] = {
                { "class = usb-disk\n", { .kind = STORAGE_USB_DISK }, true },
                { "class = usb-disk\n", { .kind = STORAGE_SD_CARD }, false },
                { "vendor = 0951\n", { .has_usb_id = true, .vendor = 0x0951, .product = 7 }, true },
                { "vendor = 0951\n", { .has_usb_id = true, .vendor = 0x0950 }, false },
                { "vendor = 0951\n", { .has_usb_id = false, .vendor = 0x0951 }, false },
                { "vendor = 0000\n", { .has_usb_id = false }, false },
                { "vendor = 0951\nproduct = 1666\n",
                  { .has_usb_id = true, .vendor = 0x0951, .product = 0x1666 },
                  true },
                { "vendor = 0951\nproduct = 1666\n",
                  { .has_usb_id = true, .vendor = 0x0951, .product = 0x1667 },
                  false },
                { "vendor = 0951\nproduct = 1666\n",
                  { .has_usb_id = true, .vendor = 0x1666, .product = 0x0951 },
                  false },
                { "serial = 60A44C413FAEE411\n", { .serial = "60A44C413FAEE411" }, true },
                { "serial = 60A44C413FAEE411\n", { .serial = "60a44c413faee411" }, false },
                { "serial = 60A44C413FAEE411\n", { .serial = "60A44C413FAEE41" }, false },
                { "serial = 60A44C413FAEE411\n", { .serial = "60A44C413FAEE4111" }, false },
                { "serial = 60A44C413FAEE411\n", { .serial = "60A44C413FAEE411 1" }, false },
                { "serial = 60A44C413FAEE411\n", { .serial = " \t60A44C413FAEE411\t " }, true },
                { "serial = 60A44C413FAEE411\n", { .serial = "" }, false },
                { "serial = 60A44C413FAEE411\n", { .serial = NULL }, false },
                { "serial = 0\n", { .serial = "0" }, false },
                { "serial = 0123456789ABCDEF\n", { .serial = "0123456789ABCDEF" }, false },
                { "vendor = 0951\nproduct = 1666\nserial = 0\n",
                  { .has_usb_id = true, .vendor = 0x0951, .product = 0x1666, .serial = "0" },
                  false },
                { all, { STORAGE_USB_DISK, true, 0x0951, 0x1666, "60A44C413FAEE411", 0, { 0 }, false }, true },
                { all, { STORAGE_OPTICAL, true, 0x0951, 0x1666, "60A44C413FAEE411", 0, { 0 }, false }, false },
                { all, { STORAGE_USB_DISK, false, 0x0951, 0x1666, "60A44C413FAEE411", 0, { 0 }, false }, false },
                { all, { STORAGE_USB_DISK, true, 0x0950, 0x1666, "60A44C413FAEE411", 0, { 0 }, false }, false },
                { all, { STORAGE_USB_DISK, true, 0x0951, 0x1667, "60A44C413FAEE411", 0, { 0 }, false }, false },
                { all, { STORAGE_USB_DISK, true, 0x0951, 0x1666, "60A44C413FAEE412", 0, { 0 }, false }, false },
                { all, { STORAGE_USB_DISK, true, 0x0951, 0x1666, NULL, 0, { 0 }, false }, false },
        };
        (void) state;

        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                char text[256];
                struct verdict v;

                snprintf(text, sizeof(text), HEAD "[device x]\naccess = allow\n%s", table[i].criteria);
                v = judged(text, table[i].facts);
                if ((v.access == ACCESS_ALLOW) != table[i].fits)
                        print_error("row %zu\n", i);
                assert_int_equal(v.access, table[i].fits ? ACCESS_ALLOW : ACCESS_BLOCK);
                assert_int_equal(strcmp(v.rule, "[device x]") == 0, table[i].fits);
        }
}

static struct verdict judged_on(const char *text, unsigned today)
{
        struct policy *policy = assert_accepted(text);
        struct verdict verdict;

        judge(policy, &stick, today, &verdict);
        policy_free(policy);

        return verdict;
}

static void a_section_that_names_a_device_covers_all_its_units(void **state)
{
        struct storage_facts cd = stick;

        (void) state;
        cd.kind = STORAGE_OPTICAL;
#define CLASS "[device x]\nclass = usb-disk\naccess = allow\n"
        assert_int_equal(judged(HEAD CLASS "vendor = 0951\n", cd).access, ACCESS_BLOCK);
        cd.units = 1U << STORAGE_USB_DISK | 1U << STORAGE_OPTICAL;
        assert_string_equal(judged(HEAD CLASS "vendor = 0951\n", cd).rule, "[device x]");
        assert_string_equal(judged(HEAD CLASS "serial = 60A44C413FAEE411\n", cd).rule, "[device x]");
        assert_int_equal(judged(HEAD CLASS "vendor = 0952\n", cd).access, ACCESS_BLOCK);
        /* All CD drives, and not the disk that is beside one. */
        assert_string_equal(judged(HEAD CLASS, cd).rule, "[storage] optical");
        assert_int_equal(judged(HEAD "[storage]\nusb-disk = allow\n", cd).access, ACCESS_BLOCK);
}

static void a_section_holds_through_its_last_day(void **state)
{
        static const char text[] =
                HEAD "[device x]\nvendor = 0951\naccess = allow\nuntil = 2027-02-01\nreason = loan\n";
        struct verdict v;
        (void) state;

        for (unsigned today = 0; today <= TODAY; today += TODAY / 5) {
                v = judged_on(text, today);
                assert_int_equal(v.access, ACCESS_ALLOW);
                assert_string_equal(v.rule, "[device x]");
                assert_string_equal(v.reason, "opened by [device x] until 2027-02-01: loan");
                assert_int_equal(v.again, TODAY + 1);
        }
        for (unsigned today = TODAY + 1; today < TODAY + 3; today++) {
                v = judged_on(text, today);
                assert_int_equal(v.access, ACCESS_BLOCK);
                assert_string_equal(v.rule, "[storage] usb-disk");
                assert_string_equal(v.reason, "refused by [storage] usb-disk: [device x] ended with 2027-02-01");
                assert_int_equal(v.again, 0);
        }
}

#define FIRST  (1U << 0)
#define SECOND (1U << 1)

static struct verdict judged_with(const char *text, uint32_t present, uint32_t unknown)
{
        struct storage_facts facts = stick;

        facts.users = (struct user_facts){ present, unknown };
        return judged(text, facts);
}

static void a_section_is_for_its_users(void **state)
{
        static const char text[] = HEAD "[device exam]\nvendor = 0951\naccess = allow\nusers = @exam @staff\n"
                                        "until = 2027-03-01\nreason = mock exam\n[device other]\nvendor = 1111\n"
                                        "access = allow\nusers = @third\n";
        struct verdict v;
        (void) state;

        for (uint32_t here = FIRST; here <= (FIRST | SECOND); here++) {
                v = judged_with(text, here, 0);
                assert_int_equal(v.access, ACCESS_ALLOW);
                assert_string_equal(v.rule, "[device exam]");
                assert_string_equal(v.reason, "opened by [device exam] for its users until 2027-03-01: mock exam");
                assert_true(v.by_users);
        }
        v = judged_with(text, 1U << 2, 0);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.rule, "[storage] usb-disk");
        assert_string_equal(v.reason,
                            "refused by [storage] usb-disk: [device exam] is for its users, and none of them is "
                            "logged in");
        assert_true(v.by_users);
        v = judged_with(text, 0, FIRST);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.rule, "[storage] usb-disk");
        assert_string_equal(v.reason,
                            "refused by [storage] usb-disk: [device exam] is for its users, and it is not known "
                            "whether one of them is logged in");
        assert_true(v.by_users);
        /* One group is enough, also while another is not known. */
        assert_int_equal(judged_with(text, SECOND, FIRST).access, ACCESS_ALLOW);
        /* Who is here matters to nothing else. */
        assert_false(judged(text, (struct storage_facts){ .kind = STORAGE_SD_CARD }).by_users);
}

static void the_next_section_is_for_the_others(void **state)
{
        static const char text[] = HEAD "[device exam]\nvendor = 0951\naccess = allow\nusers = @exam\n"
                                        "[device all]\nvendor = 0951\naccess = read-only\n";
        (void) state;

        assert_string_equal(judged_with(text, FIRST, 0).reason, "opened by [device exam] for its users");
        assert_string_equal(judged_with(text, 0, 0).reason, "opened read-only by [device all]");
        assert_true(judged_with(text, 0, 0).by_users);
        assert_string_equal(judged_with(text, 0, FIRST).reason, "opened read-only by [device all]");
}

/* A section may also take away from its users what others have. */
static void what_is_not_known_gives_the_least(void **state)
{
        static const struct {
                const char *theirs, *others;
                enum access access;
        } table[] = {
                { "allow", "allow", ACCESS_ALLOW },
                { "allow", "read-only", ACCESS_READ_ONLY },
                { "allow", "block", ACCESS_BLOCK },
                { "read-only", "allow", ACCESS_READ_ONLY },
                { "read-only", "block", ACCESS_BLOCK },
                { "block", "allow", ACCESS_BLOCK },
                { "block", "read-only", ACCESS_BLOCK },
                { "read-only", "read-only", ACCESS_READ_ONLY },
                /* Reading what is plain and writing what is encrypted have nothing in common. */
                { "read-only", "encrypted", ACCESS_BLOCK },
                { "encrypted", "read-only", ACCESS_BLOCK },
                { "encrypted", "allow", ACCESS_ENCRYPTED },
                { "encrypted", "block", ACCESS_BLOCK },
        };
        struct verdict v;
        (void) state;

        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                char text[256];

                snprintf(text, sizeof(text),
                         HEAD
                         "[storage]\nusb-disk = %s\n[device pupils]\nvendor = 0951\naccess = %s\nusers = @pupils\n",
                         table[i].others, table[i].theirs);
                assert_int_equal(judged_with(text, 0, FIRST).access, table[i].access);
        }
        v = judged_with(HEAD "[storage]\nusb-disk = allow\n[device pupils]\nvendor = 0951\naccess = block\n"
                             "users = @pupils\nuntil = 2027-02-05\n",
                        0, FIRST);
        assert_string_equal(v.rule, "[device pupils]");
        assert_string_equal(v.reason,
                            "refused by [device pupils]: it is not known whether one of its users is logged in");
        assert_int_equal(v.again, TODAY + 5);
        /* The least of several. */
        v = judged_with(HEAD "[storage]\nusb-disk = allow\n[device a]\nvendor = 0951\naccess = read-only\nusers = @a\n"
                             "[device b]\nvendor = 0951\naccess = block\nusers = @b\n",
                        0, FIRST | SECOND);
        assert_string_equal(v.rule, "[device b]");
}

static void the_next_section_that_fits_takes_over(void **state)
{
        static const char text[] = HEAD "[storage]\nusb-disk = allow\n"
                                        "[device a]\nvendor = 0951\naccess = allow\nuntil = 2027-01-31\n"
                                        "[device other]\nvendor = 0952\naccess = allow\nuntil = 2027-01-20\n"
                                        "[device b]\nclass = usb-disk\naccess = block\nuntil = 2027-02-05\n";
        struct verdict v;
        (void) state;

        v = judged_on(text, TODAY - 1);
        assert_string_equal(v.rule, "[device a]");
        assert_int_equal(v.again, TODAY);
        v = judged_on(text, TODAY);
        assert_string_equal(v.rule, "[device b]");
        assert_string_equal(v.reason, "refused by [device b] until 2027-02-05");
        assert_int_equal(v.again, TODAY + 5);
        v = judged_on(text, TODAY + 5);
        assert_string_equal(v.rule, "[storage] usb-disk");
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_int_equal(v.again, 0);
}

/* What no parser lets through still opens nothing. */
static void hand_made_policies(void **state)
{
        struct policy_device devices[] = { { .name = (char[]){ "x" }, .access = ACCESS_ALLOW } };
        struct policy policy = { .version = 1, .devices = devices, .n_devices = 1 };
        struct storage_facts facts = stick;
        struct verdict v;
        (void) state;

        judge(&policy, &stick, TODAY, &v);
        assert_int_equal(v.access, ACCESS_BLOCK);

        devices[0].has_product = true;
        devices[0].product = 0x1666;
        judge(&policy, &stick, TODAY, &v);
        assert_int_equal(v.access, ACCESS_BLOCK);

        devices[0].has_class = true;
        judge(&policy, &stick, TODAY, &v);
        assert_int_equal(v.access, ACCESS_BLOCK);

        /* a serial from elsewhere than a file may have blanks around it */
        devices[0] = (struct policy_device){ .name = (char[]){ "x" },
                                             .access = ACCESS_ALLOW,
                                             .serial = (char[]){ " 60A44C413FAEE411 " } };
        judge(&policy, &stick, TODAY, &v);
        assert_int_equal(v.access, ACCESS_ALLOW);

        devices[0] = (struct policy_device){
                .name = (char[]){ "x" }, .access = ACCESS_ALLOW, .has_vendor = true, .vendor = 0x0951
        };
        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++)
                policy.storage[kind] = ACCESS_ALLOW;
        facts.kind = (enum storage_kind) 99;
        judge(&policy, &facts, TODAY, &v);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.rule, "[storage]");
        facts.kind = (enum storage_kind) - 1;
        judge(&policy, &facts, TODAY, &v);
        assert_int_equal(v.access, ACCESS_BLOCK);
}

static void read_only_may_end(void **state)
{
        static const char text[] =
                HEAD "[storage]\nusb-disk = read-only until 2027-02-01 then block\noptical = read-only\n";
        struct storage_facts disc = stick;
        struct verdict v;
        (void) state;

        v = judged_on(text, TODAY);
        assert_int_equal(v.access, ACCESS_READ_ONLY);
        assert_int_equal(v.by_rule, ACCESS_READ_ONLY);
        assert_int_equal(v.again, 20851);
        assert_string_equal(v.rule, "[storage] usb-disk");
        assert_string_equal(v.reason, "opened read-only by [storage] usb-disk until 2027-02-01");
        v = judged_on(text, TODAY + 1);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_int_equal(v.again, 0);
        assert_string_equal(v.reason, "refused by [storage] usb-disk: read-only ended with 2027-02-01");
        disc.kind = STORAGE_OPTICAL;
        v = judged(text, disc);
        assert_int_equal(v.access, ACCESS_READ_ONLY);
        assert_int_equal(v.again, 0);
        assert_string_equal(v.reason, "opened read-only by [storage] optical");
}

static void audit_opens_what_would_be_read_only(void **state)
{
        struct verdict v;
        (void) state;

        v = judged(HEAD "mode = audit\n[device x]\nvendor = 0951\naccess = read-only\n", stick);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_int_equal(v.by_rule, ACCESS_READ_ONLY);
        assert_string_equal(v.reason, "audit: would have been opened read-only by [device x]");
}

static void what_is_plain_is_refused_where_it_must_be_encrypted(void **state)
{
        static const char text[] = HEAD "[storage]\nusb-disk = encrypted\nsd-card = allow\n"
                                        "[device x]\nvendor = 0d28\naccess = encrypted\nreason = the vault\n";
        struct storage_facts facts = stick;
        struct verdict v;
        (void) state;

        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_ENCRYPTED);
        assert_int_equal(v.by_rule, ACCESS_ENCRYPTED);
        assert_false(v.plain);
        assert_string_equal(v.reason, "opened as encrypted by [storage] usb-disk");
        facts.plain = true;
        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_int_equal(v.by_rule, ACCESS_BLOCK);
        assert_true(v.plain);
        assert_string_equal(v.rule, "[storage] usb-disk");
        assert_string_equal(v.reason, "refused by [storage] usb-disk: it is not encrypted");
        facts.vendor = 0x0d28;
        v = judged(text, facts);
        assert_string_equal(v.reason, "refused by [device x]: it is not encrypted");
        facts.plain = false;
        v = judged(text, facts);
        assert_string_equal(v.reason, "opened as encrypted by [device x]: the vault");

        /* Who may open it anyway is asked nothing. */
        facts = stick;
        facts.plain = true;
        facts.kind = STORAGE_SD_CARD;
        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_false(v.plain);
}

/* A section can cover a stick with a disc drive beside the disk. */
static void a_disc_and_a_phone_are_never_encrypted(void **state)
{
        static const char text[] = HEAD "[device x]\nvendor = 0951\naccess = encrypted\n";
        struct storage_facts facts = stick;
        struct verdict v;
        (void) state;

        facts.kind = STORAGE_OPTICAL;
        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.reason, "refused by [device x]: encrypted, which is not asked of discs");
        facts.kind = STORAGE_PHONE_MTP;
        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.reason, "refused by [device x]: encrypted, which no phone can show to be");
}

/* Nobody looks in audit mode, so nobody knows. */
static void audit_opens_what_would_have_to_be_encrypted(void **state)
{
        struct storage_facts facts = stick;
        struct verdict v;
        (void) state;

        facts.plain = true;
        v = judged(HEAD "mode = audit\n[device x]\nvendor = 0951\naccess = encrypted\n", facts);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_int_equal(v.by_rule, ACCESS_ENCRYPTED);
        assert_string_equal(v.reason, "audit: would have opened if encrypted by [device x]");
}

/* Nothing that a policy file can hold is cut short on its way to the journal. */
static void the_longest_reason_is_whole(void **state)
{
        char text[512];
        struct verdict v;
        (void) state;

        snprintf(text, sizeof(text), HEAD "mode = audit\n[device %040d]\nvendor=0951\naccess=block\nreason=%0183d\n", 1,
                 2);
        v = judged(text, stick);
        snprintf(text, sizeof(text), "audit: would have been refused by [device %040d]: %0183d", 1, 2);
        assert_string_equal(v.reason, text);
        snprintf(text, sizeof(text), "[device %040d]", 1);
        assert_string_equal(v.rule, text);
}

static void a_thousand_devices(void **state)
{
        static char text[1U << 16];
        struct storage_facts facts = stick;
        struct verdict v;
        size_t size = (size_t) snprintf(text, sizeof(text), HEAD);
        (void) state;

        for (unsigned i = 0; i < 1000; i++)
                size += (size_t) snprintf(text + size, sizeof(text) - size, "[device d%u]\nvendor=%04x\naccess=allow\n",
                                          i, i);
        facts.vendor = 999;
        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_ALLOW);
        assert_string_equal(v.rule, "[device d999]");
        facts.vendor = 1000;
        v = judged(text, facts);
        assert_int_equal(v.access, ACCESS_BLOCK);
        assert_string_equal(v.rule, "[storage] usb-disk");
}

static void names_of_kinds(void **state)
{
        static const char *const wrong[] = { "", "usb", "usb-disk ", "USB-DISK", "usb-disks", "keyboard" };
        (void) state;

        for (int kind = 0; kind < _STORAGE_KIND_MAX; kind++) {
                assert_non_null(storage_kind_name((enum storage_kind) kind));
                assert_int_equal(storage_kind_from_name(storage_kind_name((enum storage_kind) kind)), kind);
        }
        assert_int_equal(_STORAGE_KIND_MAX, 8);
        assert_null(storage_kind_name(_STORAGE_KIND_MAX));
        assert_null(storage_kind_name((enum storage_kind) - 1));
        for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
                assert_int_equal(storage_kind_from_name(wrong[i]), -EINVAL);
}

static void serials_that_identify_nothing(void **state)
{
        static const char *const table[] = {
                "",
                " ",
                "\t",
                "0",
                "1",
                "00",
                "0000",
                "000000000000",
                "0 0 0 0",
                "00-00-00",
                "  0  ",
                "00000001",
                "000000000042",
                "A1",
                "123",
                "FFFFFFFF",
                "ffffffff",
                "fFfF",
                "xxxx",
                "........",
                "----",
                "11111111111111111111",
                "0FFFFFFF",
                "\xC3\xBF\xC3\xBF\xC3\xBF\xC3\xBF",
                "\xE2\x82\xAC\xE2\x82\xAC",
                "1234",
                "12345678",
                "0123456789",
                "1234567890",
                "123456789012",
                "0123456789012",
                "9876543210",
                "87654321",
                "0123456789ABCDEF",
                "0123456789abcdef",
                "123456789ABCDEF",
                "1234567890ABCDEF",
                "0123456789ABCDEF0123456789ABCDEF",
                " 0123456789ABCDEF ",
                "0123-4567-89AB-CDEF",
                "FEDCBA9876543210",
                "ABCDEF",
                "abcdefgh",
                "ABCDEFGHIJ",
                "DEADBEEF",
                "deadbeef",
                "CafeBabe",
                "None",
                "NULL",
                "N/A",
                "unknown",
                "Default string",
                "Not Specified",
                "To Be Filled By O.E.M.",
                "Serial Number",
                "SerialNo.",
                "System Serial Number",
                "test",
                "USB Disk",
                "USB Flash Disk",
                "0x00000000", /* an SD card without a number */
                "0x12345678",
        };
        (void) state;

        assert_false(serial_identifies(NULL));
        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                if (serial_identifies(table[i]))
                        print_error("%s\n", table[i]);
                assert_false(serial_identifies(table[i]));
        }
}

static void serials_that_identify(void **state)
{
        static const char *const table[] = {
                "60A44C413FAEE411B97A00D2",
                "4C530001230817115302",
                "001CC0EC34A2BC11F5240E36",
                "AA00000000000489",
                "0000000000001042",
                "1042",
                "07B8130A5F2C",
                "S2RBNX0J103301P",
                "FFFFFFFE",
                "1010",
                "1212",
                "12345679",
                "9900000000042a",
                "SN-4711",
                "QM00001",
                "1-0000:00:04.0-4",
                "\xC3\xA9\xC3\xA8",
                "None of the above 17",
                " 60A44C413FAEE411B97A00D2\t",
                "0123456789ABCDEG",
                "deadbeef1",
                "0x3d1e9a07",
                "00XY4711",
        };
        char text[2048];
        (void) state;

        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                if (!serial_identifies(table[i]))
                        print_error("%s\n", table[i]);
                assert_true(serial_identifies(table[i]));
        }

        /* longer than anything USB can carry */
        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        assert_false(serial_identifies(text));
        text[5] = 'y';
        assert_true(serial_identifies(text));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(storage_of_each_kind),
                cmocka_unit_test(audit_opens_and_says_what_it_would_do),
                cmocka_unit_test(builtin),
                cmocka_unit_test(device_names_its_rule),
                cmocka_unit_test(first_device_that_fits_decides),
                cmocka_unit_test(every_criterion_must_fit),
                cmocka_unit_test(a_section_that_names_a_device_covers_all_its_units),
                cmocka_unit_test(a_section_holds_through_its_last_day),
                cmocka_unit_test(a_section_is_for_its_users),
                cmocka_unit_test(the_next_section_is_for_the_others),
                cmocka_unit_test(what_is_not_known_gives_the_least),
                cmocka_unit_test(the_next_section_that_fits_takes_over),
                cmocka_unit_test(read_only_may_end),
                cmocka_unit_test(audit_opens_what_would_be_read_only),
                cmocka_unit_test(what_is_plain_is_refused_where_it_must_be_encrypted),
                cmocka_unit_test(a_disc_and_a_phone_are_never_encrypted),
                cmocka_unit_test(audit_opens_what_would_have_to_be_encrypted),
                cmocka_unit_test(hand_made_policies),
                cmocka_unit_test(the_longest_reason_is_whole),
                cmocka_unit_test(a_thousand_devices),
                cmocka_unit_test(names_of_kinds),
                cmocka_unit_test(serials_that_identify_nothing),
                cmocka_unit_test(serials_that_identify),
        };

        return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
