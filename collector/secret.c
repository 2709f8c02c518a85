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

int secret_new_session(char ret[static SECRET_LENGTH + 1])
{
        unsigned char random[SECRET_LENGTH];

        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -EIO;
        for (size_t i = 0; i < sizeof(random); i++)
                ret[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
        ret[SECRET_LENGTH] = '\0';
        sodium_memzero(random, sizeof(random));
        return 0;
}

bool secret_hash_session(const char *id, unsigned char ret[static SECRET_HASH_SIZE])
{
        return strlen(id) == SECRET_LENGTH && strspn(id, alphabet) == SECRET_LENGTH &&
               crypto_generichash(ret, SECRET_HASH_SIZE, (const unsigned char *) id, SECRET_LENGTH, NULL, 0) == 0;
}

void secret_mark(const void *secret, size_t size, const char *text, char ret[static SECRET_MARK_LENGTH + 1])
{
        unsigned char hash[SECRET_HASH_SIZE];

        crypto_generichash(hash, sizeof(hash), (const unsigned char *) text, strlen(text), secret, size);
        sodium_bin2hex(ret, SECRET_MARK_LENGTH + 1, hash, sizeof(hash));
}

bool secret_same_text(const char *a, const char *b)
{
        size_t size = strlen(a);

        return strlen(b) == size && sodium_memcmp(a, b, size) == 0;
}
