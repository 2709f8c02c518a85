/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A table of keys. inih goes on behind an error, joins an indented line to the one above and delivers a repeated key like
 * any other; so a key that was set is refused the second time, and the first fault is kept with its line. */

#include <arpa/inet.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config.h"
#include "common/cleanup.h"

struct reading {
        struct config config;
        bool seen[2];
        FILE *file;
        int line;
        const char *fault; /* the first, a constant */
        int fault_line;
};

static bool read_listen(struct config *config, const char *value)
{
        char address[INET6_ADDRSTRLEN + 2];
        const char *colon = strrchr(value, ':');
        unsigned long port;
        char *end;

        if (!colon || (size_t) (colon - value) >= sizeof(address) || colon[1] < '0' || colon[1] > '9')
                return false;
        port = strtoul(colon + 1, &end, 10);
        if (*end != '\0' || strlen(colon + 1) > 5 || port > UINT16_MAX)
                return false;
        snprintf(address, sizeof(address), "%.*s", (int) (colon - value), value);

        memset(&config->listen, 0, sizeof(config->listen));
        if (strcmp(address, "[::1]") == 0) {
                config->listen.v6.sin6_family = AF_INET6;
                config->listen.v6.sin6_addr = in6addr_loopback;
                config->listen.v6.sin6_port = htons((uint16_t) port);
                return true;
        }
        config->listen.v4.sin_family = AF_INET;
        config->listen.v4.sin_port = htons((uint16_t) port);
        return inet_pton(AF_INET, address, &config->listen.v4.sin_addr) == 1 &&
               ntohl(config->listen.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool read_path(char *path, const char *value)
{
        if (value[0] != '/' || strlen(value) >= CONFIG_PATH_MAX)
                return false;
        strcpy(path, value);
        return true;
}

static bool read_database(struct config *config, const char *value)
{
        return read_path(config->database, value);
}

static const struct {
        const char *key;
        bool (*read)(struct config *config, const char *value);
        const char *fault;
} keys[] = {
        { "listen", read_listen,
          "listen is not 127.x.y.z:PORT or [::1]:PORT; there are no accounts yet, so only this machine may connect" },
        { "database", read_database, "database is not an absolute path" },
};

/* 1: taken, 0: not (inih's convention). */
static int take(void *userdata, const char *section, const char *key, const char *value)
{
        struct reading *reading = userdata;
        const char *fault = "not a key of the collector";

        if (strcmp(section, "collector") != 0) {
                fault = "not in the section [collector]";
        } else {
                for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                        if (strcmp(key, keys[i].key) != 0)
                                continue;
                        if (reading->seen[i])
                                fault = "the key is there twice (or its value goes on in an indented line)";
                        else if (!keys[i].read(&reading->config, value))
                                fault = keys[i].fault;
                        else
                                fault = NULL;
                        reading->seen[i] = true;
                }
        }
        if (fault && !reading->fault) {
                reading->fault = fault;
                reading->fault_line = reading->line;
        }
        return fault == NULL;
}

/* A line that is too long for inih comes in pieces, each of which it would take for a line. */
static char *next_line(char *text, int size, void *userdata)
{
        struct reading *reading = userdata;
        int c;

        reading->line++;
        if (!fgets(text, size, reading->file))
                return NULL;
        if (strchr(text, '\n') || feof(reading->file))
                return text;
        while ((c = getc(reading->file)) != EOF && c != '\n')
                ;
        if (!reading->fault) {
                reading->fault = "the line is too long";
                reading->fault_line = reading->line;
        }
        snprintf(text, (size_t) size, "no key\n"); /* an error, whatever stood there */
        return text;
}

void config_default(struct config *ret)
{
        read_listen(ret, CONFIG_LISTEN);
        strcpy(ret->database, CONFIG_DATABASE);
}

int config_load(const char *path, struct config *ret, char error[static CONFIG_ERROR_MAX])
{
        CLEANUP(cleanup_fclose) FILE *file = NULL;
        struct reading reading = { 0 };
        int line;

        error[0] = '\0';
        config_default(&reading.config);
        file = fopen(path, "re");
        if (!file)
                return -errno;
        reading.file = file;
        line = ini_parse_stream(next_line, &reading, take, &reading);
        if (line < 0)
                return -EIO;
        if (line > 0) {
                snprintf(error, CONFIG_ERROR_MAX, "%s:%d: %s", path, line,
                         reading.fault_line == line ? reading.fault : "neither a section nor KEY = VALUE");
                return -EINVAL;
        }
        *ret = reading.config;
        return 0;
}
