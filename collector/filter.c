/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "collector/filter.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "collector/form.h"

#define NSEC_PER_SEC INT64_C(1000000000)

static const char *const names[_FILTER_MAX] = {
        [FILTER_LAPTOP] = "laptop", [FILTER_CODE] = "code", [FILTER_NAME] = "name",
        [FILTER_KIND] = "kind",     [FILTER_RULE] = "rule", [FILTER_CLIENT] = "client",
        [FILTER_SITE] = "site",     [FILTER_FROM] = "from", [FILTER_TO] = "to",
};

const char *filter_field_name(enum filter_field field)
{
        return names[field];
}

/* The first moment of a day here, or of the day after it; -1: no day. */
static int64_t day_ns(const char *text, int later)
{
        struct tm day = { .tm_isdst = -1 }, same;
        char back[sizeof("2026-11-22")];
        const char *end = strptime(text, "%Y-%m-%d", &day);
        time_t seconds;

        if (!end || *end != '\0' || strlen(text) != strlen("2026-11-22"))
                return -1;
        same = day;
        day.tm_mday += later;
        seconds = mktime(&day);
        /* What mktime() has to put right, such as February 30, is no day. */
        if (mktime(&same) < 0 || seconds < 0 || strftime(back, sizeof(back), "%Y-%m-%d", &same) == 0 ||
            strcmp(back, text) != 0)
                return -1;
        return seconds * NSEC_PER_SEC;
}

bool filter_set(struct filter *filter, enum filter_field field, const char *value)
{
        char *to = filter->values[field];

        to[0] = '\0';
        if (!value || !*value)
                return true;
        if (!form_decode(value, strlen(value), to, sizeof(filter->values[field])))
                return false;
        return (field != FILTER_FROM && field != FILTER_TO) || !to[0] || day_ns(to, 0) >= 0;
}

void filter_write(const struct filter *filter, char ret[static FILTER_QUERY_MAX])
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
        size_t n = 0;

        _Static_assert(FILTER_QUERY_MAX > _FILTER_MAX * (3 * FILTER_VALUE_MAX + 16), "a query may not fit");
        ret[0] = '\0';
        for (size_t i = 0; i < _FILTER_MAX; i++) {
                const char *value = filter->values[i];

                if (!*value)
                        continue;
                n += (size_t) snprintf(ret + n, FILTER_QUERY_MAX - n, "%s%s=", n ? "&" : "", names[i]);
                for (; *value; value++)
                        n += (size_t) snprintf(ret + n, FILTER_QUERY_MAX - n, strchr(plain, *value) ? "%c" : "%%%02X",
                                               (unsigned char) *value);
        }
}

static const char *or_null(const char *text)
{
        return text[0] ? text : NULL;
}

void filter_wish(const struct filter *filter, struct store_wish *ret)
{
        int64_t from = day_ns(filter->values[FILTER_FROM], 0), until = day_ns(filter->values[FILTER_TO], 1);

        *ret = (struct store_wish){
                .laptop = or_null(filter->values[FILTER_LAPTOP]),
                .code = or_null(filter->values[FILTER_CODE]),
                .name = or_null(filter->values[FILTER_NAME]),
                .kind = or_null(filter->values[FILTER_KIND]),
                .rule = or_null(filter->values[FILTER_RULE]),
                .client = or_null(filter->values[FILTER_CLIENT]),
                .site = or_null(filter->values[FILTER_SITE]),
                .from_ns = from < 0 ? 0 : from,
                .until_ns = until < 0 ? INT64_MAX : until,
        };
}
