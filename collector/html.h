/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Writes HTML into memory. What the program itself says goes in by html_markup(), everything else by html_text() or
 * html_attribute(), which escape: there is no third way. Errors stick, as in common/jsonw.h. */

#include <stddef.h>

#define HTML_MAX (2U * 1024U * 1024U) /* bytes of a page */

struct html {
        char *buffer;
        size_t size, room;
        int error;
};

/* Markup of the program's own, never with anything from outside. */
void html_markup(struct html *html, const char *markup);

/* Text between tags: & < > " ' are escaped; control and format characters, and bytes that are not UTF-8, become U+FFFD,
 * so that they neither hide nor turn what stands beside them. */
void html_text(struct html *html, const char *text);

/* ` name="value"`, with the value escaped in the same way. name is the program's own. */
void html_attribute(struct html *html, const char *name, const char *value);

/* <name>text</name> */
void html_element(struct html *html, const char *name, const char *text);

/* Throws away what was written; the struct is empty then. */
void html_clear(struct html *html);

/* The page, for the caller to free, and its size. 0; -ENOMEM; -ENOBUFS: more than HTML_MAX. The struct is empty then. */
int html_finish(struct html *html, char **ret, size_t *ret_size);
