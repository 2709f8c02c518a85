/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Secrets of the form ID.SECRET: a site token, whose id is chosen here, and a laptop's credential, whose id is its host.id.
 * The id is no secret, and a row is found by it; the rest is 258 random bits, of which only a hash is kept: nobody can
 * guess it, so the hash needs neither salt nor slowness. The only part with libsodium but password.c. */

#include <stdbool.h>
#include <stddef.h>

#include "collector/batch.h"

#define SECRET_TOKEN_ID_LENGTH 8U                /* hexadecimal digits */
#define SECRET_ID_MAX          BATCH_HOST_LENGTH /* bytes of the longer id */
#define SECRET_LENGTH          43U               /* characters behind the dot, of 64 each */
#define SECRET_HASH_SIZE       32U
#define SECRET_MARK_LENGTH     (2 * SECRET_HASH_SIZE)
#define SECRET_TEXT_SIZE       (SECRET_ID_MAX + 1 + SECRET_LENGTH + 1) /* for the whole, NUL included */

struct secret {
        char id[SECRET_ID_MAX + 1];
        unsigned char hash[SECRET_HASH_SIZE]; /* of the whole text, so that it goes with its id */
};

/* What somebody shows. False when it has not that form. */
bool secret_read(const char *text, struct secret *ret);

/* The same of the value of an Authorization header (RFC 6750: "Bearer ID.SECRET", the scheme in any case); NULL is no. */
bool secret_read_bearer(const char *value, struct secret *ret);

/* In a time that says nothing about where they differ. */
bool secret_same(const unsigned char a[static SECRET_HASH_SIZE], const unsigned char b[static SECRET_HASH_SIZE]);

/* A new site token, as text. 0; -EIO: there is no randomness. */
int secret_new_token(char ret[static SECRET_TEXT_SIZE]);

/* A new session's id, SECRET_LENGTH characters of those 64. 0 or -EIO. */
int secret_new_session(char ret[static SECRET_LENGTH + 1]);

/* The hash of a session's id; false: it has not the form of one. */
bool secret_hash_session(const char *id, unsigned char ret[static SECRET_HASH_SIZE]);

/* What only who has a secret can say of a text, as SECRET_MARK_LENGTH hexadecimal digits. */
void secret_mark(const void *secret, size_t size, const char *text, char ret[static SECRET_MARK_LENGTH + 1]);

/* The same of two texts that are compared, one of which came from outside. */
bool secret_same_text(const char *a, const char *b);
