/* SPDX-License-Identifier: GPL-3.0-or-later */

/* strptime(3) knows the names of days and months in the C locale, which is the only one this program ever has. It skips
 * blanks and zeros more freely than the standard allows; that is harmless, as the result is bounded. */

#include "reporter/retry.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int retry_date(const char *text, int64_t *ret)
{
        static const char *const forms[] = {
                "%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
                "%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
                "%a %b %e %H:%M:%S %Y",      /* asctime(3) */
        };

        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                struct tm tm = { 0 };
                const char *end = strptime(text, forms[i], &tm);

                if (end && *end == '\0') {
                        *ret = timegm(&tm);
                        return 0;
                }
        }

        return -EINVAL;
}

int retry_after(const char *value, const char *date, int64_t wall, unsigned *ret)
{
        static const char digits[] = "0123456789";
        int64_t then, now;

        if (value[0] != '\0' && value[strspn(value, digits)] == '\0') {
                unsigned seconds = 0;

                for (const char *c = value; *c && seconds <= RETRY_AFTER_MAX; c++)
                        seconds = seconds * 10 + (unsigned) (*c - '0');
                *ret = seconds < RETRY_AFTER_MAX ? seconds : RETRY_AFTER_MAX;
                return 0;
        }

        if (retry_date(value, &then) < 0)
                return -EINVAL;
        if (retry_date(date, &now) < 0)
                now = wall;
        *ret = then <= now ? 0 : then - now < RETRY_AFTER_MAX ? (unsigned) (then - now) : RETRY_AFTER_MAX;

        return 0;
}
