/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The clients on the bus: what lekdicht-watch reports, and what is shown of it to those who may read events. lekdicht-watch reads
 * what any user can write, so it is believed no more than its word: names of the catalogue's form, numbers in their range,
 * a label that is clean. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "agent/answer.h"
#include "agent/busparts.h"
#include "agent/clientwatch.h"
#include "agent/notice.h"
#include "common/cleanup.h"
#include "common/text.h"

#define ACTION_READ "org.lekdicht.agent1.read-events"

static bool take_name(const char *text, char out[static POLICY_NAME_MAX + 1])
{
        size_t size = strlen(text);

        if (size == 0 || size > POLICY_NAME_MAX || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != size)
                return false;
        memcpy(out, text, size + 1);
        return true;
}

static bool take_host(const char *text, char out[static CLIENTWATCH_HOST + 1])
{
        size_t size = strlen(text);

        if (size > CLIENTWATCH_HOST || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") != size)
                return false;
        memcpy(out, text, size + 1);
        return true;
}

static int read_pids(sd_bus_message *message, struct client_row *row)
{
        const void *pids;
        size_t size;
        int r = sd_bus_message_read_array(message, 'u', &pids, &size);

        if (r < 0)
                return r;
        if (size > sizeof(row->pids))
                return -EBADMSG;
        memcpy(row->pids, pids ?: "", size);
        row->n_pids = size / sizeof(row->pids[0]);
        return 0;
}

/* 1; 0 when there are no more; -EBADMSG when it cannot be that; or another -errno. */
static int read_row(sd_bus_message *message, struct client_row *row)
{
        const char *client, *label, *service, *host, *category_name, *evidence_name;
        int category, evidence, sure, r;
        uint32_t uid;

        r = sd_bus_message_enter_container(message, 'r', "ussssssbau");
        if (r <= 0)
                return r;
        r = sd_bus_message_read(message, "ussssssb", &uid, &client, &label, &service, &host, &category_name,
                                &evidence_name, &sure);
        if (r >= 0)
                r = read_pids(message, row);
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        category = client_category_from_name(category_name);
        evidence = mark_kind_from_name(evidence_name);
        if (uid == 0 || uid == UINT32_MAX || category < 0 || evidence < 0 || !take_name(client, row->client) ||
            !take_name(service, row->service) || !take_host(host, row->host) ||
            text_clean(label, strlen(label), row->label, sizeof(row->label)) == 0)
                return -EBADMSG;
        row->uid = uid;
        row->category = (enum client_category) category;
        row->evidence = (enum mark_kind) evidence;
        row->sure = sure;
        return 1;
}

static int on_gone(sd_bus_track *track, void *userdata)
{
        struct bus *bus = userdata;

        (void) track;
        clientwatch_lost(bus->agent->clientwatch);
        return 1; /* 0 would mean: ask again, at once and for ever */
}

/* From now on it is known when who reported has gone. */
static int follow(struct bus *bus, sd_bus_message *message)
{
        int r = 0;

        if (!bus->watcher)
                r = sd_bus_track_new(bus->connection, &bus->watcher, on_gone, bus);
        if (r >= 0)
                r = sd_bus_track_add_sender(bus->watcher, message);
        return r;
}

/* What of it is to be ended: all of that, each time. Who reports does it, for to become a user and end what is that user's
 * is less than to be able to end anything. */
static int answer_report(struct agent *agent, sd_bus_message *message)
{
        sd_bus_message *reply = NULL;
        const struct client_seen *seen;
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ussu)");
        for (size_t i = 0; r >= 0 && (seen = clientwatch_item(agent->clientwatch, i)); i++)
                if (client_seen_is_to_stop(seen))
                        r = sd_bus_message_append(reply, "(ussu)", (uint32_t) seen->row.uid, seen->row.client,
                                                  seen->row.service, (uint32_t) agent->store.policy->kill_after);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return bus_reply(reply, r);
}

static int report_now(void *userdata, sd_bus_message *message, uid_t uid)
{
        struct bus *bus = userdata;
        CLEANUP(cleanup_free) struct client_row *rows = NULL;
        const char *how_name;
        size_t n = 0;
        int how, r;

        if (uid != 0 && (bus->agent->config->watcher_uid == (uid_t) -1 || uid != bus->agent->config->watcher_uid))
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_ACCESS_DENIED,
                                                  "only lekdicht-watch (user lekdicht-watch) and root may do this");
        rows = calloc(CLIENTWATCH_ROWS_MAX, sizeof(*rows));
        if (!rows)
                return -ENOMEM;
        r = sd_bus_message_read(message, "s", &how_name);
        if (r >= 0)
                r = sd_bus_message_enter_container(message, 'a', "(ussssssbau)");
        while (r > 0 && n < CLIENTWATCH_ROWS_MAX && (r = read_row(message, &rows[n])) > 0)
                n++;
        how = r >= 0 ? clientwatch_how_from_name(how_name) : -EINVAL;
        if (r != 0 || how <= CLIENTWATCH_ABSENT)
                return sd_bus_reply_method_errorf(message, ERROR_INVALID_ARGUMENT,
                                                  "this is no report, or one of more than %u clients",
                                                  CLIENTWATCH_ROWS_MAX);
        r = follow(bus, message);
        if (r < 0)
                return r;
        clientwatch_report(bus->agent->clientwatch, (enum clientwatch_how) how, rows, n);
        return answer_report(bus->agent, message);
}

int clientcalls_report(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_user(bus->polkit, message, report_now, bus);
}

static int add_pids(sd_bus_message *reply, const struct client_seen *seen)
{
        int r = sd_bus_message_open_container(reply, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "Pids");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "au");
        if (r >= 0)
                r = sd_bus_message_append_array(reply, 'u', seen->row.pids,
                                                seen->here ? seen->row.n_pids * sizeof(seen->row.pids[0]) : 0);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int add_seen(sd_bus_message *reply, const struct client_seen *seen)
{
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        if (r >= 0)
                r = answer_add(reply, "Client", "s", seen->row.client);
        if (r >= 0)
                r = answer_add(reply, "Label", "s", seen->row.label);
        if (r >= 0)
                r = answer_add(reply, "Service", "s", seen->row.service);
        if (r >= 0)
                r = answer_add(reply, "Category", "s", client_category_name(seen->row.category));
        if (r >= 0)
                r = answer_add(reply, "Evidence", "s", mark_kind_name(seen->row.evidence));
        if (r >= 0)
                r = answer_add(reply, "Verdict", "s", client_verdict_name(seen->verdict.kind));
        if (r >= 0)
                r = answer_add(reply, "Rule", "s", seen->verdict.rule);
        if (r >= 0)
                r = answer_add(reply, "Reason", "s", seen->verdict.reason);
        if (r >= 0)
                r = answer_add(reply, "Running", "b", (int) (seen->here && !client_row_is_linked(&seen->row)));
        if (r >= 0)
                r = answer_add(reply, "Since", "t", seen->since_usec);
        if (r >= 0)
                r = add_pids(reply, seen);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int list_now(void *userdata, sd_bus_message *message)
{
        struct bus *bus = userdata;
        sd_bus_message *reply = NULL;
        const struct client_seen *seen;
        int r = sd_bus_message_new_method_return(message, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && (seen = clientwatch_item(bus->agent->clientwatch, i)); i++)
                if (seen->verdict.kind != CLIENT_IGNORED && (seen->here || !client_row_is_linked(&seen->row)))
                        r = add_seen(reply, seen);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return bus_reply(reply, r);
}

int clientcalls_list(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        struct bus *bus = userdata;

        (void) error;
        return polkit_check(bus->polkit, message, ACTION_READ, list_now, bus);
}

/* The signal has no words: whoever sent it, all it does is that a report comes once more. */
void bus_reconsider_clients(struct bus *bus)
{
        const char *name = bus->watcher ? sd_bus_track_first(bus->watcher) : NULL;
        sd_bus_message *message = NULL;
        int r = name ? sd_bus_message_new_signal(bus->connection, &message, BUS_PATH, BUS_INTERFACE, "Reconsider") : 0;

        if (name && r >= 0)
                r = sd_bus_send_to(bus->connection, message, name, NULL);
        sd_bus_message_unref(message);
        if (r < 0)
                record_note(LOG_WARNING, "lekdicht-watch does not hear of the new policy: %s", strerror(-r));
}

/* ---- the notice ---- */

struct sending {
        struct agent *agent;
        sd_bus *connection;
        const struct client_seen *seen;
};

static int add_notice(const struct sending *sending, sd_bus_message *message)
{
        const struct client_seen *seen = sending->seen;
        char plug[sizeof("client:") + POLICY_NAME_MAX];
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        /* One notice for each client: a second one takes the place of the first. */
        snprintf(plug, sizeof(plug), "client:%s", seen->row.client);
        if (r >= 0)
                r = answer_add(message, "Kind", "s", "client-running");
        if (r >= 0)
                r = answer_add(message, "Plug", "s", plug);
        if (r >= 0)
                r = answer_add(message, "Category", "s", client_category_name(seen->row.category));
        if (r >= 0)
                r = answer_add(message, "Name", "s", seen->row.label);
        if (r >= 0)
                r = answer_add(message, "Code", "s", seen->code);
        if (r >= 0)
                r = notice_add_school(sending->agent, message);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int send_to(void *userdata, const char *name)
{
        const struct sending *sending = userdata;
        sd_bus_message *message = NULL;
        int r = sd_bus_message_new_signal(sending->connection, &message, BUS_PATH, BUS_INTERFACE, "Notice");

        if (r >= 0)
                r = add_notice(sending, message);
        if (r >= 0)
                r = sd_bus_send_to(sending->connection, message, name, NULL);
        sd_bus_message_unref(message);
        return r;
}

bool bus_client_notice(struct bus *bus, const struct client_seen *seen)
{
        struct sending sending = { .agent = bus->agent, .connection = bus->connection, .seen = seen };

        return bus->connection && subscribers_each_of(bus->subscribers, seen->row.uid, send_to, &sending) > 0;
}
