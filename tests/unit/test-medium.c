/* links: agent/medium.c common/sysfs.c common/text.c common/utf8.c libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a reader's answer means. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "agent/medium.h"

#define GOOD  0
#define CHECK 2 /* CHECK CONDITION */

static void answers_of_readers(void **state)
{
        static const struct {
                unsigned status, host, n;
                uint8_t sense[18];
                int answer;
        } cases[] = {
                { GOOD, 0, 0, { 0 }, MEDIUM_PRESENT },
                { CHECK, 0, 18, { 0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3a, 0 }, MEDIUM_ABSENT },
                { CHECK, 0, 18, { 0xf0, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3a, 1 }, MEDIUM_ABSENT },
                { CHECK, 0, 18, { 0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x04, 1 }, MEDIUM_UNKNOWN }, /* not yet */
                { CHECK, 0, 18, { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x28, 0 }, -EAGAIN },        /* changed */
                { CHECK, 0, 18, { 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x30, 0 }, MEDIUM_PRESENT }, /* unreadable */
                { CHECK, 0, 8, { 0x72, 2, 0x3a }, MEDIUM_ABSENT },
                { CHECK, 0, 8, { 0x72, 6, 0x28 }, -EAGAIN },
                { CHECK, 0, 12, { 0x70, 0, 2, 0, 0, 0, 0, 4, 0, 0, 0, 0 }, MEDIUM_UNKNOWN }, /* cut short */
                { CHECK, 0, 0, { 0 }, MEDIUM_UNKNOWN },
                { GOOD, 7, 0, { 0 }, MEDIUM_UNKNOWN }, /* the way to it is broken */
        };

        (void) state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                if (medium_of_sense(cases[i].status, cases[i].host, cases[i].sense, cases[i].n) != cases[i].answer)
                        fail_msg("case %zu", i);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(answers_of_readers) };

        return cmocka_run_group_tests_name("medium", tests, NULL, NULL);
}
