/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The page with the form for name and password. */

#include "collector/html.h"
#include "collector/page.h"

int page_login(const char *message, char **ret, size_t *ret_size)
{
        struct html html = { 0 };

        html_markup(&html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                           "<title>lekdicht: sign in</title>"
                           "<link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\n"
                           "<main><h1>lekdicht</h1>\n<form id=\"login\" method=\"post\" action=\"/login\">\n");
        if (message) {
                html_markup(&html, "<p role=\"alert\" class=\"bad\">");
                html_text(&html, message);
                html_markup(&html, "</p>\n");
        }
        html_markup(&html,
                    "<p><label for=\"name\">Name</label><input id=\"name\" name=\"name\" autocomplete=\"username\" "
                    "autocapitalize=\"none\" maxlength=\"32\" required autofocus></p>\n"
                    "<p><label for=\"password\">Password</label><input id=\"password\" name=\"password\" "
                    "type=\"password\" autocomplete=\"current-password\" maxlength=\"256\" required></p>\n"
                    "<p><button type=\"submit\">Sign in</button></p>\n</form>\n"
                    "<p>No account? Ask who looks after the laptops of your school.</p></main>\n</body>\n</html>\n");
        return html_finish(&html, ret, ret_size);
}
