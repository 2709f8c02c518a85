/* SPDX-License-Identifier: GPL-3.0-or-later */

/* RFC 5280, 4.1: Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version OPTIONAL, serialNumber, signature, issuer,
 * validity SEQUENCE { notBefore, notAfter }, ... } ... }. Only lengths are walked, each held against what is there. */

#include "cli/certificate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

#define TAG_UTC_TIME         0x17
#define TAG_GENERALIZED_TIME 0x18
#define TAG_SEQUENCE         0x30
#define TAG_VERSION          0xa0

#define CENTURY_YEAR 50 /* RFC 5280, 4.1.2.5.1: two digits from 50 on are of the last century */

struct bytes {
        const uint8_t *at;
        size_t size;
};

static int digit_of(char character)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *found = character ? strchr(digits, character) : NULL;

        return found ? (int) (found - digits) : -1;
}

/* Base64 from text to its end mark; the number of bytes, or 0. */
static size_t decode(const char *text, const char *end, uint8_t ret[static CERTIFICATE_MAX])
{
        uint32_t bits = 0;
        unsigned held = 0;
        size_t n = 0;

        for (; text < end && *text != '='; text++) {
                int digit = digit_of(*text);

                if (digit < 0 && strchr(" \t\r\n", *text))
                        continue;
                if (digit < 0 || n == CERTIFICATE_MAX)
                        return 0;
                bits = bits << 6 | (uint32_t) digit;
                held += 6;
                if (held >= 8) {
                        held -= 8;
                        ret[n++] = (uint8_t) (bits >> held);
                }
        }
        return n;
}

/* Take the next element: its tag, and what is in it; -1 when it is not whole. */
static int take(struct bytes *from, struct bytes *ret)
{
        size_t length, head = 2;
        int tag;

        if (from->size < head)
                return -1;
        tag = from->at[0];
        length = from->at[1];
        if (length > 0x80) {
                size_t more = length - 0x80;

                if (more > 3 || from->size < head + more)
                        return -1;
                for (length = 0; more > 0; more--)
                        length = length << 8 | from->at[head++];
        } else if (length == 0x80) {
                return -1; /* without a length: not in DER */
        }
        if (length > from->size - head)
                return -1;
        *ret = (struct bytes){ from->at + head, length };
        from->at += head + length;
        from->size -= head + length;
        return tag;
}

static int read_time(int tag, struct bytes text, int64_t *ret)
{
        char copy[16] = "";
        struct tm tm = { 0 };
        int read, year;

        if (text.size >= sizeof(copy) || (tag != TAG_UTC_TIME && tag != TAG_GENERALIZED_TIME))
                return -EBADMSG;
        memcpy(copy, text.at, text.size);
        read = sscanf(copy, tag == TAG_UTC_TIME ? "%2d%2d%2d%2d%2d%2dZ" : "%4d%2d%2d%2d%2d%2dZ", &year, &tm.tm_mon,
                      &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
        if (read != 6 || text.size != (tag == TAG_UTC_TIME ? 13 : 15))
                return -EBADMSG;
        if (tag == TAG_UTC_TIME)
                year += year < CENTURY_YEAR ? 2000 : 1900;
        tm.tm_year = year - 1900;
        tm.tm_mon--;
        *ret = timegm(&tm);
        return 0;
}

int certificate_end(const char *text, int64_t *ret)
{
        const char *begin = strstr(text, BEGIN), *end = begin ? strstr(begin, END) : NULL;
        struct bytes all, certificate, signed_part, validity, part;
        uint8_t decoded[CERTIFICATE_MAX];
        int tag;

        if (!end)
                return -ENOENT;
        all = (struct bytes){ decoded, decode(begin + strlen(BEGIN), end, decoded) };
        if (take(&all, &certificate) != TAG_SEQUENCE || take(&certificate, &signed_part) != TAG_SEQUENCE)
                return -EBADMSG;
        tag = take(&signed_part, &part);
        if (tag == TAG_VERSION)
                tag = take(&signed_part, &part); /* the serial number */
        if (tag < 0 || take(&signed_part, &part) < 0 || take(&signed_part, &part) < 0)
                return -EBADMSG;
        if (take(&signed_part, &validity) != TAG_SEQUENCE || take(&validity, &part) < 0)
                return -EBADMSG;
        tag = take(&validity, &part);
        return read_time(tag, part, ret);
}
