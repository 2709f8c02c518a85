/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Five bits a character, the highest first. Crockford's base32 leaves out I, L, O and U, which are misread for 1, 1 and 0,
 * or make words. */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "common/ulid.h"

#define NSEC_PER_MSEC     1000000U
#define ULID_RANDOM_BYTES 10U

static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int ulid_new(uint64_t time_ns, char ret[static ULID_LENGTH + 1])
{
        uint64_t milliseconds = time_ns / NSEC_PER_MSEC;
        unsigned char random[ULID_RANDOM_BYTES];
        unsigned bits = 0, held = 0;
        size_t at = 0;

        /* Up to 256 bytes are never cut short by a signal (random(7)). */
        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -errno;

        /* 48 bits in 10 characters: the first has 3 of them. */
        for (int shift = 45; shift >= 0; shift -= 5)
                ret[at++] = base32[milliseconds >> shift & 0x1F];
        for (size_t i = 0; i < sizeof(random); i++) {
                held = held << 8 | random[i];
                bits += 8;
                while (bits >= 5) {
                        bits -= 5;
                        ret[at++] = base32[held >> bits & 0x1F];
                }
        }
        ret[at] = '\0';
        return 0;
}

bool ulid_valid(const char *text)
{
        if (text[0] < '0' || text[0] > '7') /* 26 characters would hold 130 bits */
                return false;
        return strspn(text, base32) == ULID_LENGTH && text[ULID_LENGTH] == '\0';
}
