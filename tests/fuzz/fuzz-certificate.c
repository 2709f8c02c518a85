/* links: cli/certificate.c libs: libcrypto */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A certificate that IT put somewhere, whatever it really is: as a text, and as what stands in such a text. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/certificate.h"
#include "tests/fuzz/check.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "\n-----END CERTIFICATE-----\n"

static void encode(const uint8_t *data, size_t size, char *ret)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        uint32_t bits = 0;
        unsigned held = 0;

        for (size_t i = 0; i < size; i++) {
                bits = bits << 8 | data[i];
                for (held += 8; held >= 6; held -= 6)
                        *ret++ = digits[bits >> (held - 6) & 63];
        }
        if (held > 0)
                *ret++ = digits[bits << (6 - held) & 63];
        *ret = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size * 2 + sizeof(BEGIN) + sizeof(END) + 4);
        int64_t end = 1, again = 1;

        CHECK(text);
        memcpy(text, data, size);
        text[size] = '\0';
        CHECK(certificate_end(text, &end) == 0 || end == 1);

        end = 1;
        strcpy(text, BEGIN);
        encode(data, size, text + strlen(text));
        strcat(text, END);
        CHECK(certificate_end(text, &end) == 0 || end == 1);
        CHECK(certificate_end(text, &again) == 0 || again == 1);
        CHECK(end == again);
        free(text);
        return 0;
}
