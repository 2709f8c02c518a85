/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The file below /run says that this boot has seen the others: with it, what was kept is of no account. It lies in memory,
 * and so is written at once; the other is not (keptfile.h). */

#include "agent/leasefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "agent/keptfile.h"
#include "agent/record.h"
#include "common/cleanup.h"
#include "common/durable.h"

#define FILE_MAX       (64U * LEASE_LINE_MAX) /* bytes that are read */
#define LEASEFILE_MODE 0600

struct leasefile {
        char *path;
        struct keptfile *kept; /* NULL: none is kept */
        char *kept_text;       /* as last written; NULL: not yet */
        int error;             /* of the last write */
};

int leasefile_new(const char *path, const char *kept, struct leasefile **ret)
{
        struct leasefile *file = calloc(1, sizeof(*file));
        int r = file ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        file->path = strdup(path);
        r = file->path ? 0 : -ENOMEM;
        if (r >= 0 && kept)
                r = keptfile_new(kept, &file->kept);
        if (r < 0) {
                leasefile_free(file);
                return r;
        }
        *ret = file;
        return 0;
}

struct leasefile *leasefile_free(struct leasefile *file)
{
        if (!file)
                return NULL;
        keptfile_free(file->kept);
        free(file->kept_text);
        free(file->path);
        free(file);
        return NULL;
}

/* ---- reading ---- */

static size_t parse(char *text, struct lease *leases, size_t max, bool only_kept)
{
        size_t n = 0;
        char *line;

        while (n < max && (line = strsep(&text, "\n"))) {
                if (!line[0])
                        continue;
                if (!lease_parse(line, &leases[n]))
                        record_note(LOG_WARNING, "a grant that was written down cannot be read, and is no more");
                else if (leases[n].keep || !only_kept)
                        n++;
        }
        return n;
}

size_t leasefile_read(struct leasefile *file, struct lease *leases, size_t max, bool *ret_rebooted)
{
        CLEANUP(cleanup_free) char *text = malloc(FILE_MAX);
        struct keptfile *now = NULL;
        ssize_t length;

        *ret_rebooted = false;
        if (!text || keptfile_new(file->path, &now) < 0)
                return 0;
        length = keptfile_read(now, text, FILE_MAX);
        keptfile_free(now);
        if (length < 0 && length != -ENOENT)
                record_note(LOG_WARNING, "%s: %s: no grant holds", file->path, strerror((int) -length));
        if (length == -ENOENT && file->kept) {
                *ret_rebooted = true;
                length = keptfile_read(file->kept, text, FILE_MAX);
        }
        return length > 0 ? parse(text, leases, max, *ret_rebooted) : 0;
}

/* ---- writing ---- */

static char *print(const struct lease *leases, size_t n, bool only_kept)
{
        char *text = malloc(n * LEASE_LINE_MAX + 1), *out = text;

        if (!text)
                return NULL;
        *out = '\0';
        for (size_t i = 0; i < n; i++)
                if (leases[i].keep || !only_kept)
                        out += lease_print(&leases[i], out);
        return text;
}

static bool write_kept(struct leasefile *file, const struct lease *leases, size_t n)
{
        CLEANUP(cleanup_free) char *text = print(leases, n, true);
        char *last = file->kept_text;

        if (!text)
                return false;
        /* Most laptops never have one, and need no file. */
        if (last ? strcmp(last, text) == 0 : !text[0])
                return true;
        if (!keptfile_write(file->kept, text))
                return false;
        file->kept_text = text;
        text = last;
        return true;
}

bool leasefile_write(struct leasefile *file, const struct lease *leases, size_t n)
{
        CLEANUP(cleanup_free) char *text = print(leases, n, false);
        int r = text ? durable_swap(file->path, NULL, LEASEFILE_MODE, text, strlen(text)) : -ENOMEM;

        if (r < 0 && r != file->error)
                record_note(LOG_ERR, "%s: %s: the grants end with this run of lekdichtd", file->path, strerror(-r));
        file->error = r;
        return (!file->kept || write_kept(file, leases, n)) && r >= 0;
}
