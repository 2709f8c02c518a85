/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One check at a time. The server has two threads, and events must go on coming in on one while somebody tries passwords on the
 * other. */

#include "collector/password.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_argon2id_STRBYTES, "the text that libsodium makes");

#define MEMORY_BYTES ((size_t) PASSWORD_MEMORY_MIB * 1024 * 1024)

static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;

static int hash(const char *password, char *ret)
{
        return sodium_init() < 0 || crypto_pwhash_argon2id_str(ret, password, strlen(password), PASSWORD_PASSES,
                                                               MEMORY_BYTES) != 0
                       ? -ENOMEM
                       : 0;
}

int password_hash(const char *password, char ret[static PASSWORD_HASH_SIZE])
{
        size_t size = strlen(password);

        return size < PASSWORD_MIN || size > PASSWORD_MAX ? -EINVAL : hash(password, ret);
}

int password_check(const char *password, const char *kept)
{
        char made[PASSWORD_HASH_SIZE];
        int r = 0;

        if (pthread_mutex_trylock(&busy) != 0)
                return -EBUSY;
        if (!kept)
                (void) hash(password, made);
        else
                r = crypto_pwhash_argon2id_str_verify(kept, password, strlen(password)) == 0;
        pthread_mutex_unlock(&busy);
        return r;
}
