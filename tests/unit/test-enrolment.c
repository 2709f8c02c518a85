/* links: libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is an enrolment and what is refused, inih's generosity included. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/enrolment.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyz0123456"
#define HEAD  "[collector]\n"
#define URL   "url = https://lekdicht.school.example\n"
#define KEY   "token = " TOKEN "\n"

static struct enrolment enrolment;
static char error[ENROLMENT_ERROR_MAX];

static void assert_taken_n(const char *text, size_t size)
{
        memset(&enrolment, 0xA5, sizeof(enrolment));
        strcpy(error, "stale");
        if (enrolment_parse(text, size, &enrolment, error) != 0)
                fail_msg("refused: %s\n%s", error, text);
        assert_string_equal(error, "");
}

static void assert_taken(const char *text)
{
        assert_taken_n(text, strlen(text));
}

static void assert_refused_n(const char *text, size_t size, const char *why)
{
        struct enrolment untouched;

        memset(&enrolment, 0xA5, sizeof(enrolment));
        untouched = enrolment;
        error[0] = '\0';
        if (enrolment_parse(text, size, &enrolment, error) != -EINVAL)
                fail_msg("taken: %s", text);
        if (!strstr(error, why))
                fail_msg("\"%s\" does not say \"%s\"", error, why);
        assert_null(strstr(error, TOKEN));
        assert_memory_equal(&enrolment, &untouched, sizeof(enrolment));
}

static void assert_refused(const char *text, const char *why)
{
        assert_refused_n(text, strlen(text), why);
}

static void a_whole_one(void **state)
{
        (void) state;
        assert_taken("# made by IT\n; too\n\n[collector]\r\nurl=https://lekdicht.school.example:8443/collect/\r\n"
                     "token = " TOKEN "\nca-file = /etc/lekdicht/ca.pem\nproxy = http://proxy.school.example:3128\n");
        assert_string_equal(enrolment.url, "https://lekdicht.school.example:8443/collect");
        assert_string_equal(enrolment.token, TOKEN);
        assert_string_equal(enrolment.ca_file, "/etc/lekdicht/ca.pem");
        assert_string_equal(enrolment.proxy, "http://proxy.school.example:3128");

        assert_taken(HEAD KEY "url = https://[2001:db8::1]:443//");
        assert_string_equal(enrolment.url, "https://[2001:db8::1]:443");
        assert_string_equal(enrolment.ca_file, "");
        assert_string_equal(enrolment.proxy, "");
        assert_taken(HEAD URL "token = !#$%&'()*+,-./:;<=>?@[]^_`{|}~~~\n");
        assert_string_equal(enrolment.token, "!#$%&'()*+,-./:;<=>?@[]^_`{|}~~~");
}

static void label_and_attempt(void **state)
{
        (void) state;
        assert_taken(HEAD URL KEY "label = Lokaal 2.14\nattempt = 0123456789abcdef0123456789abcdef\n");
        assert_string_equal(enrolment.label, "Lokaal 2.14");
        assert_string_equal(enrolment.attempt, "0123456789abcdef0123456789abcdef");
        assert_taken(HEAD URL KEY);
        assert_string_equal(enrolment.label, "");
        assert_string_equal(enrolment.attempt, "");
        assert_refused(HEAD URL KEY "attempt = 0123456789abcdef0123456789abcde\n", "32 hexadecimal");
        assert_refused(HEAD URL KEY "attempt = 0123456789ABCDEF0123456789ABCDEF\n", "32 hexadecimal");
        assert_refused(HEAD URL KEY "label = \xe2\x80\xaex\n", "cannot be shown");
        assert_refused(HEAD URL KEY "label = a\nlabel = b\n", "\"label\" is there twice");
}

static void taken_url(const char *url)
{
        char text[512];

        snprintf(text, sizeof(text), HEAD KEY "url = %s\n", url);
        assert_taken(text);
        assert_string_equal(enrolment.url, url);
}

static void refused_url(const char *url, const char *why)
{
        char text[512];

        snprintf(text, sizeof(text), HEAD KEY "url = %s\n", url);
        assert_refused(text, why);
}

static void only_loopback_without_tls(void **state)
{
        (void) state;
        taken_url("http://127.0.0.1");
        taken_url("http://127.0.0.1:4318");
        taken_url("http://127.255.255.255:1");
        taken_url("http://[::1]:4318/x");
        taken_url("https://127.0.0.1");
        taken_url("https://localhost");
        refused_url("http://lekdicht.school.example", "must begin with https://");
        refused_url("http://localhost", "must begin with https://");
        refused_url("http://128.0.0.1", "must begin with https://");
        refused_url("http://10.0.0.1", "must begin with https://");
        refused_url("http://127.1", "must begin with https://");
        refused_url("http://127.0.0.256", "must begin with https://");
        refused_url("http://127.0.256.1", "must begin with https://");
        refused_url("http://127.256.0.1", "must begin with https://");
        refused_url("http://127.0.0.1.", "must begin with https://");
        refused_url("http://127.0.0.1.evil.example", "must begin with https://");
        refused_url("http://127.0.0.-1", "must begin with https://");
        refused_url("http://1127.0.0.1", "must begin with https://");
        refused_url("http://0.0.0.0", "must begin with https://");
        refused_url("http://[::]", "must begin with https://");
        refused_url("http://[::11]", "must begin with https://");
        refused_url("http://[::ffff:127.0.0.1]", "must begin with https://");
}

static void addresses(void **state)
{
        (void) state;
        taken_url("https://a");
        taken_url("https://a:65535/b/c.d_e~f-g");
        refused_url("ftp://a", "begins with neither");
        refused_url("HTTPS://a", "begins with neither");
        refused_url("lekdicht.school.example", "begins with neither");
        refused_url("https:/a", "begins with neither");
        refused_url("https://", "no host");
        refused_url("https:///v1", "no host");
        refused_url("https://[]", "no host");
        refused_url("https://[::1", "no host");
        refused_url("https://[g::1]", "no host");
        refused_url("https://:443", "no host");
        refused_url("https://user@host", "more than a host");
        refused_url("https://host:443@evil.example", "more than a host");
        refused_url("https://host?x", "more than a host");
        refused_url("https://host\\evil", "more than a host");
        refused_url("https://h\xc3\xb6st", "more than a host");
        refused_url("https://host:", "port");
        refused_url("https://host:0", "port");
        refused_url("https://host:65536", "port");
        refused_url("https://host:000443", "port");
        refused_url("https://host:-1", "port");
        refused_url("https://host:44a", "more than a host");
        refused_url("https://host/a?b", "path");
        refused_url("https://host/a b", "path");
        refused_url("https://host/%2e", "path");
        refused_url("https://host/@x", "path");
}

static void keys(void **state)
{
        (void) state;
        assert_refused("", "no \"url\"");
        assert_refused(HEAD, "no \"url\"");
        assert_refused(HEAD KEY, "no \"url\"");
        assert_refused(HEAD URL, "no \"token\"");
        assert_refused(URL KEY, "not in the section [collector]");
        assert_refused("[Collector]\n" URL KEY, "not in the section [collector]");
        assert_refused("[collector2]\n" URL KEY, "not in the section [collector]");
        assert_refused(HEAD URL KEY "[other]\ntoken = x\n", "not in the section [collector]");
        assert_refused(HEAD URL KEY "insecure = yes\n", "\"insecure\" is not known by lekdicht");
        assert_refused(HEAD URL KEY "URL = https://b\n", "\"URL\" is not known");
        assert_refused(HEAD URL KEY URL, "\"url\" is there twice");
        assert_refused(HEAD URL KEY KEY, "\"token\" is there twice");
        assert_refused(HEAD URL KEY HEAD KEY, "\"token\" is there twice");
        assert_refused(HEAD URL KEY "proxy =\n", "\"proxy\" has no value");
        assert_refused(HEAD URL KEY "nonsense\n", "line 4 is neither");
        assert_refused(HEAD URL KEY "[collector\n", "line 4 is neither");
        assert_refused(HEAD URL KEY "ca-file = ca.pem\n", "path from the root");
        assert_refused(HEAD URL KEY "proxy = socks5://127.0.0.1:1080\n", "\"proxy\" begins with neither");
        assert_refused(HEAD URL KEY "proxy = http://user:word@proxy\n", "\"proxy\"");
        assert_refused(HEAD KEY "url = http://127.0.0.1\nproxy = http://127.0.0.1:3128\n", "proxy would read all");
        assert_taken(HEAD URL KEY "proxy = https://proxy.school.example\n");
}

static void tokens(void **state)
{
        char text[512], token[ENROLMENT_TOKEN_MAX + 2] = { 0 };

        (void) state;
        memset(token, 'x', ENROLMENT_TOKEN_MIN - 1);
        snprintf(text, sizeof(text), HEAD URL "token = %s\n", token);
        assert_refused(text, "fewer than 32");
        memset(token, 'x', ENROLMENT_TOKEN_MIN);
        snprintf(text, sizeof(text), HEAD URL "token = %s\n", token);
        assert_taken(text);
        memset(token, 'x', ENROLMENT_TOKEN_MAX);
        snprintf(text, sizeof(text), HEAD URL "token = %s\n", token);
        assert_taken(text);
        assert_int_equal(strlen(enrolment.token), ENROLMENT_TOKEN_MAX);
        memset(token, 'x', ENROLMENT_TOKEN_MAX + 1);
        snprintf(text, sizeof(text), HEAD URL "token = %s\n", token);
        assert_refused(text, "more than 128");
        assert_refused(HEAD URL "token = abcdefghijklmnop qrstuvwxyz0123456789\n", "without blanks");
        assert_refused(HEAD URL "token = abcdefghijklmnopqrstuvwxyz012345\xc3\xa9\n", "printable ASCII");
}

/* What inih would read, but not as it was meant. */
static void two_ways_to_read_it(void **state)
{
        char text[1024];

        (void) state;
        assert_refused(HEAD URL KEY " https://evil.example\n", "line 4 begins with a blank");
        assert_refused(HEAD URL "token = " TOKEN " ; the new one\n", "line 3: a comment needs");
        assert_refused(HEAD URL "token = " TOKEN "\t# the new one\n", "line 3: a comment needs");
        assert_refused(HEAD URL "token = ;" TOKEN "\n", "line 3: a comment needs");
        assert_refused(HEAD URL "token = " TOKEN "\x1b\n", "line 3 holds a control");
        assert_refused(HEAD URL "token = " TOKEN "\x7f\n", "line 3 holds a control");
        assert_refused("# \x01\n" HEAD URL KEY, "line 1 holds a control");
        assert_refused_n(HEAD URL KEY "\0proxy = x", sizeof(HEAD URL KEY "\0proxy = x") - 1, "line 4 holds a control");

        snprintf(text, sizeof(text), "#%*s\n%s", (int) ENROLMENT_LINE_MAX - 1, "x", HEAD URL KEY);
        assert_taken(text);
        snprintf(text, sizeof(text), "#%*s\n%s", (int) ENROLMENT_LINE_MAX, "x", HEAD URL KEY);
        assert_refused(text, "line 1 has 191 bytes");
        assert_refused("\xef\xbb\xbf" HEAD URL "nonsense\n" KEY, "line 3 is neither");
        assert_taken("\xef\xbb\xbf" HEAD URL KEY); /* a byte order mark is one of inih's kindnesses that does no harm */
}

static void size(void **state)
{
        char text[ENROLMENT_FILE_MAX + 2];

        (void) state;
        memset(text, '\n', sizeof(text));
        memcpy(text, HEAD URL KEY, sizeof(HEAD URL KEY) - 1);
        assert_taken_n(text, ENROLMENT_FILE_MAX);
        assert_refused_n(text, ENROLMENT_FILE_MAX + 1, "more than 8192 bytes");
}

/* A file with these bits; the directory goes with it. */
static int load(const char *text, mode_t mode, uid_t owner)
{
        char folder[] = "/tmp/lekdicht-enrolment-XXXXXX", path[64];
        FILE *file;
        int r;

        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/enrolment", folder);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chown(path, owner, (gid_t) -1), 0);
        assert_int_equal(chmod(path, mode), 0);
        error[0] = '\0';
        r = enrolment_load(path, &enrolment, error);
        unlink(path);
        rmdir(folder);

        return r;
}

static void who_may_read_it(void **state)
{
        (void) state;
        assert_int_equal(load(HEAD URL KEY, 0600, geteuid()), 0);
        assert_string_equal(enrolment.url, "https://lekdicht.school.example");
        assert_int_equal(load(HEAD URL KEY, 0640, geteuid()), 0);
        assert_int_equal(load(HEAD URL KEY, 0400, geteuid()), 0);
        for (mode_t others = 1; others <= 7; others++) {
                assert_int_equal(load(HEAD URL KEY, 0640 | others, geteuid()), -EINVAL);
                assert_non_null(strstr(error, "holds a secret"));
        }
        assert_int_equal(load(HEAD URL KEY, 0660, geteuid()), -EINVAL);
        assert_non_null(strstr(error, "its group may change it (mode 0660)"));
        if (geteuid() == 0) {
                assert_int_equal(load(HEAD URL KEY, 0600, 12345), -EINVAL);
                assert_non_null(strstr(error, "belongs to user 12345"));
        }
}

static void what_is_no_file(void **state)
{
        char folder[] = "/tmp/lekdicht-enrolment-XXXXXX", path[64], link[64];

        (void) state;
        assert_non_null(mkdtemp(folder));
        chmod(folder, 0700);
        snprintf(path, sizeof(path), "%s/fifo", folder);
        snprintf(link, sizeof(link), "%s/link", folder);

        assert_int_equal(enrolment_load(path, &enrolment, error), -ENOENT);
        assert_int_equal(enrolment_load(folder, &enrolment, error), -EINVAL);
        assert_non_null(strstr(error, "not a regular file"));
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(enrolment_load(path, &enrolment, error), -EINVAL); /* and does not wait for a writer */
        assert_int_equal(symlink("/dev/null", link), 0);
        assert_int_equal(enrolment_load(link, &enrolment, error), -ELOOP);
        unlink(path);
        unlink(link);
        rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_whole_one),         cmocka_unit_test(only_loopback_without_tls),
                cmocka_unit_test(addresses),           cmocka_unit_test(keys),
                cmocka_unit_test(label_and_attempt),   cmocka_unit_test(tokens),
                cmocka_unit_test(two_ways_to_read_it), cmocka_unit_test(size),
                cmocka_unit_test(who_may_read_it),     cmocka_unit_test(what_is_no_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
