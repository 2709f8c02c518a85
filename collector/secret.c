/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/secret.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

_Static_assert(SECRET_HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b as libsodium has it by default");

static const char scheme[] = "Bearer ";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool secret_read(const char *text, struct secret *ret)
{
        size_t id = strspn(text, "0123456789abcdef-");

        if ((id != SECRET_TOKEN_ID_LENGTH && id != BATCH_HOST_LENGTH) || text[id] != '.' ||
            strlen(text + id + 1) != SECRET_LENGTH || strspn(text + id + 1, alphabet) != SECRET_LENGTH)
                return false;
        memcpy(ret->id, text, id);
        ret->id[id] = '\0';
        return crypto_generichash(ret->hash, sizeof(ret->hash), (const unsigned char *) text, strlen(text), NULL, 0) ==
               0;
}

bool secret_read_bearer(const char *value, struct secret *ret)
{
        if (!value || strncasecmp(value, scheme, strlen(scheme)) != 0)
                return false;
        value += strlen(scheme);
        return secret_read(value + strspn(value, " "), ret);
}

bool secret_same(const unsigned char a[static SECRET_HASH_SIZE], const unsigned char b[static SECRET_HASH_SIZE])
{
        return sodium_memcmp(a, b, SECRET_HASH_SIZE) == 0;
}

int secret_new_token(char ret[static SECRET_TEXT_SIZE])
{
        unsigned char random[SECRET_TOKEN_ID_LENGTH + SECRET_LENGTH];
        size_t at = 0;

        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -EIO;
        for (; at < SECRET_TOKEN_ID_LENGTH; at++)
                ret[at] = "0123456789abcdef"[random[at] % 16];
        ret[at] = '.';
        for (; at < sizeof(random); at++)
                ret[at + 1] = alphabet[random[at] % (sizeof(alphabet) - 1)];
        ret[at + 1] = '\0';
        sodium_memzero(random, sizeof(random));
        return 0;
}
