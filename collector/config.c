/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A table of keys. inih goes on behind an error, joins an indented line to the one above and delivers a repeated key like
 * any other; so a key that was set is refused the second time, and the first fault is kept with its line. */

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/config.h"
#include "collector/rate.h"
#include "common/cleanup.h"

#define KEYS_MAX 8U /* in the table below */

struct reading {
        struct config config;
        bool seen[KEYS_MAX];
        FILE *file;
        int line;
        const char *fault; /* the first, a constant */
        int fault_line;
};

static bool read_listen(struct config *config, const char *value)
{
        return address_read(value, &config->listen);
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

static bool read_certificate(struct config *config, const char *value)
{
        return read_path(config->certificate, value);
}

static bool read_key(struct config *config, const char *value)
{
        return read_path(config->key, value);
}

static bool read_requests(struct config *config, const char *value)
{
        size_t digits = strspn(value, "0123456789");
        unsigned long n = strtoul(value, NULL, 10);

        if (digits == 0 || digits > 9 || value[digits] != '\0' || n < 1 || n > RATE_PER_MINUTE_MAX)
                return false;
        config->requests_per_minute = (unsigned) n;
        return true;
}

static const struct {
        const char *key;
        bool (*read)(struct config *config, const char *value);
        const char *fault;
} keys[] = {
        { "listen", read_listen,
          "listen is not 127.x.y.z:PORT, [::1]:PORT or a path; there are no accounts yet, so only this machine may "
          "connect" },
        { "database", read_database, "database is not an absolute path" },
        { "certificate", read_certificate, "certificate is not an absolute path" },
        { "key", read_key, "key is not an absolute path" },
        { "requests-per-minute", read_requests, "requests-per-minute is not a number from 1 to 1000000" },
};

_Static_assert(sizeof(keys) / sizeof(keys[0]) <= KEYS_MAX, "a key has no place to be remembered");

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
        ret->certificate[0] = ret->key[0] = '\0';
        ret->requests_per_minute = RATE_PER_MINUTE;
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
        if (!reading.config.certificate[0] != !reading.config.key[0]) {
                snprintf(error, CONFIG_ERROR_MAX, "%s: certificate and key belong together, and one of them is missing",
                         path);
                return -EINVAL;
        }
        if (!reading.config.certificate[0] && !address_is_local(&reading.config.listen)) {
                snprintf(error, CONFIG_ERROR_MAX,
                         "%s: without certificate and key only this machine may connect: listen is another address",
                         path);
                return -EINVAL;
        }
        *ret = reading.config;
        return 0;
}
