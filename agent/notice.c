/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The keys are part of the D-Bus interface: notifiers rely on them. */

#include <string.h>
#include <syslog.h>

#include "agent/answer.h"
#include "agent/busparts.h"
#include "agent/notice.h"
#include "agent/record.h"

static const char *const kinds[] = {
        [PLUG_REFUSED] = "device-refused",    [PLUG_NOT_ENCRYPTED] = "device-not-encrypted",
        [PLUG_READ_ONLY] = "device-readonly", [PLUG_GRANT_OPENED] = "grant-opened",
        [PLUG_GRANT_ENDING] = "grant-ending", [PLUG_GRANT_EXTENDED] = "grant-extended",
        [PLUG_GRANT_ENDED] = "grant-ended",   [PLUG_EARLIER] = "earlier",
};

struct sending {
        struct agent *agent;
        sd_bus *connection;
        const struct plug_notice *notice;
};

static int add_text(sd_bus_message *message, const char *key, const char *text)
{
        return answer_add(message, key, "s", text ? text : "");
}

static int add_places(sd_bus_message *message, const struct policy *policy)
{
        int r = sd_bus_message_open_container(message, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(message, "s", "Places");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', "a(sss)");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "(sss)");
        for (size_t i = 0; r >= 0 && i < policy->n_places; i++)
                r = sd_bus_message_append(message, "(sss)", policy->places[i].name,
                                          policy->places[i].label ? policy->places[i].label : policy->places[i].name,
                                          policy->places[i].url ? policy->places[i].url : "");
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(message);
        return r;
}

/* The school's own words, whatever the kind: a notifier makes notices of its own of several, and knows the language. */
static int add_wordings(sd_bus_message *message, const struct policy *policy)
{
        int r = sd_bus_message_open_container(message, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(message, "s", "Texts");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', "a(ssss)");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "(ssss)");
        for (size_t i = 0; r >= 0 && i < policy->n_wordings; i++) {
                const struct policy_wording *wording = &policy->wordings[i];

                r = sd_bus_message_append(message, "(ssss)", notice_kind_name(wording->kind),
                                          notice_languages[wording->language], wording->title ? wording->title : "",
                                          wording->text ? wording->text : "");
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(message);
        return r;
}

int notice_add_school(const struct agent *agent, sd_bus_message *message)
{
        const struct policy *policy = agent->store.policy;
        int r = add_text(message, "School", policy->school_name);

        if (r >= 0)
                r = add_text(message, "Servicedesk", policy->servicedesk);
        if (r >= 0)
                r = add_text(message, "ServicedeskUrl", policy->servicedesk_url);
        if (r >= 0)
                r = add_text(message, "LeakReport", policy->leak_report);
        if (r >= 0)
                r = add_text(message, "LeakReportUrl", policy->leak_report_url);
        if (r >= 0)
                r = add_places(message, policy);
        if (r >= 0)
                r = add_wordings(message, policy);
        if (r >= 0 && policy->notices_per_hour)
                r = answer_add(message, "PerHour", "u", policy->notices_per_hour);
        if (r >= 0)
                r = answer_add(message, "Simulated", "b", (int) agent->config->simulated);
        return r;
}

/* The numbers and the last day, where the kind of notice has them. */
static int add_numbers(const struct sending *sending, sd_bus_message *message)
{
        const struct plug_notice *notice = sending->notice;
        const struct policy *policy = sending->agent->store.policy;
        int r = 0;

        if (notice->news == PLUG_EARLIER)
                r = answer_add(message, "Count", "u", notice->count);
        if (r >= 0 && notice->news == PLUG_GRANT_OPENED)
                r = answer_add(message, "Minutes", "u", notice->minutes);
        if (r >= 0 && notice->news == PLUG_READ_ONLY && notice->by_storage)
                r = add_text(message, "Until", policy->storage_end[notice->kind].text);
        return r;
}

static int add_notice(const struct sending *sending, sd_bus_message *message)
{
        const struct plug_notice *notice = sending->notice;
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        if (r >= 0)
                r = add_text(message, "Kind", kinds[notice->news]);
        if (r >= 0)
                r = add_text(message, "Plug", notice->plug);
        if (r >= 0)
                r = add_text(message, "DeviceKind",
                             notice->news == PLUG_EARLIER ? "" : storage_kind_name(notice->kind));
        if (r >= 0)
                r = add_text(message, "Name", notice->name);
        if (r >= 0)
                r = add_text(message, "Code", notice->code);
        if (r >= 0)
                r = add_numbers(sending, message);
        if (r >= 0)
                r = notice_add_school(sending->agent, message);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r;
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

int notice_send(struct agent *agent, struct subscribers *subscribers, sd_bus *connection, const uid_t *uid,
                const struct plug_notice *notice)
{
        struct sending sending = { .agent = agent, .connection = connection, .notice = notice };
        int r = uid ? subscribers_each_of(subscribers, *uid, send_to, &sending)
                    : subscribers_each(subscribers, send_to, &sending);

        if (r < 0)
                record_note(LOG_WARNING, "a notice could not be sent: %s", strerror(-r));
        return r;
}
