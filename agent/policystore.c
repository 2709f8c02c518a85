/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A new policy is built aside and swapped in whole. What was accepted is copied, byte for byte, so that a laptop whose
 * file is broken on Monday starts with Friday's rules. The copy must itself parse before it takes the place of
 * the old one: the file may have been written to between reading and copying. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "agent/policystore.h"
#include "agent/record.h"
#include "common/cleanup.h"
#include "common/durable.h"

DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

void policystore_error_text(const struct policystore *store, const struct policy_error *error, char *text, size_t size)
{
        if (error->line > 0)
                snprintf(text, size, "%s:%u: %s", store->path, error->line, error->text);
        else
                snprintf(text, size, "%s: %s", store->path, error->text);
}

/* The whole file, for the caller to free, or NULL. */
static char *read_all(const char *path, size_t *ret_size)
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        CLEANUP(cleanup_free) char *text = NULL;
        struct stat st;
        char *taken;
        size_t length = 0;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t) POLICY_FILE_MAX)
                return NULL;
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return NULL;
        while (length < (size_t) st.st_size) {
                ssize_t n = read(fd, text + length, (size_t) st.st_size - length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                length += (size_t) n;
        }
        *ret_size = length;
        taken = text;
        text = NULL;
        return taken;
}

/* Keep a copy of the file that was just accepted. */
static void keep_last_good(struct policystore *store)
{
        CLEANUP(cleanup_policy) struct policy *parsed = NULL;
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors));
        CLEANUP(cleanup_free) char *text = NULL, *old = NULL;
        size_t size = 0, old_size = 0;
        int r;

        text = read_all(store->path, &size);
        if (!text || !errors || policy_parse(text, size, LEKDICHT_VERSION, &parsed, errors) < 0)
                return;
        old = read_all(store->last_good, &old_size);
        if (old && old_size == size && memcmp(old, text, size) == 0)
                return;
        r = durable_replace(store->last_good, NULL, 0600, text, size);
        if (r < 0)
                record_note(LOG_WARNING, "%s cannot be written: %s", store->last_good, strerror(-r));
}

/* 1 accepted, 0 refused, or -ENOMEM. */
static int load_file(struct policystore *store)
{
        struct policy *policy;
        int r;

        memset(store->errors, 0, sizeof(*store->errors));
        store->error[0] = '\0';
        r = policy_load(store->path, store->flags, LEKDICHT_VERSION, &policy, store->errors);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                if (store->errors->n > 0)
                        policystore_error_text(store, &store->errors->items[0], store->error, sizeof(store->error));
                else
                        snprintf(store->error, sizeof(store->error), "%s: %s", store->path, strerror(-r));
                return 0;
        }
        policy_free(store->policy);
        store->policy = policy;
        store->source = POLICY_FROM_FILE;
        keep_last_good(store);
        return 1;
}

int policystore_init(struct policystore *store, const char *path, const char *last_good, unsigned flags)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors));
        int r;

        *store = (struct policystore){
                .path = path, .last_good = last_good, .flags = flags, .errors = calloc(1, sizeof(*errors))
        };
        if (!errors || !store->errors)
                return -ENOMEM;
        r = load_file(store);
        if (r != 0)
                return r < 0 ? r : 0;
        record_policy_rejected(store->error, store->errors->n > 0 ? store->errors->items[0].line : 0);
        if (policy_load(last_good, flags, LEKDICHT_VERSION, &store->policy, errors) >= 0) {
                store->source = POLICY_FROM_LAST_GOOD;
                return 0;
        }
        store->policy = policy_builtin();
        store->source = POLICY_BUILT_IN;
        return store->policy ? 0 : -ENOMEM;
}

void policystore_clear(struct policystore *store)
{
        store->policy = policy_free(store->policy);
        free(store->errors);
        store->errors = NULL;
}

int policystore_reload(struct policystore *store)
{
        int r = load_file(store);

        if (r == 0)
                record_policy_rejected(store->error, store->errors->n > 0 ? store->errors->items[0].line : 0);
        return r;
}

const char *policy_source_name(enum policy_source source)
{
        switch (source) {
        case POLICY_FROM_FILE:
                return "file";
        case POLICY_FROM_LAST_GOOD:
                return "last-good";
        case POLICY_BUILT_IN:
                return "built-in";
        }
        return "unknown";
}
