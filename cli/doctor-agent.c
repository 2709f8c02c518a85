/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who decides, on what ground, and what is kept of it. Most of it the agent says; what it does not is looked for beside it. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/bus.h"
#include "cli/doctor.h"
#include "cli/place.h"
#include "common/clock.h"
#include "common/cleanup.h"
#include "common/kept.h"
#include "policy/policy.h"

#define AGENT   "lekdichtd.service"
#define HELPER  "lekdicht-helper.service"
#define WATCHER "lekdicht-watch.service"
#define POLICY  "/etc/lekdicht/policy.ini"
#define CLOCK   "/var/lib/lekdicht/clock"

#define DAY_SEC    86400U
#define LATEST_SEC 4102444800ULL /* 2100; as agent/today.c */

DEFINE_CLEANUP(cleanup_policy, struct policy *, policy_free)

void doctor_agent(const struct doctor *doctor, struct finding *finding)
{
        switch (doctor->answer) {
        case BUS_OK:
                if (strcmp(doctor->status->version, LEKDICHT_VERSION) == 0) {
                        finding_set(finding, FINDING_OK, "lekdichtd %s answers", doctor->status->version);
                        return;
                }
                finding_set(finding, FINDING_WARNING, "lekdichtd %s is still running; installed is %s",
                            doctor->status->version, LEKDICHT_VERSION);
                finding_remedy(finding, "sudo systemctl restart lekdichtd");
                return;
        case BUS_NONE:
                finding_set(finding, FINDING_PROBLEM,
                            "there is no system bus, so nobody can ask the agent; it goes on alone");
                finding_remedy(finding, "sudo systemctl status dbus lekdichtd");
                return;
        case BUS_ABSENT:
                finding_set(finding, FINDING_PROBLEM,
                            "lekdichtd is not running: what is shut stays shut, also what the "
                            "policy allows, and nothing is recorded");
                finding_remedy(finding, "sudo systemctl start lekdichtd      Why it stopped: journalctl -u lekdichtd");
                return;
        case BUS_SILENT:
                finding_set(finding, FINDING_PROBLEM, "lekdichtd does not answer");
                finding_remedy(finding,
                               "systemd starts it anew within a minute; if not: sudo systemctl restart lekdichtd");
                return;
        case BUS_DENIED:
                finding_set(finding, FINDING_PROBLEM, "the system bus does not let lekdichtd be asked");
                finding_remedy(finding,
                               "Install the package lekdicht-agent again: org.lekdicht.Agent1.conf is missing or "
                               "was changed");
                return;
        default:
                finding_set(finding, FINDING_PROBLEM,
                            "lekdichtd answers what is not understood; is it another version?");
                finding_remedy(finding, "sudo systemctl restart lekdichtd");
        }
}

void doctor_helper(const struct doctor *doctor, struct finding *finding)
{
        int runs = place_runs(doctor->root, HELPER);

        if (runs < 0) {
                finding_set(finding, FINDING_UNKNOWN, "whether %s runs cannot be seen", HELPER);
                return;
        }
        /* While a deed goes on after its end there still is a control group, and no longer the socket's directory. */
        if (runs > 0 && place_is_there(doctor->root, "/run/lekdicht-helper") == 1) {
                finding_set(finding, FINDING_OK, "%s does what lekdichtd decides", HELPER);
                return;
        }
        finding_set(finding, FINDING_PROBLEM, "%s is not running: lekdichtd can open nothing and switch nothing off",
                    HELPER);
        finding_remedy(finding, "sudo systemctl restart lekdichtd      Why it stopped: journalctl -u lekdicht-helper");
}

/* Storage is shut without it, so it is no more than a warning. */
void doctor_watcher(const struct doctor *doctor, struct finding *finding)
{
        int runs = place_runs(doctor->root, WATCHER);

        if (runs < 0) {
                finding_set(finding, FINDING_UNKNOWN, "whether %s runs cannot be seen", WATCHER);
                return;
        }
        if (runs > 0) {
                finding_set(finding, FINDING_OK, "%s looks for sync, chat and backup clients", WATCHER);
                return;
        }
        finding_set(finding, FINDING_WARNING, "%s is not running: sync, chat and backup clients are not noticed",
                    WATCHER);
        finding_remedy(finding,
                       "sudo systemctl restart lekdicht-watch      Why it stopped: journalctl -u lekdicht-watch");
}

/* ---- policy ---- */

static void policy_as_told(const struct answer_status *status, struct finding *finding)
{
        if (strcmp(status->policy_source, "file") == 0 && !status->policy_error[0]) {
                finding_set(finding, FINDING_OK, "version %" PRIu32 ", mode = %s", status->policy_version,
                            status->mode);
                return;
        }
        if (strcmp(status->policy_source, "built-in") == 0)
                finding_set(finding, FINDING_PROBLEM, "%s; the built-in rules hold, which refuse everything",
                            status->policy_error[0] ? status->policy_error : "there is no good policy");
        else
                finding_set(finding, FINDING_PROBLEM, "%s; the last good one, version %" PRIu32 ", still holds",
                            status->policy_error, status->policy_version);
        finding_remedy(finding,
                       "lekdicht policy check " POLICY "      Once it is good: sudo systemctl reload lekdichtd");
}

/* Without the agent: is the file one that it would take? */
static void policy_as_read(const struct doctor *doctor, struct finding *finding)
{
        CLEANUP(cleanup_free) struct policy_errors *errors = calloc(1, sizeof(*errors)); /* too big for a stack */
        CLEANUP(cleanup_policy) struct policy *policy = NULL;
        char path[PATH_MAX];
        int r = -ENOMEM;

        if (errors && place_path(doctor->root, POLICY, path))
                r = policy_load(path, POLICY_REQUIRE_ROOT_OWNED, LEKDICHT_VERSION, &policy, errors);
        if (r >= 0) {
                finding_set(finding, FINDING_OK, "the file is good: version %u", policy->version);
        } else if (r == -EACCES || r == -ENOMEM) {
                finding_set(finding, FINDING_UNKNOWN, POLICY ": %s", place_error(r));
        } else {
                char line[16] = "";

                if (errors->items[0].line > 0)
                        snprintf(line, sizeof(line), ":%u", errors->items[0].line);
                finding_set(finding, FINDING_PROBLEM, POLICY "%s: %s", line, errors->items[0].text);
                finding_remedy(finding, "lekdicht policy check " POLICY);
        }
}

void doctor_policy(const struct doctor *doctor, struct finding *finding)
{
        if (doctor->status)
                policy_as_told(doctor->status, finding);
        else
                policy_as_read(doctor, finding);
}

/* ---- clock ---- */

/* The latest moment, in seconds, that this laptop must have seen; 0: none can be seen. The agent keeps one for root's eyes;
 * else the policy was written down at some time. */
static uint64_t latest_seen(const struct doctor *doctor)
{
        char path[PATH_MAX];
        uint64_t kept = 0;
        struct stat st;

        if (place_path(doctor->root, CLOCK, path))
                (void) kept_read(path, LATEST_SEC, &kept);
        if (place_path(doctor->root, POLICY, path) && stat(path, &st) == 0 && (uint64_t) st.st_mtime > kept &&
            (uint64_t) st.st_mtime < LATEST_SEC)
                kept = (uint64_t) st.st_mtime;
        return kept;
}

void doctor_clock(const struct doctor *doctor, struct finding *finding)
{
        uint64_t now = doctor->cli->now / CLOCK_USEC_A_SEC, seen = latest_seen(doctor);

        if (seen == 0) {
                finding_set(finding, FINDING_UNKNOWN, "there is nothing to compare the clock with");
        } else if (now + DAY_SEC < seen) {
                finding_set(finding, FINDING_PROBLEM,
                            "the clock is %" PRIu64
                            " days behind what this laptop has seen already: certificates are not "
                            "believed, and records have the wrong time",
                            (seen - now) / DAY_SEC);
                finding_remedy(finding,
                               "timedatectl status; sudo timedatectl set-ntp true      Again after each boot: its "
                               "battery is empty");
        } else {
                finding_set(finding, FINDING_OK, "the clock goes on from where it was");
        }
}

/* ---- records ---- */

void doctor_spool(const struct doctor *doctor, struct finding *finding)
{
        const struct answer_status *status = doctor->status;

        if (!status) {
                finding_set(finding, FINDING_UNKNOWN, "only lekdichtd knows, and it does not answer");
                return;
        }
        if (strcmp(status->spool, "failing") == 0 || strcmp(status->spool, "absent") == 0 || !status->spool[0]) {
                finding_set(finding, FINDING_PROBLEM, "events cannot be recorded (%s); %" PRIu64 " are lost so far",
                            status->spool[0] ? status->spool : "absent", status->dropped);
                finding_remedy(finding,
                               "Is the disk full or read-only? df -h /var/lib/lekdicht      What fails: journalctl "
                               "-u lekdichtd");
        } else if (status->dropped > 0) {
                finding_set(finding, FINDING_WARNING, "%" PRIu64 " events could not be recorded; now it works",
                            status->dropped);
                finding_remedy(finding, "Why: journalctl -u lekdichtd");
        } else if (status->aside > 0) {
                finding_set(finding, FINDING_WARNING,
                            "%" PRIu32 " records were set aside: the collector would never take them", status->aside);
                finding_remedy(finding, "Are laptop and collector of one version? journalctl -u lekdicht-reporter");
        } else {
                finding_set(finding, FINDING_OK, "events are recorded; %" PRIu32 " wait for the collector",
                            status->queue);
        }
}
