/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A buffer that grows, and one function through which everything passes that was not written in this folder. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collector/html.h"
#include "common/utf8.h"

#define HTML_ROOM_FIRST 16384U

static void append(struct html *html, const char *text, size_t size)
{
        if (html->error || size == 0)
                return;
        if (size > HTML_MAX - html->size) {
                html->error = -ENOBUFS;
                return;
        }
        if (html->size + size > html->room) {
                size_t room = html->room ? html->room : HTML_ROOM_FIRST;
                char *buffer;

                while (room < html->size + size)
                        room *= 2;
                buffer = realloc(html->buffer, room);
                if (!buffer) {
                        html->error = -ENOMEM;
                        return;
                }
                html->buffer = buffer;
                html->room = room;
        }
        memcpy(html->buffer + html->size, text, size);
        html->size += size;
}

static const char *entity(uint32_t code)
{
        switch (code) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        }
        return code == UTF8_REPLACEMENT || utf8_is_control(code) ? "\xEF\xBF\xBD" : NULL;
}

void html_markup(struct html *html, const char *markup)
{
        append(html, markup, strlen(markup));
}

void html_text(struct html *html, const char *text)
{
        size_t size = strlen(text);

        while (size > 0) {
                uint32_t code;
                size_t taken = utf8_decode(text, size, &code);
                const char *instead = entity(code);

                if (instead)
                        append(html, instead, strlen(instead));
                else
                        append(html, text, taken);
                text += taken;
                size -= taken;
        }
}

void html_attribute(struct html *html, const char *name, const char *value)
{
        html_markup(html, " ");
        html_markup(html, name);
        html_markup(html, "=\"");
        html_text(html, value);
        html_markup(html, "\"");
}

void html_element(struct html *html, const char *name, const char *text)
{
        html_markup(html, "<");
        html_markup(html, name);
        html_markup(html, ">");
        html_text(html, text);
        html_markup(html, "</");
        html_markup(html, name);
        html_markup(html, ">");
}

void html_clear(struct html *html)
{
        free(html->buffer);
        *html = (struct html){ 0 };
}

int html_finish(struct html *html, char **ret, size_t *ret_size)
{
        int r = html->error;

        if (r == 0 && !html->buffer)
                r = -ENOMEM;
        if (r < 0) {
                html_clear(html);
                return r;
        }
        *ret = html->buffer;
        *ret_size = html->size;
        *html = (struct html){ 0 };
        return 0;
}
