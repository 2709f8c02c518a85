/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Whoever repairs a laptop in rescue mode needs the stick with his tools, and lekdicht=off is the way out when the gate
 * itself is what is broken. Both take the console and, where the school has set one, the boot loader's password. */

#include "gate/boot.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/sysfs.h"
#include "gate/attr.h"
#include "gate/state.h"

/* The words by which systemd starts rescue.target and emergency.target (kernel-command-line(7)). */
static bool word_is_rescue(const char *word)
{
        /* clang-format off */
        static const char *const words[] = {
                "rescue", "emergency", "single", "-s", "s", "S", "1", "-b", "systemd.unit=rescue.target",
                "systemd.unit=emergency.target",
        };
        /* clang-format on */

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (strcmp(word, words[i]) == 0)
                        return true;
        return false;
}

/* Blanks between double quotes do not end a word, and the quotes are no part of it (lib/cmdline.c, next_arg()). */
static char *next_word(char **rest)
{
        char *word = *rest, *from = word, *to = word;
        bool quoted = false;

        if (!word)
                return NULL;
        for (; *from && (quoted || !strchr(" \t\n", *from)); from++)
                if (*from == '"')
                        quoted = !quoted;
                else
                        *to++ = *from;
        *rest = *from ? from + 1 : NULL;
        *to = '\0';
        return word;
}

const char *boot_words(char *text)
{
        char *word;

        while ((word = next_word(&text))) {
                if (strcmp(word, "lekdicht=off") == 0)
                        return "lekdicht=off on the kernel command line";
                if (word_is_rescue(word))
                        return "rescue mode";
        }
        return NULL;
}

const char *boot_left_open(const struct roots *roots)
{
        char path[PATH_MAX], text[CMDLINE_MAX];
        const char *why = NULL;

        if ((size_t) snprintf(path, sizeof path, "%s/cmdline", roots->proc) < sizeof path &&
            attr_read(AT_FDCWD, path, text, sizeof text) > 0)
                why = boot_words(text);
        if (why)
                return why;
        switch (state_wish(roots)) {
        case WISH_CLOSED:
                break;
        case WISH_OPEN_BY_COMMAND:
                return "opened by command";
        case WISH_OPEN_FOR_AUDIT:
                return "audit mode";
        }
        return NULL;
}
