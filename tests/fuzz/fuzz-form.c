/* links: collector/form.c */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the form that a browser sends: a value that is found is a text that fits, and what is not found is "". */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/form.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = { "name", "password", "token" };
        char *text = malloc(size + 1), value[33];

        CHECK(text);
        memcpy(text, data, size); /* its own memory, so that reading behind it is seen */
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                memset(value, 'x', sizeof(value));
                bool good = form_value(text, size, names[i], value, sizeof(value));

                CHECK(memchr(value, '\0', sizeof(value)));
                CHECK(good || value[0] == '\0');
                CHECK(!good || strlen(value) <= size);
        }
        free(text);
        return 0;
}
