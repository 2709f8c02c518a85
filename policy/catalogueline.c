/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The lines of a file of the catalogue. They are those of a policy (line.c), but that a key may come more than once: each
 * exe, argv, flatpak, snap, mount, linked, autostart, unit and except is a mark of its own. */

#include "policy/catalogueline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "policy/errors.h"
#include "policy/line.h"
#include "policy/value.h"

DEFINE_CLEANUP(cleanup_clients, struct clients *, clients_clear)

struct reading {
        struct clients *clients;
        struct policy_errors *errors;
        struct client *open; /* the client of this section; NULL: none, or [catalogue] */
        bool in_catalogue;
        bool passed_over;       /* the section was refused: its keys are */
        unsigned line;          /* the one in hand */
        unsigned section_line;  /* of the open header; 0: before the first */
        unsigned category_line; /* of the open client; 0: not given */
        bool begun;             /* there was a [catalogue] */
};

struct client *client_free(struct client *client)
{
        if (!client)
                return NULL;
        for (size_t i = 0; i < client->n_marks; i++) {
                free(client->marks[i].word);
                free(client->marks[i].pattern);
        }
        free(client->name);
        free(client->label);
        free(client->service);
        free(client);
        return NULL;
}

void clients_clear(struct clients *clients)
{
        for (size_t i = 0; i < clients->n; i++)
                client_free(clients->items[i]);
        free(clients->items);
        *clients = (struct clients){ 0 };
}

/* ---- marks ---- */

static const struct mark_key {
        const char *key;
        enum mark_kind kind;
        const char *form; /* what to write */
        bool two;         /* a word before the pattern */
        bool ends_plain;  /* its last part has no '*' */
} mark_keys[] = {
        { "exe", MARK_PROGRAM, "exe = V /usr/bin/client", false, true },
        { "argv", MARK_SCRIPT, "argv = V python */client.py", true, false },
        { "flatpak", MARK_FLATPAK, "flatpak = V org.example.Client", false, true },
        { "snap", MARK_SNAP, "snap = V client", false, true },
        { "mount", MARK_MOUNT, "mount = V fuse.client *", true, false },
        { "linked", MARK_LINKED, "linked = V .config/client.ini has token=", false, true },
        { "autostart", MARK_AUTOSTART, "autostart = V client.desktop", false, true },
        { "unit", MARK_UNIT, "unit = V client.service", false, true },
        { "except", MARK_EXCEPT, "except = V /opt/other/client", false, false },
};

#define N_MARK_KEYS (sizeof(mark_keys) / sizeof(mark_keys[0]))

static bool is_tag(char c)
{
        return c == 'V' || c == 'S' || c == 'U' || c == 'K';
}

/* "V python *x": the tag, the word and the pattern, each behind one blank. Whether it has that form. */
static bool split(const struct mark_key *key, char *value, char **ret_word, char **ret_pattern)
{
        char *rest = value + 2, *blank;

        if (!is_tag(value[0]) || value[1] != ' ' || *rest == '\0' || *rest == ' ')
                return false;
        *ret_word = NULL;
        if (key->two) {
                blank = strchr(rest, ' ');
                if (!blank || blank[1] == '\0' || blank[1] == ' ')
                        return false;
                *blank = '\0';
                *ret_word = rest;
                rest = blank + 1;
        }
        *ret_pattern = rest;
        return true;
}

#define HAS " has "

/* ".config/x has y": the path is the pattern, and what it has is the word. */
static void split_linked(char *pattern, char **ret_word)
{
        char *has = strstr(pattern, HAS);

        if (!has)
                return;
        *ret_word = has + strlen(HAS);
        *has = '\0';
}

/* What is wrong with a mark of this form, or NULL. */
static const char *mark_fault(const struct mark_key *key, const char *word, const char *pattern)
{
        const char *last = catalogue_last_part(pattern);

        if ((key->kind == MARK_PROGRAM || key->kind == MARK_EXCEPT) && pattern[0] != '/' &&
            strncmp(pattern, "*/", 2) != 0)
                return "the path begins with / or */";
        if (key->kind == MARK_LINKED && (pattern[0] == '/' || strstr(pattern, "..") || strchr(pattern, '*')))
                return "the path is one in a home, as in .config/client.ini";
        if ((key->kind == MARK_AUTOSTART || key->kind == MARK_UNIT) && strchr(pattern, '/'))
                return "it is the name of a file, without its directory";
        if (key->ends_plain && (last[0] == '\0' || strchr(last, '*')))
                return "the last part is a name without *";
        if (key->kind == MARK_SCRIPT && catalogue_stem(word) != strlen(word))
                return "the interpreter stands without its version, as in python";
        if (key->kind == MARK_SCRIPT && strspn(pattern, "*") == strlen(pattern))
                return "an interpreter with anything is everything it runs";
        return NULL;
}

static int add_mark(struct reading *reading, const struct mark_key *key, char *value)
{
        struct client *client = reading->open;
        struct mark mark = { .kind = key->kind, .hearsay = value[0] == 'K' };
        char *word, *pattern;
        const char *fault;

        if (client->n_marks == CATALOGUE_MARKS_MAX) {
                errors_add(reading->errors, reading->line, "a mark too many; a client has at most %u",
                           CATALOGUE_MARKS_MAX);
                return 0;
        }
        if (!split(key, value, &word, &pattern)) {
                errors_add(reading->errors, reading->line, "%s begins with V, S, U or K; write it as in %s", key->key,
                           key->form);
                return 0;
        }
        if (key->kind == MARK_LINKED)
                split_linked(pattern, &word);
        fault = mark_fault(key, word, pattern);
        if (fault) {
                errors_add(reading->errors, reading->line, "%s cannot be that: %s", key->key, fault);
                return 0;
        }
        mark.word = word ? strdup(word) : NULL;
        mark.pattern = strdup(pattern);
        if (!mark.pattern || (word && !mark.word)) {
                free(mark.word);
                free(mark.pattern);
                return -ENOMEM;
        }
        client->marks[client->n_marks++] = mark;
        return 0;
}

/* ---- keys ---- */

static int set_text(struct reading *reading, const char *key, const char *value, char **field)
{
        if (*field) {
                errors_add(reading->errors, reading->line, "%s stands there already; keep one of them", key);
                return 0;
        }
        *field = strdup(value);
        return *field ? 0 : -ENOMEM;
}

static bool is_plain_name(const char *text)
{
        return strlen(text) <= POLICY_NAME_MAX && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void set_category(struct reading *reading, const char *value)
{
        int category = client_category_from_name(value);
        char quoted[ERRORS_QUOTE_MAX];

        if (category < 0)
                errors_add(reading->errors, reading->line, "category cannot be %s; write sync, chat or backup",
                           errors_quote(quoted, value));
        else if (reading->category_line)
                errors_add(reading->errors, reading->line, "category stands in line %u already; keep one of them",
                           reading->category_line);
        else
                reading->open->category = (enum client_category) category;
        reading->category_line = reading->line;
}

static void unknown_key(struct reading *reading, const char *key)
{
        struct errors_hint hint = { .word = key };
        char quoted[ERRORS_QUOTE_MAX];

        for (size_t i = 0; i < N_MARK_KEYS; i++)
                errors_hint_offer(&hint, mark_keys[i].key);
        errors_hint_offer(&hint, "label");
        errors_hint_offer(&hint, "service");
        errors_hint_offer(&hint, "lookup");
        errors_hint_offer(&hint, "category");
        errors_add(reading->errors, reading->line,
                   hint.best ? "unknown key %s; did you mean \"%s\"?" : "unknown key %s%s", errors_quote(quoted, key),
                   hint.best ?: "");
}

static int client_key(struct reading *reading, const char *key, char *value)
{
        for (size_t i = 0; i < N_MARK_KEYS; i++)
                if (strcmp(mark_keys[i].key, key) == 0)
                        return add_mark(reading, &mark_keys[i], value);
        if (strcmp(key, "label") == 0) {
                if (strlen(value) <= CATALOGUE_LABEL_MAX)
                        return set_text(reading, key, value, &reading->open->label);
                errors_add(reading->errors, reading->line, "a label has at most %u bytes", CATALOGUE_LABEL_MAX);
        } else if (strcmp(key, "service") == 0) {
                if (is_plain_name(value))
                        return set_text(reading, key, value, &reading->open->service);
                errors_add(reading->errors, reading->line,
                           "a service is one word of small letters, digits and '-', of at most %u", POLICY_NAME_MAX);
        } else if (strcmp(key, "lookup") == 0) {
                if (strcmp(value, "rclone") == 0)
                        reading->open->lookup = LOOKUP_RCLONE;
                else if (strcmp(value, "server") == 0)
                        reading->open->lookup = LOOKUP_SERVER;
                else
                        errors_add(reading->errors, reading->line, "lookup is rclone or server, or is not there");
        } else if (strcmp(key, "category") == 0) {
                set_category(reading, value);
        } else {
                unknown_key(reading, key);
        }
        return 0;
}

static void catalogue_key(struct reading *reading, const char *key, const char *value)
{
        if (strcmp(key, "version") != 0)
                errors_add(reading->errors, reading->line, "[catalogue] has one key: version");
        else if (reading->clients->version)
                errors_add(reading->errors, reading->line, "version stands there already; keep one of them");
        else if (value_number(value, &reading->clients->version) < 0)
                errors_add(reading->errors, reading->line, "version is a whole number from 1 to 4294967295");
}

/* ---- sections ---- */

static void close_section(struct reading *reading)
{
        const struct client *client = reading->open;
        bool marked = false;

        if (client) {
                for (size_t i = 0; i < client->n_marks; i++)
                        marked = marked || client->marks[i].kind != MARK_EXCEPT;
                if (!client->label || !client->service || !reading->category_line || !marked)
                        errors_add(
                                reading->errors, reading->section_line, "[client %s] has no %s", client->name,
                                !client->label     ? "label; write what people call it"
                                : !client->service ? "service; write what it reaches, or unknown"
                                : !reading->category_line
                                        ? "category; write sync, chat or backup"
                                        : "mark; write an exe, argv, flatpak, snap, mount, linked, autostart or unit");
        }
        reading->open = NULL;
        reading->in_catalogue = reading->passed_over = false;
        reading->category_line = 0;
        reading->section_line = reading->line;
}

static int open_client(struct reading *reading, const char *name)
{
        struct clients *clients = reading->clients;
        struct client *client, **grown;

        for (size_t i = 0; i < clients->n; i++)
                if (strcmp(clients->items[i]->name, name) == 0) {
                        errors_add(reading->errors, reading->line, "[client %s] stands there already", name);
                        reading->passed_over = true;
                        return 0;
                }
        if (clients->n == CATALOGUE_CLIENTS_MAX || !is_plain_name(name)) {
                errors_add(reading->errors, reading->line,
                           clients->n == CATALOGUE_CLIENTS_MAX
                                   ? "[client %s] is one too many"
                                   : "the name %s may hold only small letters, digits and '-'",
                           name);
                reading->passed_over = true;
                return 0;
        }
        grown = reallocarray(clients->items, clients->n + 1, sizeof(struct client *));
        if (!grown)
                return -ENOMEM;
        clients->items = grown;
        client = calloc(1, sizeof(*client));
        if (!client)
                return -ENOMEM;
        clients->items[clients->n++] = reading->open = client;
        client->name = strdup(name);
        return client->name ? 0 : -ENOMEM;
}

static int open_section(struct reading *reading, const struct line *line)
{
        char quoted[ERRORS_QUOTE_MAX];

        close_section(reading);
        if (strcmp(line->word, "client") == 0 && line->name)
                return open_client(reading, line->name);
        if (strcmp(line->word, "catalogue") == 0 && !line->name && !reading->begun) {
                reading->in_catalogue = reading->begun = true;
                return 0;
        }
        reading->passed_over = true;
        errors_add(reading->errors, reading->line, "unknown section %s; there are [catalogue], once, and [client NAME]",
                   errors_quote(quoted, line->word));
        return 0;
}

static int take_line(struct reading *reading, struct line *line)
{
        switch (line->kind) {
        case LINE_BLANK:
                return 0;
        case LINE_BAD:
                errors_add(reading->errors, reading->line, "%s", line->fault);
                if (line->opens) {
                        close_section(reading);
                        reading->passed_over = true;
                }
                return 0;
        case LINE_HEADER:
                return open_section(reading, line);
        case LINE_KEY:
                if (reading->open)
                        return client_key(reading, line->key, line->value);
                if (reading->in_catalogue)
                        catalogue_key(reading, line->key, line->value);
                else if (!reading->passed_over)
                        errors_add(reading->errors, reading->line, "a key before the first section");
                return 0;
        }
        return 0;
}

int clients_read(const char *text, size_t size, struct policy_errors *errors, struct clients *ret)
{
        struct clients clients = { 0 };
        CLEANUP(cleanup_clients) struct clients *unwanted = &clients;
        struct reading reading = { .clients = &clients, .errors = errors };
        struct line line;
        int r = 0;

        *errors = (struct policy_errors){ 0 };
        if (size > POLICY_FILE_MAX)
                errors_add(errors, 0, "the catalogue has more than %u bytes", POLICY_FILE_MAX);
        for (size_t at = 0; r >= 0 && at < size && size <= POLICY_FILE_MAX;) {
                const char *end = memchr(text + at, '\n', size - at);
                size_t length = end ? (size_t) (end - text) - at : size - at;

                reading.line++;
                line_read(&line, text + at, length);
                r = take_line(&reading, &line);
                at += length + !!end;
        }
        close_section(&reading);
        if (r >= 0 && errors->total == 0 && !reading.begun)
                errors_add(errors, 0, "there is no section [catalogue]; write [catalogue] and below it version = 1");
        if (r >= 0 && reading.begun && clients.version == 0 && errors->total == 0)
                errors_add(errors, 0, "[catalogue] has no version; write version = 1, and one more at each change");
        if (r < 0 || errors->total > 0)
                return r < 0 ? r : -EINVAL;
        *ret = clients;
        unwanted = NULL;
        return 0;
}
