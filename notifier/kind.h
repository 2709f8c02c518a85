/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The words for each kind of device or program, in English, still to be translated. Pure. */

#include "notifier/notice.h"

struct kind {
        const char *title;
        const char *read_only; /* the title when it is open for reading; NULL: it never is */
        const char *why;
        const char *plain; /* why, when it is for not being encrypted; NULL: that is never asked of it */
        const char *icon;  /* a name of the freedesktop.org Icon Naming Specification */
        const char *noun;  /* in a mail to the servicedesk */
};

/* What is said of the news, and not of the kind. */
struct kind_news {
        const char *title;
        const char *what; /* NULL: it has a number in it */
};

const struct kind *kind_of(enum notice_device device);
/* NULL: the kind has the words. */
const struct kind_news *kind_news_of(enum notice_news news);
