/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is told to whom: notices to who sits at the laptop, records to the school's collector. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/certificate.h"
#include "cli/doctor.h"
#include "cli/place.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/enrolment.h"

#define ENROLMENT "/etc/lekdicht/enrolment"
#define AUTOSTART "/etc/xdg/autostart/lekdicht-notifier.desktop"
#define NOTIFIER  "/usr/libexec/lekdicht/lekdicht-notifier"
#define REPORTER  "lekdicht-reporter.service"

#define QUEUE_LONG 1000U /* records that wait; weeks of a busy laptop */
#define DAY_SEC    86400
#define SOON_DAYS  30

void doctor_notifier(const struct doctor *doctor, struct finding *finding)
{
        CLEANUP(cleanup_free) char *autostart = NULL;
        bool program = place_is_there(doctor->root, NOTIFIER) == 1;
        ssize_t r = place_read(doctor->root, AUTOSTART, &autostart);
        char value[16];

        if (r < 0 && r != -ENOENT) {
                finding_set(finding, FINDING_UNKNOWN, AUTOSTART ": %s", place_error((int) r));
        } else if (r < 0 || !program) {
                finding_set(finding, FINDING_WARNING, "nobody is told why a stick stays shut: %s is missing",
                            program ? AUTOSTART : NOTIFIER);
                finding_remedy(finding, "Install the package lekdicht-notifier, then log out and in");
        } else if ((place_value(autostart, "Hidden", value, sizeof(value)) && strcmp(value, "true") == 0) ||
                   (place_value(autostart, "X-GNOME-Autostart-enabled", value, sizeof(value)) &&
                    strcmp(value, "false") == 0)) {
                finding_set(finding, FINDING_WARNING,
                            "nobody is told why a stick stays shut: " AUTOSTART " is switched off");
                finding_remedy(finding, "Install the package lekdicht-notifier again, then log out and in");
        } else {
                finding_set(finding, FINDING_OK, "it starts with every login on the desktop");
        }
}

/* ---- the collector ---- */

/* What the reporter says of the enrolment file, by the reporter's own reader: 0, -ENOENT, or -errno with the reason. */
static int load_enrolment(const struct doctor *doctor, struct enrolment *ret, char error[static ENROLMENT_ERROR_MAX])
{
        char path[PATH_MAX];

        if (!place_path(doctor->root, ENROLMENT, path)) {
                snprintf(error, ENROLMENT_ERROR_MAX, "%s", strerror(ENAMETOOLONG));
                return -ENAMETOOLONG;
        }
        return enrolment_load(path, ret, error);
}

void doctor_enrolment(const struct doctor *doctor, struct finding *finding)
{
        char error[ENROLMENT_ERROR_MAX];
        struct enrolment enrolment = { 0 };
        int r = load_enrolment(doctor, &enrolment, error);

        explicit_bzero(&enrolment, sizeof(enrolment));
        if (r == -ENOENT) {
                finding_set(finding, FINDING_OK, "not enrolled: what is recorded stays on this laptop");
        } else if (r == -EACCES) {
                finding_set(finding, FINDING_UNKNOWN, ENROLMENT ": %s", place_error(r));
        } else if (r < 0) {
                finding_set(finding, FINDING_PROBLEM, ENROLMENT " is not used: %s", error);
                finding_remedy(finding, "What it holds, and whose it is: man lekdicht-enrolment      Then: sudo "
                                        "systemctl restart lekdicht-reporter");
        } else {
                finding_set(finding, FINDING_OK, "enrolled");
        }
}

void doctor_reporter(const struct doctor *doctor, struct finding *finding)
{
        int runs = place_runs(doctor->root, REPORTER);

        if (place_is_there(doctor->root, ENROLMENT) == 0) {
                finding_set(finding, FINDING_OK, "not enrolled, so it has nothing to do");
        } else if (runs < 0) {
                finding_set(finding, FINDING_UNKNOWN, "whether %s runs cannot be seen", REPORTER);
        } else if (runs == 0) {
                finding_set(finding, FINDING_PROBLEM, "%s is not running: the school hears nothing of this laptop",
                            REPORTER);
                finding_remedy(finding,
                               "sudo systemctl enable --now lekdicht-reporter      Why it stopped: journalctl -u "
                               "lekdicht-reporter");
        } else if (doctor->status && doctor->status->queue > QUEUE_LONG) {
                finding_set(finding, FINDING_WARNING,
                            "it runs, and %" PRIu32 " events wait: the collector is not reached",
                            doctor->status->queue);
                finding_remedy(finding,
                               "What it is told: journalctl -u lekdicht-reporter      Nothing is lost meanwhile");
        } else {
                finding_set(finding, FINDING_OK, "it runs");
        }
}

/* The file with the school's own authority: is it there, may the reporter read it, until when is it good? */
static void examine_authority(const struct doctor *doctor, const char *file, struct finding *finding)
{
        CLEANUP(cleanup_free) char *text = NULL;
        int64_t now = (int64_t) (doctor->cli->now / CLOCK_USEC_A_SEC), end = 0;
        char path[PATH_MAX];
        struct stat st;
        ssize_t r = place_read(doctor->root, file, &text);
        int e = r >= 0 ? certificate_end(text, &end) : (int) r;

        if (e < 0) {
                finding_set(finding, FINDING_PROBLEM, "%s: %s", file,
                            e == -ENOENT && r >= 0 ? "there is no certificate in it"
                            : r >= 0               ? "the certificate in it is damaged"
                                                   : place_error(e));
                finding_remedy(finding, "Put the school's certificate there, or take ca-file out of " ENROLMENT);
        } else if (place_path(doctor->root, file, path) && stat(path, &st) == 0 && !(st.st_mode & S_IROTH)) {
                finding_set(finding, FINDING_WARNING, "%s may not be readable for lekdicht-report", file);
                finding_remedy(finding, "It holds no secret: sudo chmod a+r %s", file);
        } else if (end <= now) {
                finding_set(finding, FINDING_PROBLEM, "%s ended %" PRId64 " days ago: the collector is not believed",
                            file, (now - end) / DAY_SEC);
                finding_remedy(finding, "Put the school's new certificate there");
        } else if (end - now < SOON_DAYS * (int64_t) DAY_SEC) {
                finding_set(finding, FINDING_WARNING, "%s ends in %" PRId64 " days", file, (end - now) / DAY_SEC);
                finding_remedy(finding, "Put the school's new certificate there before that");
        } else {
                finding_set(finding, FINDING_OK, "%s is good for %" PRId64 " days more", file, (end - now) / DAY_SEC);
        }
}

void doctor_certificate(const struct doctor *doctor, struct finding *finding)
{
        char error[ENROLMENT_ERROR_MAX];
        struct enrolment enrolment = { 0 };
        int r = load_enrolment(doctor, &enrolment, error);

        explicit_bzero(enrolment.token, sizeof(enrolment.token));
        if (r == -ENOENT)
                finding_set(finding, FINDING_OK, "not enrolled, so none is needed");
        else if (r == -EACCES)
                finding_set(finding, FINDING_UNKNOWN, ENROLMENT ": %s", place_error(r));
        else if (r < 0)
                finding_set(finding, FINDING_OK, "none is asked for while the enrolment is not used");
        else if (!enrolment.ca_file[0])
                finding_set(finding, FINDING_OK, "those that the system believes hold");
        else
                examine_authority(doctor, enrolment.ca_file, finding);
}
