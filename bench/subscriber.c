/* links: libs: libsystemd */
/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Subscribes to the agent's notices and writes a line for each signal: when it came (CLOCK_REALTIME in seconds) and its
 * name; for a notice also its code. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define NAME "org.lekdicht.Agent1"
#define PATH "/org/lekdicht/Agent1"

static void tell(const char *what, const char *code)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        printf("%lld.%09ld %s %s\n", (long long) now.tv_sec, now.tv_nsec, what, code);
        fflush(stdout);
}

static int on_recorded(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void) message;
        (void) userdata;
        (void) error;
        tell("recorded", "-");
        return 0;
}

static int on_notice(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *key, *code = "-";
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        (void) userdata;
        (void) error;
        while (r > 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &key);
                if (r >= 0)
                        r = strcmp(key, "Code") == 0 ? sd_bus_message_read(message, "v", "s", &code)
                                                     : sd_bus_message_skip(message, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        tell("notice", code);
        return 0;
}

int main(void)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus;
        int r = sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NAME, PATH, NAME, "Recorded", on_recorded, NULL);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NAME, PATH, NAME, "Notice", on_notice, NULL);
        if (r >= 0)
                r = sd_bus_call_method(bus, NAME, PATH, NAME, "Subscribe", &error, NULL, "");
        if (r >= 0)
                tell("subscribed", "-");
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        fprintf(stderr, "subscriber: %s\n", error.message ? error.message : strerror(-r));
        return EXIT_FAILURE;
}
