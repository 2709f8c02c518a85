/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a notice says: its title, its few lines and its buttons, in the language of the session. Pure but for gettext. */

#include <stddef.h>

#include "notifier/notice.h"

#define WORDS_BUTTONS_MAX (NOTICE_PLACES_MAX + 2U) /* the places, the servicedesk, the report of a leak */

struct words_button {
        const char *label;
        const char *url;
};

/* Plain text, never markup: who shows it escapes it. */
struct words {
        char *title;
        char *body;
        const char *icon;                               /* a name of the freedesktop.org Icon Naming Specification */
        struct words_button buttons[WORDS_BUTTONS_MAX]; /* in the order of showing */
        size_t n_buttons;
        char *request; /* the url of one of them */
};

/* Fill in *ret, to be given to words_clear(). The buttons borrow from the notice and from *ret. */
void words_compose(const struct notice *notice, struct words *ret);

void words_clear(struct words *words);
