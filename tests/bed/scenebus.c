/* SPDX-License-Identifier: GPL-3.0-or-later */

/* See scenebus.h. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/bed/scene.h"
#include "tests/bed/scenebus.h"

static char directory[] = "/tmp/lekdicht-bus.XXXXXX", address[128];
static pid_t daemon_pid;

sd_bus *client;
sd_bus_message *answer;

int scenebus_init(void **state)
{
        (void) state;
        if (!mkdtemp(directory) || chmod(directory, 0755) < 0)
                return -1;
        snprintf(address, sizeof(address), "unix:path=%s/socket", directory);
        return setenv("SCENE_BUS", address, 1);
}

int scenebus_done(void **state)
{
        char path[256];

        (void) state;
        snprintf(path, sizeof(path), "%s/config", directory);
        (void) unlink(path);
        (void) rmdir(directory);
        return 0;
}

const char *scenebus_address(void)
{
        return address;
}

/* ---- the bus ---- */

void start_bus(const char *policy)
{
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/config", directory);
        file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, "<busconfig><listen>unix:path=%s/socket</listen><auth>EXTERNAL</auth>%s</busconfig>", directory,
                policy ? policy
                       : "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow "
                         "send_destination=\"*\"/><allow receive_sender=\"*\"/></policy>");
        fclose(file);
        daemon_pid = fork();
        if (daemon_pid == 0) {
                char option[300];
                sigset_t none;

                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                unsetenv("LD_PRELOAD");
                snprintf(option, sizeof(option), "--config-file=%s", path);
                execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile", (char *) NULL);
                _exit(127);
        }
}

void stop_bus(void)
{
        char path[256];

        if (daemon_pid > 0) {
                kill(daemon_pid, SIGKILL);
                waitpid(daemon_pid, NULL, 0);
        }
        daemon_pid = 0;
        snprintf(path, sizeof(path), "%s/socket", directory);
        (void) unlink(path);
}

sd_bus *join(void)
{
        sd_bus *bus;

        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_address(bus, address) >= 0);
        assert_true(sd_bus_set_bus_client(bus, true) >= 0);
        assert_true(sd_bus_set_watch_bind(bus, true) >= 0);
        assert_true(sd_bus_attach_event(bus, scene.loop, 0) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return bus;
}

/* ---- calls ---- */

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) userdata;
        (void) error;
        answer = sd_bus_message_ref(message);
        return 0;
}

static void ask_with(const char *method, const char *types, va_list arguments)
{
        sd_bus_message *message = NULL;

        answer = sd_bus_message_unref(answer);
        assert_true(sd_bus_message_new_method_call(client, &message, NAME, PATH, NAME, method) >= 0);
        if (types[0])
                assert_true(sd_bus_message_appendv(message, types, arguments) >= 0);
        assert_true(sd_bus_call_async(client, NULL, message, on_answer, NULL, 0) >= 0);
        sd_bus_message_unref(message);
}

void ask(const char *method, const char *types, ...)
{
        va_list arguments;

        va_start(arguments, types);
        ask_with(method, types, arguments);
        va_end(arguments);
}

void call(const char *method, const char *types, ...)
{
        va_list arguments;

        va_start(arguments, types);
        ask_with(method, types, arguments);
        va_end(arguments);
        UNTIL(answer);
}

bool is_error(const char *name)
{
        return sd_bus_message_is_method_error(answer, name) > 0;
}

/* Read the a{sv} at the message's place: the value of key as text ("" when it is not there). */
const char *value_of(sd_bus_message *message, const char *key)
{
        static char text[1024];
        const char *name, *type, *s;
        uint32_t u;
        uint64_t t;
        int b;

        text[0] = '\0';
        assert_true(sd_bus_message_enter_container(message, 'a', "{sv}") >= 0);
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                assert_true(sd_bus_message_read(message, "s", &name) >= 0);
                assert_true(sd_bus_message_peek_type(message, NULL, &type) >= 0);
                if (strcmp(name, key) != 0) {
                        assert_true(sd_bus_message_skip(message, "v") >= 0);
                } else if (strcmp(type, "s") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "s", &s) >= 0);
                        snprintf(text, sizeof(text), "%s", s);
                } else if (strcmp(type, "u") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "u", &u) >= 0);
                        snprintf(text, sizeof(text), "%u", u);
                } else if (strcmp(type, "t") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "t", &t) >= 0);
                        snprintf(text, sizeof(text), "%llu", (unsigned long long) t);
                } else if (strcmp(type, "b") == 0) {
                        assert_true(sd_bus_message_read(message, "v", "b", &b) >= 0);
                        snprintf(text, sizeof(text), "%s", b ? "yes" : "no");
                } else {
                        assert_true(sd_bus_message_enter_container(message, 'v', type) >= 0);
                        assert_true(sd_bus_message_enter_container(message, 'a', type + 1) >= 0);
                        if (strcmp(type, "a(ssss)") == 0) {
                                const char *language, *title, *words;

                                while (sd_bus_message_read(message, "(ssss)", &s, &language, &title, &words) > 0)
                                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s.%s=%s=%s ", s,
                                                 language, title, words);
                        } else if (strcmp(type, "a(sss)") == 0) {
                                const char *label, *url;

                                while (sd_bus_message_read(message, "(sss)", &s, &label, &url) > 0)
                                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s=%s ", s,
                                                 label, url);
                        } else if (strcmp(type, "as") == 0) {
                                while (sd_bus_message_read(message, "s", &s) > 0)
                                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", s);
                        } else {
                                const char *second;

                                while (sd_bus_message_read(message, "{ss}", &s, &second) > 0)
                                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s ", s, second);
                        }
                        sd_bus_message_exit_container(message);
                        sd_bus_message_exit_container(message);
                }
                assert_true(sd_bus_message_exit_container(message) >= 0);
        }
        assert_true(sd_bus_message_exit_container(message) >= 0);
        return text;
}

const char *status(const char *key)
{
        call("Status", "");
        assert_false(sd_bus_message_is_method_error(answer, NULL));
        return value_of(answer, key);
}

const char *explained(const char *id, const char *key)
{
        call("Explain", "s", id);
        assert_false(sd_bus_message_is_method_error(answer, NULL));
        return value_of(answer, key);
}

pid_t call_as(uid_t uid, bool interactive, const char *method, const char *types, ...)
{
        pid_t pid = fork();

        if (pid == 0) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                sd_bus_message *message = NULL;
                va_list arguments;
                sd_bus *bus;
                int r;

                unsetenv("LD_PRELOAD");
                if (setuid(uid) < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 ||
                    sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0)
                        _exit(9);
                r = sd_bus_message_new_method_call(bus, &message, NAME, PATH, NAME, method);
                va_start(arguments, types);
                if (r >= 0 && types[0])
                        r = sd_bus_message_appendv(message, types, arguments);
                va_end(arguments);
                if (r >= 0)
                        r = sd_bus_message_set_allow_interactive_authorization(message, interactive);
                if (r < 0)
                        _exit(8);
                r = sd_bus_call(bus, message, 0, &error, NULL);
                fprintf(stderr, "# %u's %s: %s\n", uid, method, r < 0 ? error.message : "answered");
                _exit(r >= 0                                                        ? 0
                      : sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED)   ? 1
                      : sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED) ? 2
                                                                                    : 3);
        }
        return pid;
}

int result_of(pid_t pid)
{
        uint64_t deadline = 0;
        int exit_status = -1;

        while (waitpid(pid, &exit_status, WNOHANG) != pid)
                assert_true(scene_turn(&deadline));
        return WIFEXITED(exit_status) ? WEXITSTATUS(exit_status) : -1;
}

void agent_answers(void)
{
        for (unsigned i = 0; i < 300; i++) {
                call("Status", "");
                if (!is_error(NULL))
                        return;
                scene_run(20);
        }
        fail_msg("the agent is not on the bus");
}
