/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "notifier/speech.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/noticekind.h"

#define DOMAIN        "lekdicht"
#define SOURCE        "en"
#define HEADER_LINE   "\nLanguage: %s\n"
#define HEADER_SIZE   (sizeof(HEADER_LINE) + NOTICE_LANGUAGE_SIZE)
#define NO_TRANSLATOR "C" /* the locale in which gettext does nothing */

/* LANGUAGE alone does not help in a session that has no language at all. */
static void choose(const char *language)
{
        const char *now = setlocale(LC_MESSAGES, NULL);

        setenv("LANGUAGE", language, 1);
        if (now && (strcmp(now, NO_TRANSLATOR) == 0 || strcmp(now, "POSIX") == 0))
                setlocale(LC_MESSAGES, "C.UTF-8");
}

bool speech_begin(const char *language)
{
        const char *directory = getenv("TEXTDOMAINDIR");

        setlocale(LC_ALL, "");
        if (language)
                choose(language);
        bindtextdomain(DOMAIN, directory ? directory : SPEECH_DIRECTORY);
        bind_textdomain_codeset(DOMAIN, "UTF-8");
        textdomain(DOMAIN);

        return !language || strcmp(speech_language(), language) == 0;
}

/* The translation of nothing is the translation's header. */
const char *speech_language(void)
{
        static const char nothing[] = "";
        const char *header = gettext(nothing);

        for (size_t i = 0; i < NOTICE_LANGUAGES; i++) {
                char line[HEADER_SIZE];

                snprintf(line, sizeof(line), HEADER_LINE, notice_languages[i]);
                if (strstr(header, line))
                        return notice_languages[i];
        }

        return SOURCE;
}
