/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The file is one line of four words: which enrolment, credential, the one before it, and how far it came. It is replaced
 * whole. */

#include "reporter/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "common/jsonw.h"
#include "reporter/answer.h"

#define IDENTITY_MODE 0600
#define NONE          "-"
#define ACCEPTED      "accepted"
#define ASKED         "asked"
#define TOKEN_ID      8 /* characters of a token that are no secret */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A credential as it is written here; "" for NONE. */
static bool take_credential(const char *word, char ret[static IDENTITY_CREDENTIAL_SIZE])
{
        size_t host = BATCH_HOST_SIZE - 1;

        ret[0] = '\0';
        if (strcmp(word, NONE) == 0)
                return true;
        if (strlen(word) != IDENTITY_CREDENTIAL_SIZE - 1 || strspn(word, "0123456789abcdef-") != host ||
            word[host] != '.' || strspn(word + host + 1, alphabet) != IDENTITY_SECRET_LENGTH)
                return false;
        strcpy(ret, word);
        return true;
}

static bool parse(struct identity *identity, const char *text)
{
        char wish[IDENTITY_FILE_MAX], credential[IDENTITY_FILE_MAX], previous[IDENTITY_FILE_MAX],
                state[IDENTITY_FILE_MAX];
        char line_end = 0, more;

        if (sscanf(text, "%511s %511s %511s %511s%c%c", wish, credential, previous, state, &line_end, &more) != 5 ||
            line_end != '\n' || strlen(wish) >= IDENTITY_WISH_SIZE ||
            !take_credential(credential, identity->credential) || !take_credential(previous, identity->previous))
                return false;
        identity->accepted = strcmp(state, ACCEPTED) == 0 && strcmp(identity->wish, wish) == 0;
        /* Made for another enrolment: not this one's, but it shows who we were. */
        if (strcmp(identity->wish, wish) != 0) {
                if (strcmp(state, ACCEPTED) == 0)
                        strcpy(identity->previous, identity->credential);
                identity->credential[0] = '\0';
        }
        return true;
}

int identity_load(struct identity *identity, const struct enrolment *enrolment, const char *path)
{
        char text[IDENTITY_FILE_MAX] = "";
        CLEANUP(cleanup_close) int fd = -1;
        ssize_t n;

        *identity = (struct identity){ .path = path, .enrolment = *enrolment };
        snprintf(identity->wish, sizeof(identity->wish), "%.*s/%s", TOKEN_ID, enrolment->token, enrolment->attempt);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        if (!parse(identity, text))
                identity->credential[0] = identity->previous[0] = '\0';
        return 0;
}

static bool is_of(const char *credential, const char *host)
{
        size_t length = strlen(host);

        return strncmp(credential, host, length) == 0 && credential[length] == '.';
}

bool identity_holds(const struct identity *identity, const char *host)
{
        return identity->accepted && is_of(identity->credential, host);
}

static int save(const struct identity *identity)
{
        char text[IDENTITY_FILE_MAX];
        int n = snprintf(text, sizeof(text), "%s %s %s %s\n", identity->wish, identity->credential,
                         identity->previous[0] ? identity->previous : NONE, identity->accepted ? ACCEPTED : ASKED);

        return durable_replace(identity->path, NULL, IDENTITY_MODE, text, (size_t) n);
}

static int make(struct identity *identity, const char *host)
{
        unsigned char random[IDENTITY_SECRET_LENGTH];
        char *end;

        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -EIO;
        if (!is_of(identity->previous, host))
                identity->previous[0] = '\0';
        identity->accepted = false;
        end = stpcpy(stpcpy(identity->credential, host), ".");
        for (size_t i = 0; i < sizeof(random); i++)
                *end++ = alphabet[random[i] % (sizeof(alphabet) - 1)];
        *end = '\0';
        return save(identity);
}

int identity_ask(struct identity *identity, const char *host, char **ret, size_t *ret_size)
{
        struct jsonw json;
        int r = 0;

        if (!is_of(identity->credential, host))
                r = make(identity, host);
        if (r < 0) {
                identity->credential[0] = '\0'; /* what is not on the disk is never shown */
                return r;
        }

        jsonw_init_buffer(&json, 0, 0);
        jsonw_begin_object(&json, NULL);
        jsonw_string(&json, "token", identity->enrolment.token);
        jsonw_string(&json, "host_id", host);
        jsonw_string(&json, "credential", identity->credential);
        if (identity->previous[0])
                jsonw_string(&json, "previous", identity->previous);
        if (identity->enrolment.label[0])
                jsonw_string(&json, "label", identity->enrolment.label);
        jsonw_end_object(&json);
        r = jsonw_finish(&json);
        if (r >= 0)
                *ret = jsonw_steal(&json, ret_size);
        jsonw_clear(&json);
        return r < 0 ? r : 0;
}

int identity_take(struct identity *identity, const struct reply *reply)
{
        char host[BATCH_HOST_SIZE];

        if (!answer_enrolled(reply, host) || !is_of(identity->credential, host))
                return -EBADMSG;
        identity->accepted = true;
        identity->previous[0] = '\0';
        return save(identity);
}
