/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See user.h. */

#include "tests/bed/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"

#define VARIABLES_MAX 16U

void user_come(struct user *user, const char *name, uid_t uid)
{
        char path[BED_PATH + 16];

        *user = (struct user){ .uid = uid };
        snprintf(user->name, sizeof(user->name), "%s", name);
        snprintf(path, sizeof(path), "home/%s", name);
        bed_remove(&scene.bed, path); /* of the scene before */
        snprintf(path, sizeof(path), "home/%s/.config/empty", name);
        bed_text(&scene.bed, path, "\n");
        assert_true((size_t) snprintf(user->home, sizeof(user->home), "%s/home/%s", scene.bed.root, name) <
                    sizeof(user->home));
        assert_int_equal(chmod(scene.bed.root, 0755), 0);
        assert_int_equal(chown(user->home, uid, uid), 0);
        snprintf(path, sizeof(path), "%s/.config", user->home);
        assert_int_equal(chown(path, uid, uid), 0);
        assert_int_equal(chmod(user->home, 0700), 0);
}

void user_has(const struct user *user, const char *path, const char *text)
{
        char whole[2 * BED_PATH], command[3 * BED_PATH];

        snprintf(whole, sizeof(whole), "home/%s/%s", user->name, path);
        bed_text(&scene.bed, whole, "%s", text);
        snprintf(command, sizeof(command), "chown -R %u:%u %s", user->uid, user->uid, user->home);
        assert_int_equal(system(command), 0);
}

/* In the child: be that user and nobody else. */
static void become(const struct user *user)
{
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (setgroups(0, NULL) < 0 || setresgid(user->uid, user->uid, user->uid) < 0 ||
            setresuid(user->uid, user->uid, user->uid) < 0)
                _exit(126);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user clears it */
}

/* ---- notices ---- */

static int on_notice(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        FILE *file = userdata;
        static const char *const keys[] = { "Kind", "Category", "Name", "Places", "Code" };

        (void) error;
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                fprintf(file, "%s%s", i ? " " : "", value_of(message, keys[i]));
                (void) sd_bus_message_rewind(message, true);
        }
        fputc('\n', file);
        fflush(file);
        return 0;
}

static void listen_now(const struct user *user, const char *path)
{
        FILE *file = fopen(path, "we");
        sd_bus *bus = NULL;
        int r = file ? sd_bus_new(&bus) : -ENOMEM;

        become(user);
        if (r >= 0)
                r = sd_bus_set_address(bus, scenebus_address());
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NULL, PATH, NAME, "Notice", on_notice, file);
        if (r >= 0)
                r = sd_bus_call_method(bus, NAME, PATH, NAME, "Subscribe", NULL, NULL, "");
        if (r < 0) {
                fprintf(stderr, "# %s cannot subscribe: %s\n", user->name, strerror(-r));
                _exit(1);
        }
        fputs("listening\n", file);
        fflush(file);
        for (;;)
                if (sd_bus_process(bus, NULL) < 0 || sd_bus_wait(bus, UINT64_MAX) < 0)
                        _exit(1);
}

void user_listen(struct user *user)
{
        char path[2 * BED_PATH];

        snprintf(path, sizeof(path), "%s/notices-%s", scene.bed.root, user->name);
        (void) unlink(path); /* of the scene before */
        user->listener = fork();
        assert_true(user->listener >= 0);
        if (user->listener == 0) {
                unsetenv("LD_PRELOAD");
                close_range(3, ~0U, 0); /* else the connections of the agent and the watcher outlive them */
                listen_now(user, path);
        }
        UNTIL(user_is_listening(user));
}

bool user_is_listening(const struct user *user)
{
        char path[64];
        const char *text;

        snprintf(path, sizeof(path), "notices-%s", user->name);
        text = bed_exists(&scene.bed, path) ? bed_read(&scene.bed, path) : NULL;
        return text && strncmp(text, "listening", strlen("listening")) == 0;
}

void user_leave(struct user *user)
{
        if (user->listener > 0) {
                kill(user->listener, SIGKILL);
                waitpid(user->listener, NULL, 0);
        }
        user->listener = 0;
}

/* ---- programs ---- */

static void start_now(const struct user *user, const char *const *argv, const char *const *variables,
                      const char *output)
{
        int fd = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), nothing = open("/dev/null", O_RDONLY);
        char home[BED_PATH + 8], config[BED_PATH + 32];
        char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
        char *environment[VARIABLES_MAX] = { home, config, path };

        for (size_t i = 0; variables && variables[i] && i + 4 < VARIABLES_MAX; i++)
                environment[3 + i] = strdup(variables[i]);
        snprintf(home, sizeof(home), "HOME=%s", user->home);
        snprintf(config, sizeof(config), "XDG_CONFIG_HOME=%s/.config", user->home);
        become(user);
        if (setsid() < 0 || fd < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
            chdir(user->home) < 0)
                _exit(125);
        execvpe(argv[0], (char *const *) (uintptr_t) argv, environment);
        _exit(127);
}

pid_t user_start(const struct user *user, const char *const *argv, const char *const *variables)
{
        char output[2 * BED_PATH];
        pid_t pid;

        snprintf(output, sizeof(output), "%s/output-%s", scene.bed.root, user->name);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                start_now(user, argv, variables, output);
        return pid;
}

void user_stop(pid_t pid)
{
        if (pid <= 0)
                return;
        kill(pid, SIGKILL);
        kill(-pid, SIGKILL); /* clients have children, which live longer than they */
        waitpid(pid, NULL, 0);
}
