/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The agent itself, the gate as a whole, the policy, the spool, and clients. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "agent/clientwatch.h"
#include "agent/entry.h"
#include "agent/record.h"

void record_started(const char *version)
{
        struct entry entry;

        entry_message(&entry, "lekdichtd %s started", version);
        entry_begin(&entry, EVENT_AGENT_STARTED, LOG_INFO);
        entry_add(&entry, "LEKDICHT_VERSION", "%s", version);
        entry_end(&entry);
}

void record_stopped(void)
{
        struct entry entry;

        entry_message(&entry, "lekdichtd stops; the gate stays as it is");
        entry_begin(&entry, EVENT_AGENT_STOPPED, LOG_INFO);
        entry_end(&entry);
}

static void add_client(struct entry *entry, const struct client_row *row, const struct client_verdict *verdict)
{
        entry_add(entry, "LEKDICHT_CLIENT", "%s", row->client);
        entry_set_string(entry, EVENT_KEY_CLIENT, row->client);
        entry_set_string(entry, EVENT_KEY_SERVICE, row->service);
        entry_set_string(entry, EVENT_KEY_CLIENT_CATEGORY, client_category_name(row->category));
        entry_set_string(entry, EVENT_KEY_EVIDENCE, mark_kind_name(row->evidence));
        entry_set_string(entry, EVENT_KEY_VERDICT, client_verdict_name(verdict->kind));
        entry_add(entry, "LEKDICHT_RULE", "%s", verdict->rule);
        entry_set_string(entry, EVENT_KEY_RULE, verdict->rule);
        entry_add_reason(entry, verdict->reason);
        entry_set_bool(entry, EVENT_KEY_AUDIT, verdict->audit);
}

void record_client_stopped(const struct client_row *row, const struct client_verdict *verdict)
{
        struct entry entry;

        entry_message(&entry, "%s (%s) was made to end: %s", row->label, row->service, verdict->reason);
        entry_begin(&entry, EVENT_CLIENT_STOPPED, LOG_WARNING);
        add_client(&entry, row, verdict);
        entry_end(&entry);
}

void record_client(const struct client_row *row, const struct client_verdict *verdict, struct record_receipt *ret)
{
        bool flagged = verdict->kind == CLIENT_FLAGGED || verdict->kind == CLIENT_STOPPED,
             linked = client_row_is_linked(row);
        struct entry entry;

        entry_message(&entry, "%s %s (%s): %s", row->label, linked ? "is set up" : "runs", row->service,
                      verdict->reason);
        entry_begin(&entry, linked ? EVENT_CLIENT_LINKED : EVENT_CLIENT_RUNNING, flagged ? LOG_WARNING : LOG_INFO);
        if (entry.spooled && !flagged)
                entry.event.severity = EVENT_INFO;
        add_client(&entry, row, verdict);
        entry_finish(&entry, ret);
}

void record_gate_closed(void)
{
        struct entry entry;

        entry_message(&entry, "the gate is closed");
        entry_begin(&entry, EVENT_GATE_CLOSED, LOG_NOTICE);
        entry_end(&entry);
}

void record_gate_opened(const char *why)
{
        struct entry entry;

        entry_message(&entry, "the gate is open: %s", why);
        entry_begin(&entry, EVENT_GATE_OPENED, LOG_WARNING);
        entry_add_reason(&entry, why);
        entry_end(&entry);
}

void record_gate_drift(const char *what)
{
        struct entry entry;

        entry_message(&entry, "the gate was not as it should be (%s) and is put right", what);
        entry_begin(&entry, EVENT_GATE_DRIFT, LOG_WARNING);
        entry_add_reason(&entry, what);
        entry_end(&entry);
}

void record_rule_missed(const char *what)
{
        struct entry entry;

        entry_message(&entry, "%s; lekdicht has to be installed again", what);
        entry_begin(&entry, EVENT_GATE_DRIFT, LOG_ERR);
        entry_add_reason(&entry, what);
        entry_end(&entry);
}

void record_gate_exempt(const char *name, const char *carries)
{
        struct entry entry;

        entry_message(&entry, "%s is exempt: it carries %s", name, carries);
        entry_begin(&entry, EVENT_GATE_EXEMPT, LOG_NOTICE);
        entry_add(&entry, "LEKDICHT_PORT", "%s", name);
        entry_add(&entry, "LEKDICHT_REASON", "carries %s", carries);
        entry_set_string(&entry, EVENT_KEY_PORT, name);
        /* Where it is mounted is nobody's business elsewhere. */
        entry_set_string(&entry, EVENT_KEY_REASON,
                         strcmp(carries, "swap") == 0 ? "carries swap" : "carries the system");
        entry_end(&entry);
}

void record_policy_applied(const char *source, unsigned version, bool audit)
{
        struct entry entry;

        entry_message(&entry, "policy version %u (%s), mode %s", version, source, audit ? "audit" : "enforce");
        entry_begin(&entry, EVENT_POLICY_APPLIED, LOG_NOTICE);
        entry_add(&entry, "LEKDICHT_POLICY_VERSION", "%u", version);
        entry_add(&entry, "LEKDICHT_AUDIT", "%s", audit ? "yes" : "no");
        entry_set_int(&entry, EVENT_KEY_POLICY_VERSION, version);
        entry_set_string(&entry, EVENT_KEY_POLICY_MODE, audit ? "audit" : "enforce");
        entry_set_string(&entry, EVENT_KEY_POLICY_SOURCE, source);
        /* This version knows nothing else. */
        entry_set_string(&entry, EVENT_KEY_PRIVACY_USER, "none");
        entry_set_string(&entry, EVENT_KEY_PRIVACY_SERIAL, "none");
        entry_end(&entry);
}

void record_policy_rejected(const char *error, unsigned line)
{
        struct entry entry;
        char reason[64];

        entry_message(&entry, "policy rejected: %s", error);
        entry_begin(&entry, EVENT_POLICY_REJECTED, LOG_ERR);
        entry_add(&entry, "LEKDICHT_REASON", "%s", error);
        /* The error names a path, and may quote what somebody wrote. */
        snprintf(reason, sizeof(reason), line > 0 ? "line %u is wrong" : "the file cannot be used", line);
        entry_set_string(&entry, EVENT_KEY_REASON, reason);
        entry_end(&entry);
}

uint64_t record_heartbeat(const struct record_heartbeat *heartbeat)
{
        struct entry entry;

        entry_message(&entry, "gate %s, policy version %u (%s), %" PRIu64 " events wait", heartbeat->gate,
                      heartbeat->version, heartbeat->source, heartbeat->waiting);
        entry_begin(&entry, EVENT_AGENT_HEARTBEAT, LOG_DEBUG);
        entry_set_string(&entry, EVENT_KEY_GATE, heartbeat->gate);
        entry_set_int(&entry, EVENT_KEY_POLICY_VERSION, heartbeat->version);
        entry_set_string(&entry, EVENT_KEY_POLICY_MODE, heartbeat->audit ? "audit" : "enforce");
        entry_set_string(&entry, EVENT_KEY_POLICY_SOURCE, heartbeat->source);
        entry_set_int(&entry, EVENT_KEY_QUEUE_WAITING, heartbeat->waiting);
        entry_set_int(&entry, EVENT_KEY_QUEUE_DROPPED, heartbeat->dropped);
        entry_set_int(&entry, EVENT_KEY_QUEUE_ASIDE, heartbeat->aside);
        return entry_end(&entry);
}

void record_spool_dropped(uint64_t count, uint64_t first, uint64_t last)
{
        struct entry entry;

        entry_message(&entry, "%" PRIu64 " events were given up (seq %" PRIu64 " to %" PRIu64 ")", count, first, last);
        entry_begin(&entry, EVENT_SPOOL_DROPPED, LOG_ERR);
        entry_set_int(&entry, EVENT_KEY_DROPPED_COUNT, count);
        entry_set_int(&entry, EVENT_KEY_DROPPED_FIRST, first);
        entry_set_int(&entry, EVENT_KEY_DROPPED_LAST, last);
        entry_end(&entry);
}

void record_identity_cloned(void)
{
        struct entry entry;

        entry_message(&entry,
                      "this disk is a copy of another laptop's; what that one recorded is set aside, and this laptop "
                      "begins with an identity of its own");
        entry_begin(&entry, EVENT_IDENTITY_CLONED, LOG_WARNING);
        entry_end(&entry);
}

void record_note(int priority, const char *format, ...)
{
        struct entry entry;
        char text[ENTRY_FIELD_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        entry_message(&entry, "%s", text);
        entry_begin(&entry, ENTRY_JOURNAL_ALONE, priority);
        entry_end(&entry);
}
