/* links: policy/parse.c policy/section.c policy/key.c policy/wording.c common/noticekind.c policy/line.c policy/value.c policy/errors.c policy/policy.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The traps of INI files, and of inih above all: each is either harmless or refused with its line. What inih itself would
 * make of it stands above each test. */

#include "tests/unit/policy-helper.h"

/* inih: more of the value above, rc 0. */
static void indented(void **state)
{
        static const char reason[] =
                "blanks before the first word would make this more of the line above; take them out";
        (void) state;

        assert_refused(HEAD "[storage]\nusb-disk = block\n  optical = allow\n", 5, reason);
        assert_refused(HEAD "[storage]\nusb-disk = block\n\toptical = allow\n", 5, reason);
        assert_refused(HEAD " mode = audit\n", 3, reason);
        assert_refused(HEAD "  [storage]\nusb-disk = allow\n", 3, reason);
        assert_refused("  \n " HEAD, 2, reason);
}

static void blank_lines_and_comments(void **state)
{
        struct policy *p =
                assert_accepted("# one\n; two\n\n  \n\t\n[policy]\n  # indented\n\t; too\n#\nversion=3\n;mode = audit\n"
                                "# héé \xC2\xA0 \xE2\x80\x8B [storage] = :\n");
        (void) state;

        assert_int_equal(p->version, 3);
        assert_int_equal(p->mode, POLICY_ENFORCE);
        policy_free(p);
}

/* inih: the value is "Teams", rc 0. */
static void inline_comment(void **state)
{
        static const char semicolon[] =
                "a ';' after a blank would begin a comment in the value; give the comment a line of its own, "
                "or leave out the blank or the ';'";
        static const char hash[] =
                "a '#' after a blank would begin a comment in the value; give the comment a line of its own, "
                "or leave out the blank or the '#'";
        struct policy *p;
        (void) state;

        assert_refused(HEAD "[school]\nname = Teams ; OneDrive\n", 4, semicolon);
        assert_refused(HEAD "[school]\nname = Teams\t;OneDrive\n", 4, semicolon);
        assert_refused(HEAD "[storage]\nusb-disk = block ;allow\n", 4, semicolon);
        assert_refused(HEAD "[storage]\nusb-disk = block # no sticks\n", 4, hash);
        assert_refused(HEAD "[school]\nname = ; x\n", 4, semicolon);
        assert_refused(HEAD "[school]\nname =;x\n", 4, semicolon);
        assert_refused(HEAD "[school]\nname = #x\n", 4, hash);

        p = assert_accepted(HEAD "[school]\nname = a;b#c\n");
        assert_string_equal(p->school_name, "a;b#c");
        policy_free(p);
}

/* inih: cut at 199 bytes, delivered, and the rest read as another line in some builds. */
static void long_lines(void **state)
{
        char text[512];
        struct policy *p;
        (void) state;

        for (unsigned size = 189; size <= 190; size++) {
                snprintf(text, sizeof(text), HEAD "[school]\nname=%.*s\n", (int) (size - 5),
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                         "xxxxxx"
                         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                         "xxxxxx");
                p = assert_accepted(text);
                assert_int_equal(strlen(p->school_name), size - 5);
                policy_free(p);
        }

        snprintf(text, sizeof(text), HEAD "[school]\nname=%0186d\n", 0);
        assert_refused(text, 4, "the line has 191 bytes; 190 is the most");
        snprintf(text, sizeof(text), HEAD "[school]\nname=%0186d\r\n", 0);
        assert_refused(text, 4, "the line has 191 bytes; 190 is the most");
        snprintf(text, sizeof(text), HEAD "[school]\nname=%0185d\r\n", 0);
        policy_free(assert_accepted(text));
        /* the tail of a comment must never become a line */
        snprintf(text, sizeof(text), HEAD "[storage]\n#%0198d usb-disk = allow\n", 0);
        assert_refused(text, 4, "the line has 216 bytes; 190 is the most");
        /* a header that is too long: its keys are not taken for those of the section above */
        snprintf(text, sizeof(text), HEAD "[%0200d]\nmode = audit\n", 0);
        assert_refused(text, 3, "the line has 202 bytes; 190 is the most");
}

/* inih: sections that are equal in their first 49 bytes become one, rc 0. */
static void long_section_names(void **state)
{
        char text[512];
        struct policy *p;
        (void) state;

        snprintf(text, sizeof(text),
                 HEAD
                 "[device %039d1]\nclass = optical\naccess = allow\n[device %039d2]\nclass = sd-card\naccess = block\n",
                 0, 0);
        p = assert_accepted(text);
        assert_int_equal(p->n_devices, 2);
        assert_int_equal(strlen(p->devices[0].name), POLICY_NAME_MAX);
        assert_string_not_equal(p->devices[0].name, p->devices[1].name);
        assert_int_equal(p->devices[1].class, STORAGE_SD_CARD);
        policy_free(p);

        snprintf(text, sizeof(text), HEAD "[device %041d]\nclass = optical\naccess = allow\n", 0);
        assert_refused(text, 3,
                       "the name \"00000000000000000000000000000000000000000\" has more than 40 characters; choose a "
                       "shorter one");
}

/* inih: both are read, rc 0. */
static void reopened_section(void **state)
{
        (void) state;

        assert_refused(HEAD "[storage]\nusb-disk = block\n[school]\n[storage]\nusb-disk = allow\n", 6,
                       "[storage] stands in line 3 already; put its keys there");
        assert_refused(HEAD "[policy]\nmode = audit\n", 3, "[policy] stands in line 1 already; put its keys there");
        assert_refused(HEAD
                       "[device a]\nclass = optical\naccess = allow\n[device a]\nclass = sd-card\naccess = allow\n",
                       6, "[device a] stands in line 3 already; choose another name");
}

/* inih: the last one wins, rc 0. */
static void repeated_key(void **state)
{
        (void) state;

        assert_refused(HEAD "[storage]\nusb-disk = block\noptical = block\nusb-disk = allow\n", 6,
                       "usb-disk stands in line 4 already; keep one of them");
        assert_refused(HEAD "version = 1\n", 3, "version stands in line 2 already; keep one of them");
        assert_refused(HEAD "[device a]\nserial = 60A44C413FAEE411\nserial = 60A44C413FAEE412\naccess = allow\n", 5,
                       "serial stands in line 4 already; keep one of them");
}

/* The same key in another section is another key. */
static void key_in_two_devices(void **state)
{
        struct policy *p = assert_accepted(
                HEAD "[device a]\nclass = optical\naccess = allow\n[device b]\nclass = sd-card\naccess = block\n");
        (void) state;

        assert_int_equal(p->devices[0].access, ACCESS_ALLOW);
        assert_int_equal(p->devices[1].access, ACCESS_BLOCK);
        policy_free(p);
}

/* inih: passed over, rc 0. */
static void section_without_keys(void **state)
{
        (void) state;

        assert_refused(
                HEAD "[nothing]\n", 3,
                "unknown section \"nothing\"; there are [policy], [school], [place NAME], [storage], [device NAME], "
                "[clients], [service NAME], [notices], [notice KIND.LANGUAGE] and [spool]");
        assert_refused(HEAD "[storage]\n[storage]\n", 4, "[storage] stands in line 3 already; put its keys there");
}

/* inih: section "". */
static void key_before_section(void **state)
{
        static const char reason[] = "a key before the first section; write [policy] or another section above it";
        (void) state;

        assert_refused("version = 1\nmode = audit\n" HEAD, 1, reason);
        assert_refused("\n# x\nusb-disk = allow\n" HEAD, 3, reason);
}

/* inih: ':' is as good as '='. */
static void colon(void **state)
{
        (void) state;

        assert_refused(HEAD "mode: audit\n", 3, "':' after the key; write key = value");
        assert_refused(HEAD "mode : audit = x\n", 3, "':' after the key; write key = value");
}

/* inih: an error of this line, after all the others have been read. */
static void no_sign(void **state)
{
        static const char reason[] =
                "neither a section, a key nor a comment; write key = value, or begin a comment with '#'";
        (void) state;

        assert_refused(HEAD "mode\n", 3, reason);
        assert_refused(HEAD "this is text\n", 3, reason);
        assert_refused(HEAD "]\n", 3, reason);
}

static void empty_names_and_values(void **state)
{
        (void) state;

        assert_refused(HEAD "= audit\n", 3, "no key before '='; write key = value");
        assert_refused(HEAD "=\n", 3, "no key before '='; write key = value");
        assert_refused(HEAD "mode =\n", 3, "\"mode\" has no value; write one, or take the line out");
        assert_refused(HEAD "mode = \t \n", 3, "\"mode\" has no value; write one, or take the line out");
        assert_refused(HEAD "Mode = audit\n", 3, "the key \"Mode\" may hold only small letters, digits and '-'");
        assert_refused(HEAD "min\tagent\t=\t0.1\n", 3,
                       "the key \"min agent\" may hold only small letters, digits and '-'");
        assert_refused(HEAD "min agent = 0.1\n", 3,
                       "the key \"min agent\" may hold only small letters, digits and '-'");
}

/* inih: "[storage" is an error, "[storage] x" and "[storage] ; x" are not, "[ storage ]" is another section. */
static void headers(void **state)
{
        static const char blanks[] =
                "blanks in a section header; write [section], or [section NAME] with one blank and none in NAME";
        (void) state;

        assert_refused(HEAD "[storage\nusb-disk = allow\n", 3, "a section header without its ']'; write [section]");
        assert_refused(HEAD "[storage] x\nusb-disk = allow\n", 3, "text after ']'; a comment needs a line of its own");
        assert_refused(HEAD "[storage] # x\nusb-disk = allow\n", 3,
                       "text after ']'; a comment needs a line of its own");
        assert_refused(HEAD "[storage]]\nusb-disk = allow\n", 3, "text after ']'; a comment needs a line of its own");
        assert_refused(HEAD "[ storage ]\nusb-disk = allow\n", 3, blanks);
        assert_refused(HEAD "[storage ]\nusb-disk = allow\n", 3, blanks);
        assert_refused(HEAD "[]\nusb-disk = allow\n", 3, blanks);
        assert_refused(HEAD "[device  a]\nclass = optical\n", 3, blanks);
        assert_refused(HEAD "[device a b]\nclass = optical\n", 3, blanks);
        assert_refused(HEAD "[device\ta]\nclass = optical\n", 3, blanks);
        assert_refused(HEAD "[device a/b]\nclass = optical\n", 3,
                       "the name \"a/b\" may hold only letters a-z and A-Z, digits, '.', '_' and '-'");
        assert_refused(HEAD "[device é]\nclass = optical\n", 3,
                       "the name \"é\" may hold only letters a-z and A-Z, digits, '.', '_' and '-'");
        policy_free(assert_accepted(HEAD "[storage] \t\nusb-disk = allow\n"));
}

/* inih: passed over in the default build, part of the first line in others. */
static void byte_order_mark(void **state)
{
        struct policy *p = assert_accepted("\xEF\xBB\xBF" HEAD);
        (void) state;

        assert_int_equal(p->version, 1);
        policy_free(p);
        assert_refused(HEAD "\xEF\xBB\xBF[storage]\n", 3,
                       "a character that cannot be seen (U+FEFF) at byte 1; type it again, plain blanks are fine");
        assert_refused(HEAD "\xEF\xBB", 3, "byte 1 (0xef) is not UTF-8; save the file as UTF-8");
}

/* inih: what follows on the line is not seen, rc 0. */
static void nul(void **state)
{
        static const char text[] = HEAD "[storage]\nusb-disk = allow\0ed\n";
        static const char comment[] = HEAD "# \0\n";
        static const char utf16[] = "\xFF\xFE[\0p\0";
        struct policy_errors errors;
        struct policy *p = NULL;
        (void) state;

        assert_refused_bytes(text, sizeof(text) - 1, 4,
                             "a NUL byte: the file is damaged or saved as UTF-16; save it as UTF-8");
        assert_refused_bytes(comment, sizeof(comment) - 1, 3,
                             "a NUL byte: the file is damaged or saved as UTF-16; save it as UTF-8");
        assert_int_equal(policy_parse(utf16, sizeof(utf16) - 1, "0.1.0", &p, &errors), -EINVAL);
        assert_int_equal(errors.items[1].line, 1);
        assert_string_equal(errors.items[1].text,
                            "a NUL byte: the file is damaged or saved as UTF-16; save it as UTF-8");
}

static void crlf(void **state)
{
        struct policy *p = assert_accepted(
                "[policy]\r\nversion = 1\r\n\r\n[school]\r\nname = x\r\n# y\r\n[storage]\r\nusb-disk = allow\r\n");
        (void) state;

        assert_string_equal(p->school_name, "x");
        assert_int_equal(p->storage[STORAGE_USB_DISK], ACCESS_ALLOW);
        policy_free(p);
        assert_refused(HEAD "mode = au\rdit\n", 3, "a control character (0x0d) at byte 10; take it out");
        assert_refused(HEAD "mode = audit\r\r\n", 3, "a control character (0x0d) at byte 13; take it out");
}

static void no_newline_at_end(void **state)
{
        struct policy *p = assert_accepted(HEAD "mode = audit");
        (void) state;

        assert_int_equal(p->mode, POLICY_AUDIT);
        policy_free(p);
        assert_refused(HEAD "mode = audi", 3, "mode cannot be \"audi\"; write enforce or audit");
        assert_refused(HEAD "[device a]\nvendor = 0951", 3,
                       "[device a] has no access; write access = allow, encrypted, read-only or block");
}

static void control_characters(void **state)
{
        (void) state;

        assert_refused(HEAD "[school]\nname = a\x1b[31mb\n", 4, "a control character (0x1b) at byte 9; take it out");
        assert_refused(HEAD "[school]\nname = a\x01\n", 4, "a control character (0x01) at byte 9; take it out");
        assert_refused(HEAD "[school]\nname = a\x1f\n", 4, "a control character (0x1f) at byte 9; take it out");
        assert_refused(HEAD "[school]\nname = a\x7f\n", 4, "a control character (0x7f) at byte 9; take it out");
        assert_refused(HEAD "[school]\nname = a\xC2\x80\n", 4, "a control character (0x80) at byte 9; take it out");
        assert_refused(HEAD "[school]\nname = a\xC2\x9F\n", 4, "a control character (0x9f) at byte 9; take it out");
        assert_refused(HEAD "# \x0b\n", 3, "a control character (0x0b) at byte 3; take it out");
        assert_refused(HEAD "[school]\nname = a\tb\n", 4, "a tab in the value; use blanks");
}

static void unseen_characters(void **state)
{
        static const struct {
                const char *bytes, *name;
        } table[] = {
                { "\xC2\xA0", "00A0" },          { "\xC2\xAD", "00AD" },     { "\xD8\x9C", "061C" },
                { "\xE2\x80\x80", "2000" },      { "\xE2\x80\x8B", "200B" }, { "\xE2\x80\x8E", "200E" },
                { "\xE2\x80\x8F", "200F" },      { "\xE2\x80\xA8", "2028" }, { "\xE2\x80\xAE", "202E" },
                { "\xE2\x80\xAF", "202F" },      { "\xE2\x81\x9F", "205F" }, { "\xE2\x81\xA0", "2060" },
                { "\xE2\x81\xAF", "206F" },      { "\xE3\x80\x80", "3000" }, { "\xEF\xBB\xBF", "FEFF" },
                { "\xF3\xA0\x80\x81", "E0001" },
        };
        struct policy *p;
        (void) state;

        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                char text[128], wanted[160];

                snprintf(text, sizeof(text), HEAD "[storage]\nusb-disk%s = allow\n", table[i].bytes);
                snprintf(wanted, sizeof(wanted),
                         "a character that cannot be seen (U+%s) at byte 9; type it again, plain blanks are fine",
                         table[i].name);
                assert_refused(text, 4, wanted);
        }

        /* joiners are part of how some people write, and dashes and quotes can be seen */
        p = assert_accepted(HEAD "[school]\nname = \xE2\x80\x8C\xE2\x80\x8D – “x” €\n");
        policy_free(p);
}

static void not_utf8(void **state)
{
        static const struct {
                const char *bytes;
                unsigned at, byte;
        } table[] = {
                { "caf\xE9", 11, 0xE9 }, /* Latin-1 */
                { "\x80", 8, 0x80 },     /* continuation without a start */
                { "\xC3\x28", 8, 0xC3 }, /* start without a continuation */
                { "\xC0\xAF", 8, 0xC0 }, /* overlong '/' */
                { "\xC1\xBF", 8, 0xC1 },
                { "\xE0\x9F\xBF", 8, 0xE0 },     /* overlong */
                { "\xF0\x8F\xBF\xBF", 8, 0xF0 }, /* overlong */
                { "\xED\xA0\x80", 8, 0xED },     /* surrogates */
                { "\xED\xBF\xBF", 8, 0xED },
                { "\xF4\x90\x80\x80", 8, 0xF4 }, /* above U+10FFFF */
                { "\xF8\x88\x80\x80\x80", 8, 0xF8 },
                { "\xFF", 8, 0xFF },
                { "x\xE2\x82", 9, 0xE2 }, /* cut off at the end of the line */
        };
        struct policy *p;
        char *cut;
        (void) state;

        for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
                char text[128], wanted[128];

                snprintf(text, sizeof(text), HEAD "[school]\nname = %s\n", table[i].bytes);
                snprintf(wanted, sizeof(wanted), "byte %u (0x%02x) is not UTF-8; save the file as UTF-8", table[i].at,
                         table[i].byte);
                assert_refused(text, 4, wanted);
        }
        /* the file ends within a character: nothing behind it is looked at */
        cut = malloc(strlen(HEAD) + 2);
        assert_non_null(cut);
        memcpy(cut, HEAD "\xE2\x82", strlen(HEAD) + 2);
        assert_refused_bytes(cut, strlen(HEAD) + 2, 3, "byte 1 (0xe2) is not UTF-8; save the file as UTF-8");
        free(cut);
        assert_refused(HEAD "# caf\xE9\n", 3, "byte 6 (0xe9) is not UTF-8; save the file as UTF-8");

        /* the first and last of each length */
        p = assert_accepted(
                HEAD
                "[school]\nname = "
                "~\xC2\xA1\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBD\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\n");
        policy_free(p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(indented),
                cmocka_unit_test(blank_lines_and_comments),
                cmocka_unit_test(inline_comment),
                cmocka_unit_test(long_lines),
                cmocka_unit_test(long_section_names),
                cmocka_unit_test(reopened_section),
                cmocka_unit_test(repeated_key),
                cmocka_unit_test(key_in_two_devices),
                cmocka_unit_test(section_without_keys),
                cmocka_unit_test(key_before_section),
                cmocka_unit_test(colon),
                cmocka_unit_test(no_sign),
                cmocka_unit_test(empty_names_and_values),
                cmocka_unit_test(headers),
                cmocka_unit_test(byte_order_mark),
                cmocka_unit_test(nul),
                cmocka_unit_test(crlf),
                cmocka_unit_test(no_newline_at_end),
                cmocka_unit_test(control_characters),
                cmocka_unit_test(unseen_characters),
                cmocka_unit_test(not_utf8),
        };

        return cmocka_run_group_tests_name("policy-line", tests, NULL, NULL);
}
