/* links: policy/catalogue.c policy/catalogueline.c policy/glob.c policy/line.c policy/value.c policy/errors.c policy/facts.c libs: inih */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any bytes as a file of the catalogue. Refused means that something is said about it and nothing of it is there; accepted,
 * that what the marks name is found, and that nothing is found that the quick look would not have let through. */

#include <errno.h>
#include <string.h>

#include "policy/catalogue.h"
#include "tests/fuzz/check.h"

/* A path that a pattern fits: its stars stand for nothing. */
static const char *plainest(const char *pattern, char out[static POLICY_LINE_MAX + 1])
{
        size_t n = 0;

        for (; *pattern; pattern++)
                if (*pattern != '*')
                        out[n++] = *pattern;
        out[n] = '\0';
        return out;
}

static void look_for(const struct catalogue *catalogue, const struct mark *mark)
{
        char pattern[POLICY_LINE_MAX + 1], path[POLICY_LINE_MAX + 16];
        struct process_marks marks = { .program = path, .flatpak = "" };
        struct found_client found;

        plainest(mark->pattern, pattern);
        switch (mark->kind) {
        case MARK_PROGRAM:
                snprintf(path, sizeof(path), "%s", pattern);
                break;
        case MARK_SCRIPT:
                snprintf(path, sizeof(path), "/usr/bin/%s3.11", mark->word);
                marks.arguments[1] = marks.arguments[0] = pattern;
                break;
        case MARK_FLATPAK:
                snprintf(path, sizeof(path), "/app/bin/x");
                marks.flatpak = mark->pattern;
                break;
        case MARK_MOUNT:
                CHECK(catalogue_find_mount(catalogue, mark->word, pattern).client);
                return;
        default:
                return;
        }
        found = catalogue_find(catalogue, &marks);
        if (!found.client) { /* there is an "except" for it, or the word has a '/' and is no program's name */
                return;
        }
        CHECK(found.mark->kind != MARK_EXCEPT && found.mark->kind != MARK_MOUNT);
        CHECK(catalogue_may_have(catalogue, path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct policy_errors errors;
        struct catalogue *catalogue;
        int r;

        CHECK(catalogue_new(&catalogue) == 0);
        r = catalogue_add(catalogue, (const char *) data, size, &errors);
        CHECK(r == 0 ? errors.total == 0 : r == -EINVAL && errors.n > 0 && catalogue_size(catalogue) == 0);
        CHECK(r < 0 || catalogue_version(catalogue) > 0);
        for (size_t i = 0; i < catalogue_size(catalogue); i++) {
                const struct client *client = catalogue_client(catalogue, i);

                CHECK(client->name && client->label && client->service && client->n_marks <= CATALOGUE_MARKS_MAX);
                CHECK(strlen(client->label) <= CATALOGUE_LABEL_MAX && strlen(client->service) <= POLICY_NAME_MAX);
                for (size_t k = 0; k < client->n_marks; k++)
                        look_for(catalogue, &client->marks[k]);
        }
        catalogue_free(catalogue);
        return 0;
}
