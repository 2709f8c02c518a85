/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A stick may call itself "]\n[storage]\nusb-disk = allow". What it says comes into the text as a name of plain letters, as
 * a comment without strange characters, and as its serial, which has to be exact. Whether a policy can hold that serial is
 * not guessed here: the text is read by the policy's own parser, and its judge has to open the device by it and nothing
 * else.
 *
 * Where there are USB numbers the class stays out: what a USB device says of itself does not tell a disk from a card
 * reader or a CD drive, so that the agent would wait for its logical units, and one that turns out to be of another kind
 * would be refused again. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/device.h"
#include "cli/exception.h"
#include "cli/when.h"
#include "common/cleanup.h"
#include "common/text.h"
#include "policy/judge.h"

#define NAME_BASE_MAX   (POLICY_NAME_MAX - sizeof("-99999") + 1)
#define CALLED_MAX      64U /* bytes of its name in the comment, NUL included */
#define SMALLEST_POLICY "[policy]\nversion = 1\n"

DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

/* Letters, digits and dots, with one '-' for whatever else stands between them. */
static size_t make_safe(const char *text, char ret[static NAME_BASE_MAX + 1])
{
        size_t n = 0;

        for (; *text && n < NAME_BASE_MAX; text++) {
                char c = *text >= 'A' && *text <= 'Z' ? (char) (*text - 'A' + 'a') : *text;

                if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '.' && n > 0))
                        ret[n++] = c;
                else if (n > 0 && ret[n - 1] != '-')
                        ret[n++] = '-';
        }
        while (n > 0 && (ret[n - 1] == '-' || ret[n - 1] == '.'))
                n--;
        ret[n] = '\0';
        return n;
}

void exception_name(struct exception *exception, unsigned number, bool (*taken)(const void *userdata, const char *name),
                    const void *userdata)
{
        char base[NAME_BASE_MAX + 1], ids[64];

        if (make_safe(exception->called, base) == 0) {
                snprintf(ids, sizeof(ids), "%.20s-%.4s-%.4s", exception->kind, exception->vendor, exception->product);
                if (make_safe(ids, base) == 0)
                        strcpy(base, "device");
        }
        strcpy(exception->name, base);
        for (; taken(userdata, exception->name); number++)
                snprintf(exception->name, sizeof(exception->name), "%s-%u", base, number % 100000U);
}

bool exception_in_policy(const void *policy, const char *name)
{
        const struct policy *names = policy;

        for (size_t i = 0; names && i < names->n_devices; i++)
                if (strcmp(names->devices[i].name, name) == 0)
                        return true;
        return false;
}

/* By this machine's calendar; the agent may know of a later day (agent/today.h). */
static unsigned today(void)
{
        time_t now = time(NULL);
        struct tm day;

        if (!localtime_r(&now, &day))
                return 0;
        day.tm_hour = day.tm_min = day.tm_sec = 0;
        now = timegm(&day);
        return now > 0 ? (unsigned) (now / 86400) : 0;
}

bool exception_judge(const struct exception *exception, const struct policy *policy, struct verdict *ret)
{
        int kind = storage_kind_from_name(exception->kind);
        struct storage_facts facts = { .serial = exception->serial };

        if (kind < 0)
                return false;
        facts.kind = (enum storage_kind) kind;
        facts.has_usb_id = *exception->vendor != '\0';
        facts.vendor = (uint16_t) strtoul(exception->vendor, NULL, 16);
        facts.product = (uint16_t) strtoul(exception->product, NULL, 16);
        judge(policy, &facts, today(), ret);
        return true;
}

/* Is it one line of a file? */
static bool is_line(const char *text)
{
        return !text || !strpbrk(text, "\r\n");
}

/* Read back: a policy, without a warning, that has this exception and opens the device by it. 0, -EINVAL or -ENOMEM. */
static int prove(const struct exception *exception, const char *text)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors)); /* too big for a stack */
        CLEANUP(cleanup_policy) struct policy *policy = NULL;
        char whole[sizeof(SMALLEST_POLICY) + EXCEPTION_TEXT_MAX];
        struct verdict verdict;
        int r;

        if (!errors)
                return -ENOMEM;
        snprintf(whole, sizeof(whole), "%s%s", SMALLEST_POLICY, text);
        r = policy_parse(whole, strlen(whole), LEKDICHT_VERSION, &policy, errors);
        if (r < 0)
                return r;
        if (errors->n_warnings > 0 || policy->n_devices != 1 || strcmp(policy->devices[0].name, exception->name) != 0 ||
            !exception_judge(exception, policy, &verdict) || verdict.by_rule != ACCESS_ALLOW)
                return -EINVAL;
        return 0;
}

int exception_write(const struct exception *exception, char ret[static EXCEPTION_TEXT_MAX])
{
        const char *words = device_kind_words(exception->kind);
        int kind = storage_kind_from_name(exception->kind);
        bool by_class = !*exception->vendor || kind > STORAGE_OPTICAL;
        char text[EXCEPTION_TEXT_MAX], called[CALLED_MAX], day[WHEN_MAX];
        FILE *file;
        bool failed;
        int r;

        if (!*exception->vendor && !exception->serial)
                return -ENODATA;
        if (kind < 0 || !words || !is_line(exception->vendor) || !is_line(exception->product) ||
            !is_line(exception->serial))
                return -EINVAL;
        text_clean(exception->called, strlen(exception->called), called, sizeof(called));
        when_day(exception->now, day);

        file = fmemopen(text, sizeof(text), "w");
        if (!file)
                return -errno;
        setbuf(file, NULL); /* so that what does not fit is an error at once */
        fprintf(file, "\n# %s", words);
        if (*called)
                fprintf(file, ", calls itself \"%s\"", called);
        fputc('\n', file);
        if (!exception->serial)
                fprintf(file, "# No serial, so every device of this model opens: %s.\n", exception->without);
        fprintf(file, "[device %s]\n", exception->name);
        if (by_class)
                fprintf(file, "class = %s\n", exception->kind);
        if (*exception->vendor)
                fprintf(file, "vendor = %s\nproduct = %s\n", exception->vendor, exception->product);
        if (exception->serial)
                fprintf(file, "serial = %s\n", exception->serial);
        fprintf(file, "access = allow\nreason = learned on %s\n", day);
        failed = ferror(file);
        if (fclose(file) != 0 || failed)
                return -EINVAL;

        r = prove(exception, text);
        if (r < 0)
                return r;
        strcpy(ret, text);
        return 0;
}
