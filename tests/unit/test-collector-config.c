/* links: collector/config.c collector/address.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Settings: the file that is shipped, and which line is named when something is wrong. More refusals, by the program
 * itself, are in tests/integration/test-collector.py. */

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/config.h"

static int load(const char *text, struct config *config, char error[static CONFIG_ERROR_MAX])
{
        char path[] = "/tmp/lekdicht-config-XXXXXX";
        int fd = mkstemp(path), r;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
        r = config_load(path, config, error);
        unlink(path);
        return r;
}

static void expect_fault(const char *text, const char *expected)
{
        struct config config, untouched;
        char error[CONFIG_ERROR_MAX];

        memset(&config, 0x55, sizeof(config));
        memset(&untouched, 0x55, sizeof(untouched));
        assert_int_equal(load(text, &config, error), -EINVAL);
        assert_non_null(strstr(error, expected));
        assert_memory_equal(&config, &untouched, sizeof(config));
}

static void the_shipped_file_says_the_defaults(void **state)
{
        struct config shipped, built_in;
        char error[CONFIG_ERROR_MAX];

        (void) state;
        memset(&shipped, 0, sizeof(shipped));
        memset(&built_in, 0, sizeof(built_in));
        config_default(&built_in);
        assert_int_equal(config_load("collector/collector.ini", &shipped, error), 0);
        assert_string_equal(shipped.database, built_in.database);
        assert_memory_equal(&shipped.listen, &built_in.listen, sizeof(shipped.listen));
        assert_int_equal(ntohs(built_in.listen.v4.sin_port), 4318);
        assert_int_equal(ntohl(built_in.listen.v4.sin_addr.s_addr), INADDR_LOOPBACK);
}

static void an_empty_file_says_the_defaults_too(void **state)
{
        struct config config;
        char error[CONFIG_ERROR_MAX];

        (void) state;
        assert_int_equal(load("", &config, error), 0);
        assert_string_equal(config.database, CONFIG_DATABASE);
        assert_int_equal(load("[collector]\nlisten = [::1]:80\n", &config, error), 0);
        assert_int_equal(config.listen.any.sa_family, AF_INET6);
        assert_int_equal(ntohs(config.listen.v6.sin6_port), 80);
        assert_true(IN6_IS_ADDR_LOOPBACK(&config.listen.v6.sin6_addr));
        assert_int_equal(config_load("/nowhere", &config, error), -ENOENT);
}

static void the_first_fault_is_named_with_its_line(void **state)
{
        char text[3000];

        (void) state;
        expect_fault("[collector]\nx = 1\n", ":2: not a key");
        expect_fault("[collector]\nnonsense\nx = 1\n", ":2: neither");
        expect_fault("[collector]\nx = 1\nnonsense\n", ":2: not a key");
        expect_fault("[collector\n", ":1: neither");
        expect_fault("x = 1\n", ":1: not in the section");
        expect_fault("[collector]\ndatabase = /a\ndatabase = /a\n", ":3: the key is there twice");
        expect_fault("[collector]\ndatabase =\n", ":2: database is not");
        expect_fault("[collector]\ntoken-file = /x\n", ":2: not a key");
        memset(text, 'x', sizeof(text));
        memcpy(text, "[collector]\ndatabase = /", 24);
        text[sizeof(text) - 1] = '\0';
        expect_fault(text, ":2: the line is too long");
        memcpy(text + 2990, "\n#\nx = 1", 9);
        expect_fault(text, ":2: the line is too long");
        memset(text, '#', 24);
        memcpy(text + 2980, "\n[collector]\nx = 1", 19); /* not even in a comment */
        expect_fault(text, ":1: the line is too long");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_shipped_file_says_the_defaults),
                cmocka_unit_test(an_empty_file_says_the_defaults_too),
                cmocka_unit_test(the_first_fault_is_named_with_its_line),
        };

        return cmocka_run_group_tests_name("collector config", tests, NULL, NULL);
}
