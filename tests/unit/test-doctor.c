/* links: cli/doctor.c cli/doctor-gate.c cli/doctor-agent.c cli/doctor-laptop.c cli/doctor-system.c cli/doctor-report.c cli/finding.c cli/place.c cli/certificate.c cli/kernel.c cli/bus.c cli/answer.c cli/terminal.c common/jsonw.c common/utf8.c common/kept.c common/durable.c libs: libsystemd inih libcrypto */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A laptop where all is well, and each thing broken in turn: that and nothing else is named. */

#include <errno.h>
#include <utime.h>

#include "cli/bus.h"
#include "cli/doctor.h"
#include "cli/place.h"
#include "tests/unit/cli-scene.h"

#define STICK  "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host3/target3:0:0/3:0:0:0/block/sdb"
#define INSIDE "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"

/* Ends on 2036-11-19. */
#define CERTIFICATE_END UINT64_C(2110748337)
#define CERTIFICATE                                                                                                    \
        "-----BEGIN CERTIFICATE-----\n"                                                                                \
        "MIIBdzCCAR2gAwIBAgIUEk0nnnOqu/fHMbT8i2avUaBMRH0wCgYIKoZIzj0EAwIw\n"                                           \
        "ETEPMA0GA1UEAwwGc2Nob29sMB4XDTI2MTEyMjIyNTg1N1oXDTM2MTExOTIyNTg1\n"                                           \
        "N1owETEPMA0GA1UEAwwGc2Nob29sMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"                                           \
        "50ENvYm+dmMd1cQjFLUkEr4Q1ks8YUk0T6/ITLO/h95a6yTCwmgKfvDvC5VjrH/l\n"                                           \
        "JgVcy1t5fRsOWs1kDorFtqNTMFEwHQYDVR0OBBYEFExueRPnwTWBJm9MAZchWE4D\n"                                           \
        "2bcqMB8GA1UdIwQYMBaAFExueRPnwTWBJm9MAZchWE4D2bcqMA8GA1UdEwEB/wQF\n"                                           \
        "MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAM4o8Asy6g1FCPQRK2ptqkTJe0pM4Rrw\n"                                           \
        "ieunxVp9h6GGAiAXXLGzWjbCezUr5qDXfgtOAwQ3qwcb6nuYxkFgC4NewA==\n"                                               \
        "-----END CERTIFICATE-----\n"

static struct answer_status status;
static struct doctor doctor;
static char text_file[] = "file", text_enforce[] = "enforce", text_version[] = LEKDICHT_VERSION, text_ok[] = "ok",
            text_none[] = "";

/* ---- the laptop ---- */

static char *in(const struct scene *scene, const char *name)
{
        static char path[512];

        snprintf(path, sizeof(path), "%s/%s", scene->root, name);
        return path;
}

static void rid(const struct scene *scene, const char *name)
{
        char command[600];

        snprintf(command, sizeof(command), "rm -r '%s'", in(scene, name));
        assert_int_equal(system(command), 0);
}

/* A link in the laptop to TARGET, which is taken from its root when it begins with none of "./". */
static void lead(const struct scene *scene, const char *name, const char *target)
{
        char to[512], remove_me[600];

        put(scene, name, "");
        snprintf(remove_me, sizeof(remove_me), "%s", in(scene, name));
        assert_int_equal(unlink(remove_me), 0);
        snprintf(to, sizeof(to), "%s%s%s", target[0] == '/' ? "" : scene->root, target[0] == '/' ? "" : "/", target);
        assert_int_equal(symlink(to, remove_me), 0);
}

static void well(struct scene *scene)
{
        static const char *const files[] = {
                "usr/sbin/lekdicht-gate",
                "usr/libexec/lekdicht/lekdichtd",
                "usr/libexec/lekdicht/lekdicht-probe",
                "usr/libexec/lekdicht/lekdicht-notifier",
                "usr/lib/systemd/system/lekdicht-gate.service",
                "usr/lib/systemd/system/lekdicht-helper.service",
                "usr/lib/systemd/system/lekdicht-watch.service",
                "usr/lib/systemd/system/lekdichtd.service",
                "usr/lib/udev/rules.d/60-lekdicht-internal.rules",
                "usr/lib/udev/rules.d/61-lekdicht-hold.rules",
                "usr/lib/udev/rules.d/69-zz-lekdicht-phone.rules",
                "usr/lib/udev/rules.d/72-lekdicht-hold.rules",
                "usr/lib/modprobe.d/lekdicht.conf",
                "usr/share/dbus-1/system.d/org.lekdicht.Agent1.conf",
                "usr/share/polkit-1/actions/org.lekdicht.agent1.policy",
                "etc/systemd/system/sysinit.target.wants/lekdicht-gate.service",
                "etc/systemd/system/multi-user.target.wants/lekdichtd.service",
                "etc/xdg/autostart/lekdicht-notifier.desktop",
                "run/lekdicht/armed",
                "run/lekdicht-helper/socket",
                "sys/bus/scsi/drivers/sd/bind",
                "sys/bus/scsi/drivers/sr/bind",
                "sys/bus/mmc/drivers/mmcblk/bind",
                "sys/fs/cgroup/system.slice/lekdicht-helper.service/cgroup.procs",
                "sys/fs/cgroup/system.slice/lekdicht-watch.service/cgroup.procs",
                "sys/fs/cgroup/system.slice/lekdicht-reporter.service/cgroup.procs",
                INSIDE "/sda1/dev",
                STICK "/sdb1/dev",
                "var/lib/lekdicht/spool.db",
        };

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                put(scene, files[i], "");
        put(scene, "sys/bus/scsi/drivers_autoprobe", "0\n");
        put(scene, "sys/bus/mmc/drivers_autoprobe", "0\n");
        put(scene, "sys/bus/memstick/drivers_autoprobe", "0\n");
        put(scene, "proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet\n");
        put(scene, "proc/self/mountinfo",
            "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n30 22 8:17 / /media/teacher/STICK rw - vfat /dev/sdb1 rw\n");
        lead(scene, "sys/dev/block/8:1", INSIDE "/sda1");
        lead(scene, "sys/dev/block/8:17", STICK "/sdb1");
        lead(scene, "sys/class/block/sdb1", STICK "/sdb1");
        put(scene, "etc/lekdicht/policy.ini", "[policy]\nversion = 3\nmode = enforce\n");
        put(scene, "etc/lekdicht/enrolment",
            "[collector]\nurl = https://lekdicht.school.example\ntoken = a-secret-of-at-least-thirty-two-characters\n"
            "ca-file = /etc/lekdicht/ca.pem\n");
        assert_int_equal(chmod(in(scene, "etc/lekdicht/enrolment"), 0640), 0);
        put(scene, "etc/lekdicht/ca.pem", CERTIFICATE);
        put(scene, "var/lib/lekdicht/clock", "1763712000\n"); /* two hours before `now` */
        assert_int_equal(utime(in(scene, "etc/lekdicht/policy.ini"), &(struct utimbuf){ 1763700000, 1763700000 }), 0);

        status = (struct answer_status){ .version = text_version,
                                         .mode = text_enforce,
                                         .gate = text_none,
                                         .policy_source = text_file,
                                         .policy_error = text_none,
                                         .policy_version = 3,
                                         .spool = text_ok,
                                         .queue = 4 };
        doctor = (struct doctor){ .cli = &scene->cli,
                                  .root = scene->root,
                                  .release = "6.1.0-18-amd64",
                                  .answer = BUS_OK,
                                  .status = &status,
                                  .disk_min = 1 };
}

/* ---- what may be wrong with it ---- */

static char *word(const char *text)
{
        static char kept[64];

        snprintf(kept, sizeof(kept), "%s", text);
        return kept;
}

static void break_nothing(struct scene *scene)
{
        (void) scene;
}
static void break_kernel(struct scene *scene)
{
        (void) scene;
        doctor.release = "5.10.0-28-amd64";
}
static void break_release(struct scene *scene)
{
        (void) scene;
        doctor.release = "next";
}
static void open_gate(struct scene *scene)
{
        put(scene, "sys/bus/scsi/drivers_autoprobe", "1\n");
        put(scene, "sys/bus/mmc/drivers_autoprobe", "1\n");
        put(scene, "sys/bus/memstick/drivers_autoprobe", "1\n");
}
static void open_by_command(struct scene *scene)
{
        open_gate(scene);
        put(scene, "etc/lekdicht/gate.open", "by-command\n");
}
static void open_for_audit(struct scene *scene)
{
        open_gate(scene);
        put(scene, "etc/lekdicht/gate.open", "audit\n");
}
static void open_for_boot(struct scene *scene)
{
        open_gate(scene);
        put(scene, "run/lekdicht/open", "why=rescue\n");
}
static void open_partly(struct scene *scene)
{
        put(scene, "sys/bus/mmc/drivers_autoprobe", "1\n");
}
static void disarm(struct scene *scene)
{
        rid(scene, "run/lekdicht/armed");
}
static void lose_bus(struct scene *scene)
{
        rid(scene, "sys/bus/memstick");
}
static void lose_driver(struct scene *scene)
{
        rid(scene, "sys/bus/mmc/drivers/mmcblk");
}
static void disable_gate(struct scene *scene)
{
        rid(scene, "etc/systemd/system/sysinit.target.wants");
}
static void mask_agent(struct scene *scene)
{
        lead(scene, "etc/systemd/system/lekdichtd.service", "/dev/null");
}
static void switch_off(struct scene *scene)
{
        put(scene, "proc/cmdline", "quiet lekdicht=off\n");
}
static void lose_rule(struct scene *scene)
{
        rid(scene, "usr/lib/udev/rules.d/61-lekdicht-hold.rules");
}
static void expose_rule(struct scene *scene)
{
        chmod(in(scene, "usr/lib/udev/rules.d/72-lekdicht-hold.rules"), 0666);
}
static void override_rule(struct scene *scene)
{
        put(scene, "etc/udev/rules.d/61-lekdicht-hold.rules", "");
}
static void mount_home(struct scene *scene)
{
        put(scene, "proc/self/mountinfo",
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:17 / /home rw - ext4 /dev/sdb1 rw\n");
}
static void mount_btrfs_home(struct scene *scene)
{
        put(scene, "proc/self/mountinfo", "23 22 0:35 /h /home rw - btrfs /dev/sdb1 rw\n");
}
static void mount_luks_home(struct scene *scene)
{
        put(scene, "sys/devices/virtual/block/dm-0/slaves/sdb1", "");
        lead(scene, "sys/dev/block/253:0", "sys/devices/virtual/block/dm-0");
        put(scene, "proc/self/mountinfo", "23 22 253:0 / /home rw - ext4 /dev/mapper/home rw\n");
}
static void no_agent(struct scene *scene)
{
        (void) scene;
        doctor.answer = BUS_ABSENT;
}
static void no_bus(struct scene *scene)
{
        (void) scene;
        doctor.answer = BUS_NONE;
}
static void silent_agent(struct scene *scene)
{
        (void) scene;
        doctor.answer = BUS_SILENT;
}
static void denying_bus(struct scene *scene)
{
        (void) scene;
        doctor.answer = BUS_DENIED;
}
static void old_agent(struct scene *scene)
{
        (void) scene;
        status.version = word("0.0.9");
}
static void stop_helper(struct scene *scene)
{
        rid(scene, "sys/fs/cgroup/system.slice/lekdicht-helper.service");
}
static void stop_watcher(struct scene *scene)
{
        rid(scene, "sys/fs/cgroup/system.slice/lekdicht-watch.service");
}
static void stop_helper_at_work(struct scene *scene)
{
        rid(scene, "run/lekdicht-helper");
}
static void hide_services(struct scene *scene)
{
        rid(scene, "sys/fs");
}
static void last_good(struct scene *scene)
{
        (void) scene;
        status.policy_source = word("last-good");
        status.policy_error = text_enforce; /* any text */
}
static void built_in(struct scene *scene)
{
        (void) scene;
        status.policy_source = word("built-in");
}
static void clock_back(struct scene *scene)
{
        scene->cli.now = MOMENT - 5 * 86400 * SECOND;
}
static void clock_unkept(struct scene *scene)
{
        rid(scene, "var/lib/lekdicht/clock");
        rid(scene, "etc/lekdicht/policy.ini");
}
static void spool_fails(struct scene *scene)
{
        (void) scene;
        status.spool = word("failing");
}
static void spool_lost(struct scene *scene)
{
        (void) scene;
        status.dropped = 7;
}
static void spool_aside(struct scene *scene)
{
        (void) scene;
        status.aside = 2;
}
static void fill_disk(struct scene *scene)
{
        (void) scene;
        doctor.disk_min = UINT64_MAX;
}
static void lose_notifier(struct scene *scene)
{
        rid(scene, "usr/libexec/lekdicht/lekdicht-notifier");
}
static void hide_notifier(struct scene *scene)
{
        put(scene, "etc/xdg/autostart/lekdicht-notifier.desktop", "[Desktop Entry]\nHidden=true\n");
}
static void publish_secret(struct scene *scene)
{
        chmod(in(scene, "etc/lekdicht/enrolment"), 0644);
}
static void empty_enrolment(struct scene *scene)
{
        put(scene, "etc/lekdicht/enrolment", "[collector]\nurl = x\nca-file = /etc/lekdicht/ca.pem\n");
}
static void stop_reporter(struct scene *scene)
{
        rid(scene, "sys/fs/cgroup/system.slice/lekdicht-reporter.service");
}
static void fill_queue(struct scene *scene)
{
        (void) scene;
        status.queue = 5000;
}
static void lose_authority(struct scene *scene)
{
        rid(scene, "etc/lekdicht/ca.pem");
}
static void damage_authority(struct scene *scene)
{
        put(scene, "etc/lekdicht/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
}
static void end_authority(struct scene *scene)
{
        scene->cli.now = (CERTIFICATE_END + 86400 * 3) * SECOND;
}
static void age_authority(struct scene *scene)
{
        scene->cli.now = (CERTIFICATE_END - 86400 * 3) * SECOND;
}
static void hide_authority(struct scene *scene)
{
        chmod(in(scene, "etc/lekdicht/ca.pem"), 0600);
}

static const struct {
        void (*breaks)(struct scene *scene);
        const char *id; /* the only finding that is not ok; NULL: all are */
        enum finding_state state;
        const char *text, *remedy; /* parts */
} cases[] = {
        { break_nothing, NULL, FINDING_OK, "", "" },
        { open_for_audit, NULL, FINDING_OK, "", "" },
        { break_kernel, "kernel", FINDING_PROBLEM, "5.10.0-28-amd64 is too old", "5.15" },
        { break_release, "kernel", FINDING_UNKNOWN, "cannot be seen", "" },
        { open_gate, "gate", FINDING_PROBLEM, "OPEN, and nobody decided that", "sudo lekdicht gate close" },
        { open_by_command, "gate", FINDING_WARNING, "lekdicht gate open", "sudo lekdicht gate close" },
        { open_for_boot, "gate", FINDING_WARNING, "until the next boot: rescue", "sudo lekdicht gate close" },
        { open_partly, "gate", FINDING_PROBLEM, "only partly closed", "journalctl" },
        { disarm, "gate", FINDING_WARNING, "a bus that is loaded later", "systemctl restart lekdicht-gate" },
        { lose_bus, "buses", FINDING_WARNING, "closed: memstick", "systemctl restart lekdicht-gate" },
        { lose_driver, "modules", FINDING_WARNING, "mmc_block is not loaded: SD cards", "sudo modprobe mmc_block" },
        { disable_gate, "boot", FINDING_PROBLEM, "the gate stays open at the next boot", "enable --now lekdicht-gate" },
        { mask_agent, "boot", FINDING_PROBLEM, "lekdichtd.service is masked", "unmask lekdichtd.service; sudo" },
        { switch_off, "boot", FINDING_WARNING, "lekdicht=off", "Boot without it" },
        { lose_rule, "files", FINDING_PROBLEM, "61-lekdicht-hold.rules is missing", "lekdicht-agent" },
        { expose_rule, "files", FINDING_PROBLEM, "may be written by others", "chmod go-w" },
        { override_rule, "files", FINDING_PROBLEM, "/etc/udev/rules.d/61-lekdicht-hold.rules takes the place",
          "sudo rm" },
        { mount_home, "system", FINDING_WARNING, "/home is on a disk on USB", "lekdicht learn" },
        { mount_btrfs_home, "system", FINDING_WARNING, "/home is on a disk on USB", "lekdicht learn" },
        { mount_luks_home, "system", FINDING_WARNING, "/home is on a disk on USB", "lekdicht learn" },
        { no_agent, "agent", FINDING_PROBLEM, "lekdichtd is not running", "systemctl start lekdichtd" },
        { no_bus, "agent", FINDING_PROBLEM, "no system bus", "status dbus" },
        { silent_agent, "agent", FINDING_PROBLEM, "does not answer", "restart lekdichtd" },
        { denying_bus, "agent", FINDING_PROBLEM, "does not let", "org.lekdicht.Agent1.conf" },
        { old_agent, "agent", FINDING_WARNING, "lekdichtd 0.0.9 is still running", "restart lekdichtd" },
        { stop_helper, "helper", FINDING_PROBLEM, "is not running", "restart lekdichtd" },
        { stop_helper_at_work, "helper", FINDING_PROBLEM, "is not running", "restart lekdichtd" },
        { stop_watcher, "watcher", FINDING_WARNING, "are not noticed", "restart lekdicht-watch" },
        { last_good, "policy", FINDING_PROBLEM, "the last good one, version 3", "policy check" },
        { built_in, "policy", FINDING_PROBLEM, "refuse everything", "policy check" },
        { clock_back, "clock", FINDING_PROBLEM, "4 days behind", "timedatectl" },
        { clock_unkept, "clock", FINDING_UNKNOWN, "nothing to compare", "" },
        { spool_fails, "spool", FINDING_PROBLEM, "cannot be recorded (failing)", "df -h" },
        { spool_lost, "spool", FINDING_WARNING, "7 events could not be recorded", "journalctl" },
        { spool_aside, "spool", FINDING_WARNING, "2 records were set aside", "one version" },
        { fill_disk, "disk", FINDING_PROBLEM, "are free in /var/lib", "df -h" },
        { lose_notifier, "notifier", FINDING_WARNING, "lekdicht-notifier is missing", "lekdicht-notifier" },
        { hide_notifier, "notifier", FINDING_WARNING, "is switched off", "log out" },
        { publish_secret, "enrolment", FINDING_PROBLEM, "run: chmod o=", "man lekdicht-enrolment" },
        { empty_enrolment, "enrolment", FINDING_PROBLEM, "there is no \"token\"", "man lekdicht-enrolment" },
        { stop_reporter, "reporter", FINDING_PROBLEM, "hears nothing of this laptop",
          "enable --now lekdicht-reporter" },
        { fill_queue, "reporter", FINDING_WARNING, "5000 events wait", "journalctl" },
        { lose_authority, "certificate", FINDING_PROBLEM, "/etc/lekdicht/ca.pem: No such file", "certificate" },
        { damage_authority, "certificate", FINDING_PROBLEM, "is damaged", "certificate" },
        { end_authority, "certificate", FINDING_PROBLEM, "ended 3 days ago", "new certificate" },
        { age_authority, "certificate", FINDING_WARNING, "ends in 3 days", "new certificate" },
        { hide_authority, "certificate", FINDING_WARNING, "may not be readable", "chmod a+r" },
};

static void each_thing_is_named(void **state)
{
        struct finding findings[DOCTOR_CHECKS_MAX];
        unsigned wrong = 0;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct scene *scene;
                size_t n;
                bool named = cases[i].id == NULL;

                assert_int_equal(tear_down(state), 0);
                assert_int_equal(set_up(state), 0);
                scene = *state;
                well(scene);
                cases[i].breaks(scene);
                n = doctor_examine(&doctor, findings);
                for (size_t k = 0; k < n; k++) {
                        const struct finding *finding = &findings[k];
                        bool meant = cases[i].id && strcmp(cases[i].id, finding->id) == 0;

                        named = named || meant;
                        if (meant ? finding->state == cases[i].state && strstr(finding->text, cases[i].text) &&
                                            strstr(finding->remedy, cases[i].remedy)
                                  : finding->state == FINDING_OK)
                                continue;
                        print_message("# case %zu (%s): %s %s: %s -> %s\n", i, cases[i].id ? cases[i].id : "well",
                                      finding->id, finding_word(finding->state), finding->text, finding->remedy);
                        wrong++;
                }
                assert_true(named);
        }
        assert_int_equal(wrong, 0);
}

static const struct finding *found(const struct finding *findings, size_t n, const char *id)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(findings[i].id, id) == 0)
                        return &findings[i];
        fail_msg("%s is not examined", id);
        return findings;
}

/* What cannot be seen is said to be unknown, and never to be well. */
static void what_is_not_seen_is_unknown(void **state)
{
        struct scene *scene = *state;
        struct finding findings[DOCTOR_CHECKS_MAX];
        size_t n;

        well(scene);
        hide_services(scene);
        doctor.status = NULL;
        doctor.answer = BUS_ABSENT;
        n = doctor_examine(&doctor, findings);
        assert_int_equal(found(findings, n, "helper")->state, FINDING_UNKNOWN);
        assert_int_equal(found(findings, n, "reporter")->state, FINDING_UNKNOWN);
        assert_int_equal(found(findings, n, "spool")->state, FINDING_UNKNOWN);
        if (geteuid() == 0) {
                assert_int_equal(found(findings, n, "policy")->state, FINDING_OK); /* read without the agent */
                put(scene, "etc/lekdicht/policy.ini", "[policy]\nversion = 3\nmode = ajar\n");
                n = doctor_examine(&doctor, findings);
                assert_int_equal(found(findings, n, "policy")->state, FINDING_PROBLEM);
                assert_contains(found(findings, n, "policy")->text, "policy.ini:3: ");
        }
        assert_string_equal(place_error(-EACCES), "only root may look at it");
}

static void not_enrolled_is_well(void **state)
{
        struct scene *scene = *state;
        struct finding findings[DOCTOR_CHECKS_MAX];
        size_t n;

        well(scene);
        rid(scene, "etc/lekdicht/enrolment");
        stop_reporter(scene);
        n = doctor_examine(&doctor, findings);
        assert_int_equal(doctor_print(&scene->cli, findings, n), FINDING_OK);
        assert_contains(said(scene), "not enrolled: what is recorded stays on this laptop");
        assert_contains(said(scene), "All is well.\n");
        assert_lacks(said(scene), "->");
}

static void sandboxes_are_told_of(void **state)
{
        struct scene *scene = *state;
        struct finding findings[DOCTOR_CHECKS_MAX];
        size_t n;

        well(scene);
        put(scene, "var/lib/snapd/snaps/firefox.snap", "");
        put(scene, "var/lib/flatpak/app/org.gimp.GIMP/x", "");
        n = doctor_examine(&doctor, findings);
        assert_int_equal(found(findings, n, "sandboxes")->state, FINDING_OK);
        assert_contains(found(findings, n, "sandboxes")->text, "snap and flatpak");
        assert_contains(found(findings, n, "sandboxes")->remedy, "snap connect APP:removable-media");
        assert_contains(found(findings, n, "sandboxes")->remedy, "flatpak override");
}

/* ---- how it is told ---- */

static void worst_is_the_exit_code(void **state)
{
        static const struct {
                enum finding_state states[3], worst;
        } orders[] = {
                { { FINDING_OK, FINDING_OK, FINDING_OK }, FINDING_OK },
                { { FINDING_OK, FINDING_UNKNOWN, FINDING_OK }, FINDING_UNKNOWN },
                { { FINDING_UNKNOWN, FINDING_WARNING, FINDING_OK }, FINDING_WARNING },
                { { FINDING_PROBLEM, FINDING_WARNING, FINDING_UNKNOWN }, FINDING_PROBLEM },
                { { FINDING_UNKNOWN, FINDING_OK, FINDING_PROBLEM }, FINDING_PROBLEM },
        };
        struct scene *scene = *state;

        for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
                struct finding findings[3] = { 0 };

                for (size_t k = 0; k < 3; k++)
                        findings[k] = (struct finding){ .id = "x", .state = orders[i].states[k] };
                assert_int_equal(doctor_print(&scene->cli, findings, 3), orders[i].worst);
        }
        assert_int_equal(FINDING_OK, 0);
        assert_int_equal(FINDING_WARNING, 1);
        assert_int_equal(FINDING_PROBLEM, 2);
        assert_int_equal(FINDING_UNKNOWN, 3);
}

static void words_steer_no_terminal(void **state)
{
        struct scene *scene = *state;
        struct finding finding = { .id = "policy", .state = FINDING_PROBLEM };

        finding_set(&finding, FINDING_PROBLEM, "a\x1b[2Jb");
        finding_remedy(&finding, "look\nhere");
        assert_int_equal(doctor_print(&scene->cli, &finding, 1), FINDING_PROBLEM);
        assert_string_equal(said(scene), "problem  policy       a\\u001b[2Jb\n"
                                         "                      -> look\\u000ahere\n"
                                         "0 ok, 0 warnings, 1 problem, 0 unknown.\n");
}

static void json_is_one_object(void **state)
{
        struct scene *scene = *state;
        struct finding findings[2] = { { .id = "gate", .state = FINDING_OK },
                                       { .id = "clock", .state = FINDING_WARNING } };

        finding_set(&findings[1], FINDING_WARNING, "\"late\"");
        finding_remedy(&findings[1], "set it");
        scene->cli.json = true;
        assert_int_equal(doctor_print(&scene->cli, findings, 2), FINDING_WARNING);
        assert_contains(said(scene), "\"state\": \"warning\"");
        assert_contains(said(scene), "\"id\": \"clock\"");
        assert_contains(said(scene), "\"text\": \"\\\"late\\\"\"");
        assert_contains(said(scene), "\"remedy\": \"set it\"");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(each_thing_is_named),   TEST(what_is_not_seen_is_unknown), TEST(not_enrolled_is_well),
                TEST(sandboxes_are_told_of), TEST(worst_is_the_exit_code),      TEST(words_steer_no_terminal),
                TEST(json_is_one_object),
        };

        say_it_in_utf8_and_utc();
        return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
