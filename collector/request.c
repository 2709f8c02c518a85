/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A table of what there is, and one check after another; the first that fails is the answer. */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "collector/body.h"
#include "collector/enrol.h"
#include "collector/form.h"
#include "collector/request.h"

static const struct {
        const char *path;
        const char *methods[4];
        const char *allow;
        enum request_route route;
} routes[] = {
        { "/v1/logs", { "POST" }, "POST", REQUEST_EVENTS },
        { "/v1/enroll", { "POST" }, "POST", REQUEST_ENROL },
        { "/", { "GET", "HEAD" }, "GET, HEAD", REQUEST_PAGE },
        { "/attention", { "GET", "HEAD" }, "GET, HEAD", REQUEST_ATTENTION },
        { "/events", { "GET", "HEAD" }, "GET, HEAD", REQUEST_FIND },
        { "/events.csv", { "GET", "HEAD" }, "GET, HEAD", REQUEST_CSV },
        { "/style.css", { "GET", "HEAD" }, "GET, HEAD", REQUEST_STYLE },
        { "/login", { "GET", "HEAD", "POST" }, "GET, HEAD, POST", REQUEST_LOGIN },
        { "/logout", { "POST" }, "POST", REQUEST_LOGOUT },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static bool has_method(size_t route, const char *method)
{
        for (size_t i = 0; routes[route].methods[i]; i++)
                if (strcmp(routes[route].methods[i], method) == 0)
                        return true;
        return false;
}

/* A media type without its parameters. */
static bool is_type(const char *type, const char *wanted)
{
        size_t length = strlen(wanted);

        if (!type || strncasecmp(type, wanted, length) != 0)
                return false;
        type += length;
        type += strspn(type, " \t");
        return *type == '\0' || *type == ';';
}

/* Digits only, so that no reader of the same header before or behind this one understands another length. A number that
 * does not fit is the largest but one. */
static bool read_length(const char *text, size_t *ret)
{
        size_t length = 0;

        if (*text == '\0')
                return false;
        for (; *text >= '0' && *text <= '9'; text++) {
                length = length > SIZE_MAX / 10 - 1 ? SIZE_MAX - 1 : length * 10 + (size_t) (*text - '0');
        }
        *ret = length;
        return *text == '\0';
}

/* "localhost", an address 127.x.y.z or [::1], with or without a port. */
static bool is_this_machine(const char *host)
{
        size_t name;

        if (!host)
                return false;
        name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
        if (name > strlen(host))
                return false;
        if (host[name] == ':')
                name += strspn(host + name + 1, "0123456789") + 1;
        if (host[name] != '\0')
                return false;

        name = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
        if (strncasecmp(host, "localhost", name) == 0 && name == strlen("localhost"))
                return true;
        if (strncmp(host, "[::1]", name) == 0 && name == strlen("[::1]"))
                return true;
        return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == name;
}

static void answer(struct request_verdict *verdict, unsigned status, const char *message)
{
        verdict->status = status;
        verdict->message = message;
}

/* What is behind the door's answer. */
static bool admitted(const struct request_head *head, const struct request_door *door, struct request_verdict *ret)
{
        switch (door->admit(door->userdata, head->authorization, ret->host)) {
        case 0:
                return true;
        case -ENOKEY:
                answer(ret, 401, "the credential is missing or not right");
                return false;
        case -EKEYREVOKED:
                answer(ret, 403, "this laptop was revoked; enrol it anew");
                return false;
        case -EDQUOT:
                answer(ret, 429, "this laptop sends too often");
                return false;
        default:
                answer(ret, 503, "who may send cannot be read now");
                return false;
        }
}

static void judge_body(const struct request_head *head, size_t most, struct request_verdict *ret)
{
        if (!is_type(head->type, "application/json"))
                return answer(ret, 415, "the type is not application/json");
        ret->gzip = head->encoding && strcasecmp(head->encoding, "gzip") == 0;
        if (head->encoding && !ret->gzip && strcasecmp(head->encoding, "identity") != 0)
                return answer(ret, 415, "the encoding is not gzip");
        if (head->transfer || !head->length)
                return answer(ret, 411, "the length is not announced");
        if (ret->length == SIZE_MAX)
                return answer(ret, 400, "the length is not a number");
        if (ret->length > most)
                return answer(ret, 413, "the body is too large");
}

/* Has a page of ours sent it? Behind "://" Origin has the same as Host. */
static bool is_own(const struct request_head *head)
{
        const char *origin = head->origin ? strstr(head->origin, "://") : NULL;

        if (head->site && strcmp(head->site, "same-origin") != 0)
                return false;
        return !head->origin || (origin && head->host && strcasecmp(origin + strlen("://"), head->host) == 0);
}

static void judge_form(const struct request_head *head, struct request_verdict *ret)
{
        ret->form = true;
        if (!is_own(head))
                return answer(ret, 403, "this form is not of a page from here");
        if (!is_type(head->type, "application/x-www-form-urlencoded") || head->encoding)
                return answer(ret, 415, "the type is not that of a form");
        if (head->transfer || !head->length)
                return answer(ret, 411, "the length is not announced");
        if (ret->length == SIZE_MAX)
                return answer(ret, 400, "the length is not a number");
        if (ret->length > FORM_BODY_MAX)
                return answer(ret, 413, "the body is too large");
}

static void judge_page(const struct request_head *head, const struct request_door *door, struct request_verdict *ret)
{
        switch (door->pages(door->userdata)) {
        case REQUEST_PAGES_ACCOUNTS:
                if (strcmp(head->method, "POST") == 0)
                        judge_form(head, ret);
                break;
        case REQUEST_PAGES_HERE:
                if (!is_this_machine(head->host))
                        answer(ret, 421, "while there are no accounts this page is shown under localhost only");
                else if (ret->route == REQUEST_LOGIN || ret->route == REQUEST_LOGOUT)
                        answer(ret, 404, "there are no accounts yet");
                break;
        case REQUEST_PAGES_CLOSED:
                answer(ret, 421, "there are no accounts yet, so nobody is shown a page");
                break;
        case REQUEST_PAGES_UNKNOWN:
                answer(ret, 503, "who may look cannot be read now");
                break;
        }
}

void request_judge(const struct request_head *head, const struct request_door *door, struct request_verdict *ret)
{
        bool method_known = false;
        size_t route = 0;

        *ret = (struct request_verdict){ 0 };
        if (head->length && !read_length(head->length, &ret->length))
                ret->length = SIZE_MAX; /* larger than whatever is allowed */

        for (size_t i = 0; i < ROUTES; i++)
                method_known = method_known || has_method(i, head->method);
        if (!method_known) {
                ret->allow = "GET, HEAD, POST";
                return answer(ret, 405, "the method is not known here");
        }
        while (route < ROUTES && strcmp(routes[route].path, head->path) != 0)
                route++;
        if (route == ROUTES)
                return answer(ret, 404, "there is nothing here");
        if (!has_method(route, head->method)) {
                ret->allow = routes[route].allow;
                return answer(ret, 405, "not with this method");
        }

        ret->route = routes[route].route;
        switch (ret->route) {
        case REQUEST_EVENTS:
                if (admitted(head, door, ret))
                        judge_body(head, BODY_MAX, ret);
                break;
        case REQUEST_ENROL:
                judge_body(head, ENROL_BODY_MAX, ret);
                break;
        case REQUEST_PAGE:
        case REQUEST_ATTENTION:
        case REQUEST_FIND:
        case REQUEST_CSV:
        case REQUEST_STYLE:
        case REQUEST_LOGIN:
        case REQUEST_LOGOUT:
                judge_page(head, door, ret);
                break;
        }
}
