/* links: collector/enrol.c collector/secret.c collector/scan.c collector/batch.c collector/interval.c common/text.c common/utf8.c libs: jansson libsodium */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as the body of POST /v1/enroll. Refused means that a sentence says why; taken means that ids have their form,
 * that all of it is of one laptop, and that the label can be shown. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/enrol.h"
#include "common/text.h"
#include "tests/fuzz/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char error[ENROL_ERROR_MAX], answer[ENROL_ANSWER_MAX], clean[BATCH_LABEL_MAX + 1];
        struct register_wish wish;
        char *text = malloc(size + 1);
        int r;

        CHECK(text);
        memcpy(text, data, size); /* its own memory, so that reading behind it is seen */
        memset(error, 0, sizeof(error));
        r = enrol_parse(text, size, &wish, error);
        free(text);
        if (r < 0) {
                CHECK(r == -ENOMEM || (r == -EBADMSG && error[0] && !strpbrk(error, "\"\\\n")));
                return 0;
        }
        CHECK(strlen(wish.token.id) == SECRET_TOKEN_ID_LENGTH && batch_is_host(wish.credential.id));
        CHECK(!wish.previous.id[0] || strcmp(wish.previous.id, wish.credential.id) == 0);
        CHECK(strlen(wish.label) <= BATCH_LABEL_MAX);
        (void) text_clean(wish.label, strlen(wish.label), clean, sizeof(clean));
        CHECK(strcmp(clean, wish.label) == 0);
        enrol_answer(&wish, answer);
        CHECK(strlen(answer) < ENROL_ANSWER_MAX - 1 && strstr(answer, wish.credential.id));
        return 0;
}
