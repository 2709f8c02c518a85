/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "watcher/findings.h"

#include <stdio.h>
#include <string.h>

/* Of what runs all evidence is for one row. By what it is set up each has its own: they are done away with one by one. */
static bool share_a_row(enum mark_kind a, enum mark_kind b)
{
        return a == b || (!mark_kind_is_setup(a) && !mark_kind_is_setup(b));
}

static struct finding *find(struct findings *findings, uid_t uid, const struct client *client, const char *service,
                            const char *host, enum mark_kind evidence)
{
        for (size_t i = 0; i < findings->n; i++) {
                struct finding *each = &findings->items[i];

                if (each->uid == uid && each->client == client && strcmp(each->service, service) == 0 &&
                    strcmp(each->host, host) == 0 && share_a_row(each->evidence, evidence))
                        return each;
        }
        return NULL;
}

void findings_add(struct findings *findings, uid_t uid, const struct client *client, const char *service,
                  const char *host, const struct mark *mark, pid_t pid)
{
        struct finding *row = find(findings, uid, client, service, host, mark->kind);

        if (!row && findings->n == FINDINGS_MAX)
                return;
        if (!row) {
                row = &findings->items[findings->n++];
                *row = (struct finding){ .uid = uid, .client = client, .service = service, .evidence = mark->kind };
                snprintf(row->host, sizeof(row->host), "%s", host);
        }
        if (!row->sure && !mark->hearsay) {
                row->evidence = mark->kind;
                row->sure = true;
        }
        if (pid > 0 && row->n_pids < FINDINGS_PIDS)
                row->pids[row->n_pids++] = (uint32_t) pid;
}

bool findings_have(const struct findings *findings, uid_t uid, const struct client *client)
{
        for (size_t i = 0; i < findings->n; i++)
                if (findings->items[i].uid == uid && findings->items[i].client == client &&
                    !mark_kind_is_setup(findings->items[i].evidence))
                        return true;
        return false;
}

static bool same_pids(const struct finding *a, const struct finding *b)
{
        return a->n_pids == b->n_pids && memcmp(a->pids, b->pids, a->n_pids * sizeof(a->pids[0])) == 0;
}

bool findings_equal(const struct findings *a, const struct findings *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++) {
                const struct finding *one = &a->items[i];
                bool found = false;

                for (size_t k = 0; k < b->n && !found; k++)
                        found = b->items[k].uid == one->uid && b->items[k].client == one->client &&
                                b->items[k].evidence == one->evidence && b->items[k].sure == one->sure &&
                                same_pids(&b->items[k], one) && strcmp(b->items[k].service, one->service) == 0 &&
                                strcmp(b->items[k].host, one->host) == 0;
                if (!found)
                        return false;
        }
        return true;
}
