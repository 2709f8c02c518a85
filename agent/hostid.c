/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The file is one line: the number, the salt, and the hash of the machine's id under that salt (BLAKE2b). */

#include "agent/hostid.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"

#define MACHINE_LENGTH 32U /* hexadecimal digits of machine-id(5) */
#define SALT_SIZE      16U /* bytes */
#define HASH_SIZE      32U
#define FILE_LENGTH    (HOSTID_SIZE + 2 * SALT_SIZE + 1 + 2 * HASH_SIZE + 1)
#define FILE_MODE      0600

static const char hex[] = "0123456789abcdef";

int hostid_new(char ret[static HOSTID_SIZE])
{
        unsigned char b[16];
        size_t at = 0;

        if (getrandom(b, sizeof(b), 0) != (ssize_t) sizeof(b))
                return -errno;
        b[6] = (unsigned char) ((b[6] & 0x0f) | 0x40); /* version 4 */
        b[8] = (unsigned char) ((b[8] & 0x3f) | 0x80); /* variant 1 */
        for (unsigned i = 0; i < sizeof(b); i++)
                at += (size_t) snprintf(ret + at, HOSTID_SIZE - at, "%s%02x",
                                        i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
        return 0;
}

/* The first size bytes of a file, and no more; how many, or -errno. */
static ssize_t read_file(const char *path, char *text, size_t size)
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, size);

        return n < 0 ? -errno : n;
}

static int read_machine(const char *path, char ret[static MACHINE_LENGTH])
{
        char text[MACHINE_LENGTH + 2];
        ssize_t n = read_file(path, text, sizeof(text));

        if (n < 0)
                return (int) n;
        /* "uninitialized" in the first seconds of a new machine, and empty in some containers. */
        if (n < (ssize_t) MACHINE_LENGTH || n > (ssize_t) MACHINE_LENGTH + 1)
                return -ENODATA;
        for (size_t i = 0; i < MACHINE_LENGTH; i++)
                if (!memchr(hex, text[i], sizeof(hex) - 1))
                        return -ENODATA;
        memcpy(ret, text, MACHINE_LENGTH);
        return 0;
}

static int bind(const char *machine, const unsigned char salt[static SALT_SIZE], unsigned char ret[static HASH_SIZE])
{
        char id[MACHINE_LENGTH];
        int r = read_machine(machine, id);

        if (r == 0 && crypto_generichash(ret, HASH_SIZE, (const unsigned char *) id, sizeof(id), salt, SALT_SIZE) != 0)
                r = -EIO;
        sodium_memzero(id, sizeof(id));
        return r;
}

static bool read_hex(const char *text, unsigned char *ret, size_t size)
{
        size_t n = 0;

        return sodium_hex2bin(ret, size, text, 2 * size, NULL, &n, NULL) == 0 && n == size;
}

int hostid_read(const char *path, const char *machine, char ret[static HOSTID_SIZE])
{
        unsigned char salt[SALT_SIZE], hash[HASH_SIZE], here[HASH_SIZE];
        char text[FILE_LENGTH + 1];
        ssize_t n = read_file(path, text, sizeof(text));
        int r;

        if (n < 0)
                return (int) n;
        if (n != (ssize_t) FILE_LENGTH || text[HOSTID_SIZE - 1] != ' ' || text[HOSTID_SIZE + 2 * SALT_SIZE] != ' ' ||
            text[FILE_LENGTH - 1] != '\n' || !read_hex(text + HOSTID_SIZE, salt, SALT_SIZE) ||
            !read_hex(text + HOSTID_SIZE + 2 * SALT_SIZE + 1, hash, HASH_SIZE))
                return -EBADMSG;
        for (size_t i = 0; i < HOSTID_SIZE - 1; i++)
                if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !memchr(hex, text[i], sizeof(hex) - 1))
                        return -EBADMSG;
        memcpy(ret, text, HOSTID_SIZE - 1);
        ret[HOSTID_SIZE - 1] = '\0';
        if (!machine)
                return 0;
        r = bind(machine, salt, here);
        return r < 0 ? r : sodium_memcmp(hash, here, HASH_SIZE) == 0 ? 0 : -EXDEV;
}

int hostid_write(const char *path, const char *machine, const char *host)
{
        unsigned char salt[SALT_SIZE], hash[HASH_SIZE];
        char salt_text[2 * SALT_SIZE + 1], hash_text[2 * HASH_SIZE + 1], text[FILE_LENGTH + 1];
        int r;

        if (getrandom(salt, sizeof(salt), 0) != (ssize_t) sizeof(salt))
                return -EIO;
        r = bind(machine, salt, hash);
        if (r < 0)
                return r;
        snprintf(text, sizeof(text), "%s %s %s\n", host, sodium_bin2hex(salt_text, sizeof(salt_text), salt, SALT_SIZE),
                 sodium_bin2hex(hash_text, sizeof(hash_text), hash, HASH_SIZE));
        return durable_replace(path, NULL, FILE_MODE, text, strlen(text));
}
