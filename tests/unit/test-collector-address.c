/* links: collector/address.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

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

#include "collector/address.h"

static void expect(const char *text, bool local, const char *written)
{
        char back[ADDRESS_TEXT_MAX];
        union address address;

        assert_true(address_read(text, &address));
        assert_int_equal(address_is_local(&address), local);
        address_write(&address, false, back);
        assert_string_equal(back, written);
}

static void what_addresses_there_are(void **state)
{
        char text[ADDRESS_TEXT_MAX];
        union address address;

        (void) state;
        expect("127.0.0.1:4318", true, "http://127.0.0.1:4318");
        expect("127.9.9.9:0", true, "http://127.9.9.9:0");
        expect("[::1]:65535", true, "http://[::1]:65535");
        expect("/run/x", true, "/run/x");
        expect("0.0.0.0:4318", false, "http://0.0.0.0:4318");
        expect("128.0.0.1:1", false, "http://128.0.0.1:1");
        expect("[::]:4318", false, "http://[::]:4318");
        expect("[::ffff:127.0.0.1]:1", false, "http://[::ffff:127.0.0.1]:1");
        assert_true(address_read("10.0.0.5:443", &address));
        address_write(&address, true, text);
        assert_string_equal(text, "https://10.0.0.5:443");
}

static void what_is_none(void **state)
{
        static const char *const wrong[] = { "",
                                             ":",
                                             ":4318",
                                             "127.0.0.1",
                                             "127.0.0.1:",
                                             "127.1:0",
                                             "127.0.0.1:65536",
                                             "127.0.0.1:-1",
                                             "127.0.0.1:000080",
                                             "127.0.0.1:0x50",
                                             "localhost:1",
                                             "::1:4318",
                                             "[::1]",
                                             "[::1:4318",
                                             "[]:1",
                                             "[:1",
                                             "[127.0.0.1]:1",
                                             "run/socket" };
        static const union address zero;
        union address address;
        char text[300];

        (void) state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                if (address_read(wrong[i], &address))
                        fail_msg("'%s' is taken", wrong[i]);
                assert_memory_equal(&address, &zero, sizeof(zero));
        }
        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        text[0] = '/';
        assert_false(address_read(text, &address));
        text[0] = '[';
        memcpy(text + sizeof(text) - 5, "]:80", 4);
        assert_false(address_read(text, &address));
}

static void a_socket_file_is_replaced_when_nobody_listens(void **state)
{
        char folder[] = "/tmp/lekdicht-address-XXXXXX", path[64];
        union address address;
        struct stat st;
        FILE *file;
        int fd;

        (void) state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/socket", folder);
        assert_true(address_read(path, &address));
        fd = address_listen(&address, 5);
        assert_true(fd >= 0);
        assert_int_equal(address_listen(&address, 5), -EADDRINUSE);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0666);
        close(fd);
        fd = address_listen(&address, 5);
        assert_true(fd >= 0);
        close(fd);
        unlink(path);
        file = fopen(path, "w"); /* no socket: it stays */
        assert_non_null(file);
        fclose(file);
        assert_int_equal(address_listen(&address, 5), -EEXIST);
        unlink(path);
        rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_addresses_there_are),
                cmocka_unit_test(what_is_none),
                cmocka_unit_test(a_socket_file_is_replaced_when_nobody_listens),
        };

        return cmocka_run_group_tests_name("collector address", tests, NULL, NULL);
}
