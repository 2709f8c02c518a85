/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Two questions after one another, both asynchronous: the bus is asked for the sender's user, and, if that is not root,
 * polkit for the action. The subject is the sender's unique name on the bus, which is never given to another. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

#include "agent/polkit.h"

#define BUS_NAME         "org.freedesktop.DBus"
#define BUS_PATH         "/org/freedesktop/DBus"
#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define ALLOW_USER_INTERACTION 1U

struct question {
        struct polkit *polkit;
        sd_bus_message *message;
        sd_bus_slot *slot;
        const char *action;
        polkit_callback callback;
        polkit_user_callback user_callback; /* instead: nobody is asked */
        void *userdata;
        uid_t uid;
        bool at_polkit;
        struct question *next;
};

struct polkit {
        struct question *questions;
        unsigned n;
};

int polkit_new(struct polkit **ret)
{
        struct polkit *polkit = calloc(1, sizeof(*polkit));

        if (!polkit)
                return -ENOMEM;
        *ret = polkit;
        return 0;
}

static void question_free(struct question *question)
{
        struct question **at = &question->polkit->questions;

        while (*at != question)
                at = &(*at)->next;
        *at = question->next;
        question->polkit->n--;
        sd_bus_slot_unref(question->slot);
        sd_bus_message_unref(question->message);
        free(question);
}

struct polkit *polkit_free(struct polkit *polkit)
{
        if (!polkit)
                return NULL;
        while (polkit->questions)
                question_free(polkit->questions);
        free(polkit);
        return NULL;
}

static int allow(struct question *question)
{
        sd_bus_message *message = sd_bus_message_ref(question->message);
        polkit_callback callback = question->callback;
        polkit_user_callback user_callback = question->user_callback;
        void *userdata = question->userdata;
        uid_t uid = question->uid;
        int r;

        question_free(question);
        r = user_callback ? user_callback(userdata, message, uid) : callback(userdata, message);
        if (r < 0)
                sd_bus_reply_method_errno(message, r, NULL);
        sd_bus_message_unref(message);
        return 1;
}

static int deny(struct question *question, const char *why)
{
        sd_bus_reply_method_errorf(question->message, SD_BUS_ERROR_ACCESS_DENIED, "%s", why);
        question_free(question);
        return 1;
}

static int on_authorization(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct question *question = userdata;
        int authorized = 0, challenge = 0;

        (void) error;
        if (sd_bus_message_is_method_error(reply, NULL))
                return deny(question, "polkit gives no answer, and so only root may do this");
        if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
                return deny(question, "polkit's answer makes no sense, and so only root may do this");
        if (authorized)
                return allow(question);
        return deny(question, challenge ? "this needs an administrator's password, and nobody was asked for it"
                                        : "you may not do this; an administrator may");
}

static unsigned count_at_polkit(const struct polkit *polkit, uid_t uid)
{
        unsigned n = 0;

        for (const struct question *question = polkit->questions; question; question = question->next)
                if (question->at_polkit && question->uid == uid)
                        n++;
        return n;
}

static int ask_polkit(struct question *question)
{
        sd_bus *bus = sd_bus_message_get_bus(question->message);
        sd_bus_message *call = NULL;
        uint32_t flags =
                sd_bus_message_get_allow_interactive_authorization(question->message) > 0 ? ALLOW_USER_INTERACTION : 0;
        int r;

        if (count_at_polkit(question->polkit, question->uid) >= POLKIT_PENDING_USER_MAX) {
                sd_bus_reply_method_errorf(question->message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                           "too many of your questions wait for an answer already");
                question_free(question);
                return 1;
        }
        r = sd_bus_message_new_method_call(bus, &call, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(question->message), question->action, 0, flags, "");
        question->slot = sd_bus_slot_unref(question->slot);
        if (r >= 0)
                r = sd_bus_call_async(bus, &question->slot, call, on_authorization, question, POLKIT_TIMEOUT_USEC);
        sd_bus_message_unref(call);
        if (r < 0)
                return deny(question, "polkit cannot be asked, and so only root may do this");
        question->at_polkit = true;
        return 1;
}

static int on_user(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        struct question *question = userdata;
        uint32_t uid;

        (void) error;
        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &uid) < 0)
                return deny(question, "the bus does not know you");
        question->uid = uid;
        return uid == 0 || question->user_callback ? allow(question) : ask_polkit(question);
}

static int ask_bus(struct polkit *polkit, sd_bus_message *message, const struct question *asked)
{
        const char *sender = sd_bus_message_get_sender(message);
        struct question *question;
        int r;

        if (!sender)
                return -EPERM;
        if (polkit->n >= POLKIT_PENDING_MAX)
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                  "too many questions wait for an answer");
        question = malloc(sizeof(*question));
        if (!question)
                return -ENOMEM;
        *question = *asked;
        question->polkit = polkit;
        question->message = sd_bus_message_ref(message);
        question->uid = (uid_t) -1;
        question->next = polkit->questions;
        polkit->questions = question;
        polkit->n++;
        r = sd_bus_call_method_async(sd_bus_message_get_bus(message), &question->slot, BUS_NAME, BUS_PATH, BUS_NAME,
                                     "GetConnectionUnixUser", on_user, question, "s", sender);
        if (r < 0) {
                question_free(question);
                return r;
        }
        return 1;
}

int polkit_check(struct polkit *polkit, sd_bus_message *message, const char *action, polkit_callback callback,
                 void *userdata)
{
        return ask_bus(polkit, message,
                       &(struct question){ .action = action, .callback = callback, .userdata = userdata });
}

int polkit_user(struct polkit *polkit, sd_bus_message *message, polkit_user_callback callback, void *userdata)
{
        return ask_bus(polkit, message, &(struct question){ .user_callback = callback, .userdata = userdata });
}
