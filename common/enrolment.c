/* SPDX-License-Identifier: GPL-3.0-or-later */

/* inih is generous: an indented line continues the value above, " ;" cuts a value, a long line is cut and its rest is
 * read as another. Any of these would send the token or the records where nobody meant them to go. So every raw line is
 * looked at first, and what inih could read in two ways is refused. */

#include "common/enrolment.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/readfull.h"
#include "common/text.h"

#define PORT_MAX 65535UL

static const char blanks[] = " \t";
static const char digits[] = "0123456789";

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(error, ENROLMENT_ERROR_MAX, format, arguments);
        va_end(arguments);

        return -EINVAL;
}

/* ---- the text of an address -------------------------------------------------------------------------------------- */

/* 127.x.x.x in its four-part form, or ::1. A name can be made to lead anywhere. */
static bool is_loopback(const char *host, size_t size)
{
        unsigned a, b, c;
        char text[sizeof("127.255.255.255")], end;

        if (size == strlen("[::1]") && memcmp(host, "[::1]", size) == 0)
                return true;
        if (size >= sizeof(text))
                return false;
        memcpy(text, host, size);
        text[size] = '\0';

        return sscanf(text, "127.%3u.%3u.%3u%c", &a, &b, &c, &end) == 3 && a < 256 && b < 256 && c < 256;
}

/* The length of a host at the start of text: a name, an IPv4 address, or an IPv6 address in brackets. 0: none. */
static size_t host_length(const char *text)
{
        size_t size;

        if (text[0] == '[') {
                size = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
                return size > 2 && text[size] == ']' ? size + 1 : 0;
        }

        return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
}

/* NULL, or what is wrong with the address. Nothing of it needs an escape, and it holds no user, query or fragment. */
static const char *check_url(const char *url, bool *ret_https, bool *ret_loopback)
{
        const char *host, *rest;
        size_t size;

        if (strncmp(url, "https://", 8) == 0)
                *ret_https = true;
        else if (strncmp(url, "http://", 7) == 0)
                *ret_https = false;
        else
                return "begins with neither https:// nor http://";

        host = url + (*ret_https ? 8 : 7);
        size = host_length(host);
        if (size == 0)
                return "has no host";
        *ret_loopback = is_loopback(host, size);

        rest = host + size;
        if (*rest == ':') {
                size_t n = strspn(rest + 1, digits);
                unsigned long port = n > 0 && n <= 5 ? strtoul(rest + 1, NULL, 10) : 0;

                if (port == 0 || port > PORT_MAX)
                        return "has a port that is none";
                rest += 1 + n;
        }
        if (*rest != '\0' && *rest != '/')
                return "holds more than a host, a port and a path";
        if (rest[strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-")] != '\0')
                return "has a path with characters other than letters, digits and /._~-";

        return NULL;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

struct reading {
        struct enrolment *enrolment;
        char *error;
};

static const struct field {
        const char *key;
        size_t offset, size;
} fields[] = {
        { "url", offsetof(struct enrolment, url), sizeof(((struct enrolment *) 0)->url) },
        { "token", offsetof(struct enrolment, token), sizeof(((struct enrolment *) 0)->token) },
        { "label", offsetof(struct enrolment, label), sizeof(((struct enrolment *) 0)->label) },
        { "attempt", offsetof(struct enrolment, attempt), sizeof(((struct enrolment *) 0)->attempt) },
        { "ca-file", offsetof(struct enrolment, ca_file), sizeof(((struct enrolment *) 0)->ca_file) },
        { "proxy", offsetof(struct enrolment, proxy), sizeof(((struct enrolment *) 0)->proxy) },
};

/* For inih: 1 goes on, 0 stops. */
static int take_key(void *userdata, const char *section, const char *key, const char *value)
{
        struct reading *reading = userdata;

        if (reading->error[0] != '\0')
                return 0;
        if (strcmp(section, "collector") != 0) {
                refuse(reading->error, "\"%.40s\" is not in the section [collector]", key);
                return 0;
        }
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
                char *field = (char *) reading->enrolment + fields[i].offset;

                if (strcmp(key, fields[i].key) != 0)
                        continue;
                if (field[0] != '\0')
                        refuse(reading->error, "\"%s\" is there twice", key);
                else if (value[0] == '\0')
                        refuse(reading->error, "\"%s\" has no value", key);
                else if (strlen(value) >= fields[i].size)
                        refuse(reading->error, "\"%s\" has more than %zu characters", key, fields[i].size - 1);
                else
                        strcpy(field, value);
                return reading->error[0] == '\0';
        }
        refuse(reading->error, "\"%.40s\" is not known by lekdicht " LEKDICHT_VERSION, key);

        return 0;
}

/* One raw line: nothing in it that inih may read in two ways. */
static int check_line(const char *line, size_t size, unsigned number, char *error)
{
        if (size > 0 && line[size - 1] == '\r')
                size--;
        if (size > ENROLMENT_LINE_MAX)
                return refuse(error, "line %u has %zu bytes; %u is the most", number, size, ENROLMENT_LINE_MAX);
        for (size_t i = 0; i < size; i++) {
                if (((unsigned char) line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7F)
                        return refuse(error, "line %u holds a control character", number);
        }
        if (size == 0 || line[0] == '#' || line[0] == ';')
                return 0;
        if (strchr(blanks, line[0]))
                return refuse(error, "line %u begins with a blank", number);
        for (size_t i = 1; i < size; i++) {
                if ((line[i] == ';' || line[i] == '#') && strchr(blanks, line[i - 1]))
                        return refuse(error, "line %u: a comment needs a line of its own", number);
        }

        return 0;
}

static int check_lines(const char *text, size_t size, char *error)
{
        unsigned number = 1;

        while (size > 0) {
                const char *end = memchr(text, '\n', size);
                size_t length = end ? (size_t) (end - text) : size;
                int r = check_line(text, length, number++, error);

                if (r < 0)
                        return r;
                text += length + (end ? 1 : 0);
                size -= length + (end ? 1 : 0);
        }

        return 0;
}

static int check_token(const char *token, char *error)
{
        if (strlen(token) < ENROLMENT_TOKEN_MIN)
                return refuse(error, "\"token\" has fewer than %u characters", ENROLMENT_TOKEN_MIN);
        for (const char *c = token; *c; c++) {
                if (*c < 0x21 || *c > 0x7E)
                        return refuse(error, "\"token\" may hold only printable ASCII characters without blanks");
        }

        return 0;
}

static int check_label(const char *label, char *error)
{
        char clean[ENROLMENT_LABEL_MAX + 1];

        (void) text_clean(label, strlen(label), clean, sizeof(clean));
        return strcmp(clean, label) == 0 ? 0 : refuse(error, "\"label\" has characters that cannot be shown");
}

static int check_values(struct enrolment *enrolment, char *error)
{
        size_t attempt = strspn(enrolment->attempt, "0123456789abcdef");
        bool https, loopback, proxy_https, proxy_loopback;
        const char *fault;
        size_t size;

        fault = check_url(enrolment->url, &https, &loopback);
        if (fault)
                return refuse(error, "\"url\" %s", fault);
        if (!https && !loopback)
                return refuse(error, "\"url\" must begin with https://; http:// is for 127.0.0.1 and [::1] only");
        if (check_token(enrolment->token, error) < 0)
                return -EINVAL;
        if (check_label(enrolment->label, error) < 0)
                return -EINVAL;
        if (enrolment->attempt[attempt] != '\0' || (attempt != 0 && attempt != ENROLMENT_ATTEMPT))
                return refuse(error, "\"attempt\" is not %u hexadecimal digits", ENROLMENT_ATTEMPT);
        if (enrolment->ca_file[0] != '\0' && enrolment->ca_file[0] != '/')
                return refuse(error, "\"ca-file\" must be a path from the root");
        if (enrolment->proxy[0] != '\0') {
                fault = check_url(enrolment->proxy, &proxy_https, &proxy_loopback);
                if (fault)
                        return refuse(error, "\"proxy\" %s", fault);
                if (!https)
                        return refuse(error, "\"proxy\" needs a url with https://, or the proxy would read all");
        }

        for (size = strlen(enrolment->url); size > 0 && enrolment->url[size - 1] == '/'; size--)
                enrolment->url[size - 1] = '\0';

        return 0;
}

int enrolment_parse(const char *text, size_t size, struct enrolment *ret, char error[static ENROLMENT_ERROR_MAX])
{
        CLEANUP(cleanup_free) char *copy = NULL;
        struct enrolment enrolment = { 0 };
        struct reading reading = { .enrolment = &enrolment, .error = error };
        int r;

        error[0] = '\0';
        if (size > ENROLMENT_FILE_MAX)
                return refuse(error, "it has more than %u bytes", ENROLMENT_FILE_MAX);
        r = check_lines(text, size, error);
        if (r < 0)
                return r;

        copy = strndup(text, size);
        if (!copy)
                return refuse(error, "no memory");
        r = ini_parse_string(copy, take_key, &reading);
        if (error[0] != '\0')
                return -EINVAL;
        if (r > 0)
                return refuse(error, "line %d is neither [collector], a key with its value, nor a comment", r);
        if (r < 0)
                return refuse(error, "no memory");
        if (!enrolment.url[0] || !enrolment.token[0])
                return refuse(error, "there is no \"%s\"", enrolment.url[0] ? "token" : "url");
        r = check_values(&enrolment, error);
        if (r < 0)
                return r;
        *ret = enrolment;

        return 0;
}

int enrolment_load(const char *path, struct enrolment *ret, char error[static ENROLMENT_ERROR_MAX])
{
        CLEANUP(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        char text[ENROLMENT_FILE_MAX + 1];
        ssize_t size;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0) {
                int r = -errno;

                refuse(error, "it cannot be opened: %s", strerror(-r));
                return r;
        }
        if (!S_ISREG(st.st_mode))
                return refuse(error, "it is not a regular file");
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return refuse(error, "it belongs to user %u; run: chown root", (unsigned) st.st_uid);
        if (st.st_mode & S_IRWXO)
                return refuse(error, "everybody may use it (mode %04o), and it holds a secret; run: chmod o=",
                              (unsigned) st.st_mode & 07777U);
        if (st.st_mode & S_IWGRP)
                return refuse(error, "its group may change it (mode %04o); run: chmod g-w",
                              (unsigned) st.st_mode & 07777U);

        size = read_full(fd, text, sizeof(text));
        if (size < 0) {
                refuse(error, "it cannot be read: %s", strerror((int) -size));
                return (int) size;
        }

        return enrolment_parse(text, (size_t) size, ret, error);
}
