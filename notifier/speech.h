/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* In which language the notices speak. */

#include <stdbool.h>

#define SPEECH_DIRECTORY "/usr/share/locale" /* of the translations; TEXTDOMAINDIR names another */

/* language: "nl", or NULL for the session's. False when there are no texts in it. */
bool speech_begin(const char *language);

/* "en" or "nl": the language in which gettext answers now. Of notice_languages[]. */
const char *speech_language(void);
