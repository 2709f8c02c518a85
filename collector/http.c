/* SPDX-License-Identifier: GPL-3.0-or-later */

/* libmicrohttpd calls handle() for each request: once when the head is there, then for each piece of the body, once at
 * its end, and once more when a suspended request is resumed. An exchange is what we know of one request in between.
 *
 * A request with events is parsed here, handed to the writer and suspended; the writer's thread resumes it after the
 * commit. So a few threads serve all laptops, and no thread waits for the disk but the writer's own.
 *
 * An answer that is given before the body was read can be lost, because closing a socket with unread bytes resets the
 * connection. So a body that is not wanted is read and dropped, up to a bound, unless the client waits for "100
 * Continue". */

#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "collector/accounts.h"
#include "collector/address.h"
#include "collector/body.h"
#include "collector/deadline.h"
#include "collector/enrol.h"
#include "collector/filter.h"
#include "collector/http.h"
#include "collector/load.h"
#include "collector/otlp.h"
#include "collector/page.h"
#include "collector/register.h"
#include "collector/request.h"
#include "collector/style.h"
#include "common/clock.h"

#define MESSAGE_MAX 256U /* bytes of a Status body */

/* GnuTLS: what is thought safe, and no older version than 1.2. */
#define HTTP_TLS "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http {
        struct http_settings settings;
        struct MHD_Daemon *daemon;
        struct deadlines deadlines;
        struct load load;
};

enum progress {
        READING,
        WRITING, /* at the writer */
        WRITTEN, /* result says how */
};

struct exchange {
        struct http *http;
        struct MHD_Connection *connection;
        struct request_verdict verdict;
        struct body body;
        size_t discarded;
        size_t reserved; /* of the load */
        bool page;       /* counts as one in the load */
        _Atomic enum progress progress;
        int result;
};

static struct deadline *deadline_of(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        return info ? info->socket_context : NULL;
}

/* ---- answering ---------------------------------------------------------------------------------------------------- */

static unsigned retry_seconds(void)
{
        unsigned random = 0;

        if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t) sizeof(random))
                return HTTP_RETRY_SECONDS_MAX;
        return HTTP_RETRY_SECONDS_MIN + random % (HTTP_RETRY_SECONDS_MAX - HTTP_RETRY_SECONDS_MIN + 1);
}

/* The google.rpc.Code that OTLP wants beside the HTTP status. */
static int rpc_code(unsigned status)
{
        switch (status) {
        case 401:
                return 16; /* UNAUTHENTICATED */
        case 403:
                return 7; /* PERMISSION_DENIED */
        case 404:
                return 5; /* NOT_FOUND */
        case 405:
                return 12; /* UNIMPLEMENTED */
        case 409:
                return 6; /* ALREADY_EXISTS */
        case 413:
        case 429:
                return 8; /* RESOURCE_EXHAUSTED */
        case 503:
                return 14; /* UNAVAILABLE */
        default:
                return 3; /* INVALID_ARGUMENT */
        }
}

static enum MHD_Result send_response(struct exchange *exchange, unsigned status, struct MHD_Response *response,
                                     const char *type)
{
        struct http *http = exchange->http;
        char seconds[sizeof("4294967295")];
        enum MHD_Result result;

        if (!response)
                return MHD_NO;

        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        if (status == 401)
                MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
        if (status == 405)
                MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, exchange->verdict.allow);
        if (status == 429 || status == 503) {
                snprintf(seconds, sizeof(seconds), "%u", retry_seconds());
                MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
        }
        if (load_ending(&http->load))
                MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        deadlines_set(&http->deadlines, deadline_of(exchange->connection), HTTP_ANSWER_MS);
        result = MHD_queue_response(exchange->connection, status, response);
        MHD_destroy_response(response);
        return result;
}

/* message is ours: printable ASCII without quotes and backslashes. */
static enum MHD_Result send_status(struct exchange *exchange, unsigned status, const char *message)
{
        char text[MESSAGE_MAX];

        if (status == 200)
                snprintf(text, sizeof(text), "{}");
        else
                snprintf(text, sizeof(text), "{\"code\":%d,\"message\":\"%s\"}", rpc_code(status), message);
        return send_response(exchange, status,
                             MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY),
                             "application/json");
}

/* Trouble that passes, ours or the disk's: 503, which a reporter tries again. 500 would mean "never again". */
static enum MHD_Result send_error(struct exchange *exchange, int error)
{
        switch (error) {
        case 0:
                return send_status(exchange, 200, NULL);
        case -EAGAIN:
                return send_status(exchange, 503, "too much is waiting to be written");
        case -ENOSPC:
                return send_status(exchange, 503, "the disk is full");
        default:
                return send_status(exchange, 503, "the events cannot be stored now");
        }
}

static const char *cookie(struct exchange *exchange, const char *name)
{
        return MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);
}

/* A page that page_...() has made: of these the first is how that went. */
static enum MHD_Result send_html(struct exchange *exchange, int made, unsigned status, char *page, size_t size)
{
        struct MHD_Response *response;

        if (made < 0)
                return send_status(exchange, 503, "the page cannot be made now");
        response = MHD_create_response_from_buffer(size, page, MHD_RESPMEM_MUST_FREE);
        if (!response) {
                free(page);
                return MHD_NO;
        }
        MHD_add_response_header(response, "Content-Security-Policy",
                                "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; "
                                "frame-ancestors 'none'");
        /* Not no-referrer: a browser would hide from us that a form comes from here. */
        MHD_add_response_header(response, "Referrer-Policy", "same-origin");
        MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
        return send_response(exchange, status, response, "text/html; charset=utf-8");
}

static enum MHD_Result send_elsewhere(struct exchange *exchange, const struct visit_answer *answer)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

        if (!response)
                return MHD_NO;
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
        if (answer->session[0])
                MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, answer->session);
        if (answer->known[0])
                MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, answer->known);
        return send_response(exchange, answer->status, response, "text/plain");
}

static enum MHD_Result send_login(struct exchange *exchange, unsigned status, const char *message)
{
        char *page = NULL;
        size_t size = 0;
        int r = page_login(message, &page, &size);

        return send_html(exchange, r, status, page, size);
}

static const char *argument(struct exchange *exchange, const char *name)
{
        return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

static int make_page(struct exchange *exchange, const struct visit *visit, char **ret, size_t *ret_size)
{
        const struct page_query query = { argument(exchange, "laptop"), argument(exchange, "before") };
        struct store *store = exchange->http->settings.store;
        struct filter filter = { 0 };

        if (exchange->verdict.route == REQUEST_PAGE)
                return page_render(store, visit, &query, ret, ret_size);
        if (exchange->verdict.route == REQUEST_ATTENTION)
                return page_attention(store, visit, (uint64_t) time(NULL), ret, ret_size);
        for (int i = 0; i < _FILTER_MAX; i++)
                if (!filter_set(&filter, (enum filter_field) i,
                                argument(exchange, filter_field_name((enum filter_field) i))))
                        return -EINVAL;
        return exchange->verdict.route == REQUEST_CSV ? page_csv(store, visit, &filter, ret, ret_size)
                                                      : page_events(store, visit, &filter, query.before, ret, ret_size);
}

static enum MHD_Result send_csv(struct exchange *exchange, char *text, size_t size)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);

        if (!response) {
                free(text);
                return MHD_NO;
        }
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, "attachment; filename=\"lekdicht.csv\"");
        return send_response(exchange, 200, response, "text/csv; charset=utf-8");
}

static enum MHD_Result send_page(struct exchange *exchange)
{
        const struct visit_answer sign_in = { .status = 303, .location = "/login" };
        struct visitors *visitors = exchange->http->settings.visitors;
        struct visit visit;
        char *page = NULL;
        size_t size = 0;
        int r = visit_look(visitors, cookie(exchange, visit_session_name(visitors)), &visit);

        if (r == -ENOKEY)
                return send_elsewhere(exchange, &sign_in);
        if (r == 0)
                r = make_page(exchange, &visit, &page, &size);
        if (r == -EINVAL)
                return send_status(exchange, 400,
                                   "laptop is not a host.id, a value is too long or no day, or before is not from a "
                                   "link of this page");
        if (r == -EACCES)
                return send_status(exchange, 403, "this is not for your role");
        return r == 0 && exchange->verdict.route == REQUEST_CSV ? send_csv(exchange, page, size)
                                                                : send_html(exchange, r, 200, page, size);
}

static enum MHD_Result send_style(struct exchange *exchange)
{
        /* The cast is libmicrohttpd's: what is persistent is not written to. */
        return send_response(exchange, 200,
                             MHD_create_response_from_buffer(style_css_size(), (void *) (uintptr_t) style_css,
                                                             MHD_RESPMEM_PERSISTENT),
                             "text/css; charset=utf-8");
}

/* ---- the way of a request ----------------------------------------------------------------------------------------- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
        return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Take what the request will need, or refuse it. */
static void reserve(struct exchange *exchange)
{
        struct load *load = &exchange->http->load;
        struct request_verdict *verdict = &exchange->verdict;
        bool room = true;

        switch (verdict->route) {
        case REQUEST_EVENTS:
        case REQUEST_ENROL:
        case REQUEST_LOGIN:
        case REQUEST_LOGOUT:
                room = load_take_body(load, verdict->length);
                exchange->reserved = room ? verdict->length : 0;
                break;
        case REQUEST_PAGE:
        case REQUEST_ATTENTION:
        case REQUEST_FIND:
        case REQUEST_CSV:
                exchange->page = room = load_take_page(load);
                break;
        case REQUEST_STYLE:
                break;
        }
        if (!room) {
                verdict->status = 503;
                verdict->message = "too much is going on";
        }
}

static void release_body(struct exchange *exchange)
{
        body_clear(&exchange->body);
        load_give_body(&exchange->http->load, exchange->reserved);
        exchange->reserved = 0;
}

/* Who is asked for before the rate, so that nobody can use up another laptop's. */
static int admit(void *userdata, const char *authorization, char host[static BATCH_HOST_LENGTH + 1])
{
        struct http *http = userdata;
        struct secret credential;
        int r;

        if (!secret_read_bearer(authorization, &credential))
                return -ENOKEY;
        memcpy(host, credential.id, sizeof(credential.id));
        r = register_admit(http->settings.store, &credential);
        if (r == 0 && !rate_take(http->settings.rate, host, clock_usec(CLOCK_MONOTONIC)))
                return -EDQUOT;
        return r;
}

static enum request_pages pages(void *userdata)
{
        const struct http *http = userdata;
        int r = accounts_any(http->settings.store);

        return r < 0                                             ? REQUEST_PAGES_UNKNOWN
               : r > 0                                           ? REQUEST_PAGES_ACCOUNTS
               : http->settings.local && !http->settings.proxied ? REQUEST_PAGES_HERE
                                                                 : REQUEST_PAGES_CLOSED;
}

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection, const char *method, const char *path,
                             void **context)
{
        const struct request_head head = {
                .method = method,
                .path = path,
                .host = header(connection, MHD_HTTP_HEADER_HOST),
                .authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
                .type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
                .encoding = header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING),
                .length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH),
                .transfer = header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING),
                .origin = header(connection, MHD_HTTP_HEADER_ORIGIN),
                .site = header(connection, "Sec-Fetch-Site"),
        };
        const struct request_door door = { .admit = admit, .userdata = http, .pages = pages };
        struct exchange *exchange;

        exchange = calloc(1, sizeof(*exchange));
        if (!exchange)
                return MHD_NO;
        exchange->http = http;
        exchange->connection = connection;
        *context = exchange;
        load_take_request(&http->load);

        request_judge(&head, &door, &exchange->verdict);
        if (exchange->verdict.status == 0)
                reserve(exchange);
        if (exchange->verdict.status != 0 &&
            (header(connection, MHD_HTTP_HEADER_EXPECT) || exchange->verdict.length > HTTP_DISCARD_MAX))
                return send_status(exchange, exchange->verdict.status, exchange->verdict.message);
        return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t size)
{
        int r;

        if (exchange->verdict.status == 0 && exchange->reserved > 0) {
                r = body_append(&exchange->body, data, size);
                if (r == 0)
                        return MHD_YES;
                release_body(exchange);
                exchange->verdict.status = r == -EFBIG ? 413 : 503;
                exchange->verdict.message = r == -EFBIG ? "the body is too large" : "out of memory";
        }
        exchange->discarded += size;
        return exchange->discarded > HTTP_DISCARD_MAX ? MHD_NO : MHD_YES;
}

/* On the writer's thread. After the resume the exchange may be gone. */
static void written(void *userdata, int result)
{
        struct exchange *exchange = userdata;
        struct http *http = exchange->http;

        exchange->result = result;
        atomic_store(&exchange->progress, WRITTEN);
        MHD_resume_connection(exchange->connection);
        load_give_waiting(&http->load);
}

/* Hand a batch over and suspend; first suspend, since the answer may come before submit() returns. */
static enum MHD_Result store_batch(struct exchange *exchange, struct batch *batch)
{
        struct http *http = exchange->http;
        int r;

        if (!load_take_waiting(&http->load)) {
                batch_free(batch);
                return send_status(exchange, 503, "the collector is being stopped");
        }

        deadlines_set(&http->deadlines, deadline_of(exchange->connection), 0);
        atomic_store(&exchange->progress, WRITING);
        MHD_suspend_connection(exchange->connection);
        r = writer_submit(http->settings.writer, batch, written, exchange);
        if (r < 0) {
                batch_free(batch);
                written(exchange, r);
        }
        return MHD_YES;
}

/* A credential speaks for its own laptop alone. */
static bool is_all_of(const struct batch *batch, const char *host)
{
        for (size_t i = 0; i < batch->n_resources; i++)
                if (strcmp(batch->resources[i].host, host) != 0)
                        return false;
        return true;
}

static enum MHD_Result send_enrolment(struct exchange *exchange, const struct register_wish *wish)
{
        const char *message;
        unsigned status =
                enrol_status(register_enrol(exchange->http->settings.store, wish, (uint64_t) time(NULL)), &message);
        char text[ENROL_ANSWER_MAX];

        if (status != 200)
                return send_status(exchange, status, message);
        enrol_answer(wish, text);
        return send_response(exchange, 200, MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY),
                             "application/json");
}

static enum MHD_Result take_enrolment(struct exchange *exchange)
{
        char error[ENROL_ERROR_MAX] = "not a whole gzip file";
        struct register_wish wish;
        int r = 0;

        if (exchange->verdict.gzip)
                r = body_gunzip(&exchange->body);
        if (r == 0)
                r = enrol_parse(exchange->body.data ? exchange->body.data : "", exchange->body.size, &wish, error);
        release_body(exchange);
        if (r == -EBADMSG)
                return send_status(exchange, 400, error);
        if (r == -EFBIG)
                return send_status(exchange, 413, "the body is too large when it is unpacked");
        if (r < 0)
                return send_status(exchange, 503, "out of memory");
        return send_enrolment(exchange, &wish);
}

static enum MHD_Result take_events(struct exchange *exchange)
{
        char error[OTLP_ERROR_MAX] = "";
        struct batch *batch = NULL;
        int r = 0;

        if (exchange->verdict.gzip)
                r = body_gunzip(&exchange->body);
        if (r == -EFBIG) {
                release_body(exchange);
                return send_status(exchange, 413, "the body is too large when it is unpacked");
        }
        if (r == -EBADMSG)
                snprintf(error, sizeof(error), "not a whole gzip file");
        if (r == 0)
                r = otlp_parse(exchange->body.data ? exchange->body.data : "", exchange->body.size, &batch, error);
        release_body(exchange);
        if (r == -EBADMSG)
                return send_status(exchange, 400, error);
        if (r == -E2BIG)
                return send_status(exchange, 413, error);
        if (r < 0)
                return send_status(exchange, 503, "out of memory");
        if (!is_all_of(batch, exchange->verdict.host)) {
                batch_free(batch);
                return send_status(exchange, 403, "the credential is of another laptop");
        }
        if (batch->n_records == 0) {
                batch_free(batch);
                return send_status(exchange, 200, NULL);
        }
        return store_batch(exchange, batch);
}

/* Whose tries at a password these are: an address, of IPv6 the half that a house has; "" when it is not known. */
static void address_of(struct exchange *exchange, char ret[static VISIT_ADDRESS_MAX])
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const char *forwarded = header(exchange->connection, "X-Real-IP");
        union address address = { 0 };

        ret[0] = '\0';
        if (exchange->http->settings.proxied)
                address_read_host(forwarded ? forwarded : "", &address);
        else if (info && info->client_addr->sa_family == AF_INET)
                memcpy(&address.v4, info->client_addr, sizeof(address.v4));
        else if (info && info->client_addr->sa_family == AF_INET6)
                memcpy(&address.v6, info->client_addr, sizeof(address.v6));
        if (address.any.sa_family == AF_INET6)
                memset(&address.v6.sin6_addr.s6_addr[8], 0, 8);
        address_write_host(&address, ret, VISIT_ADDRESS_MAX);
}

static enum MHD_Result take_form(struct exchange *exchange)
{
        struct visitors *visitors = exchange->http->settings.visitors;
        const struct visit_cookies cookies = {
                .session = cookie(exchange, visit_session_name(visitors)),
                .known = cookie(exchange, visit_known_name(visitors)),
        };
        const char *body = exchange->body.data ? exchange->body.data : "";
        char address[VISIT_ADDRESS_MAX];
        struct visit_answer answer;

        if (exchange->verdict.route == REQUEST_LOGIN) {
                address_of(exchange, address);
                visit_sign_in(visitors, body, exchange->body.size, &cookies, address, &answer);
        } else {
                visit_sign_out(visitors, body, exchange->body.size, &cookies, &answer);
        }
        if (exchange->body.data)
                explicit_bzero(exchange->body.data, exchange->body.size);
        release_body(exchange);
        return answer.location ? send_elsewhere(exchange, &answer)
                               : send_login(exchange, answer.status, answer.message);
}

static enum MHD_Result finish(struct exchange *exchange)
{
        if (exchange->verdict.status != 0)
                return send_status(exchange, exchange->verdict.status, exchange->verdict.message);
        switch (exchange->verdict.route) {
        case REQUEST_EVENTS:
                return take_events(exchange);
        case REQUEST_ENROL:
                return take_enrolment(exchange);
        case REQUEST_PAGE:
        case REQUEST_ATTENTION:
        case REQUEST_FIND:
        case REQUEST_CSV:
                return send_page(exchange);
        case REQUEST_STYLE:
                return send_style(exchange);
        case REQUEST_LOGIN:
        case REQUEST_LOGOUT:
                return exchange->verdict.form ? take_form(exchange) : send_login(exchange, 200, NULL);
        }
        return MHD_NO;
}

static enum MHD_Result handle(void *userdata, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *data, size_t *size, void **context)
{
        struct exchange *exchange = *context;

        (void) version;
        if (!exchange)
                return begin(userdata, connection, method, path, context);
        if (*size > 0) {
                size_t taken = *size;

                *size = 0;
                return take_body(exchange, data, taken);
        }
        switch (atomic_load(&exchange->progress)) {
        case READING:
                return finish(exchange);
        case WRITING:
                return MHD_YES;
        case WRITTEN:
                return send_error(exchange, exchange->result);
        }
        return MHD_NO;
}

static void completed(void *userdata, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode why)
{
        struct http *http = userdata;
        struct exchange *exchange = *context;

        (void) why;
        deadlines_set(&http->deadlines, deadline_of(connection), HTTP_REQUEST_MS);
        if (!exchange)
                return;
        release_body(exchange);
        if (exchange->page)
                load_give_page(&http->load);
        load_give_request(&http->load);
        free(exchange);
        *context = NULL;
}

static void connected(void *userdata, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode what)
{
        struct http *http = userdata;
        const union MHD_ConnectionInfo *info;

        switch (what) {
        case MHD_CONNECTION_NOTIFY_STARTED:
                info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
                *context = info ? deadlines_add(&http->deadlines, info->connect_fd) : NULL;
                deadlines_set(&http->deadlines, *context, HTTP_REQUEST_MS);
                break;
        case MHD_CONNECTION_NOTIFY_CLOSED:
                deadlines_remove(&http->deadlines, *context);
                *context = NULL;
                break;
        }
}

/* Paths and arguments are compared as they were sent: nothing here needs an escape. */
static size_t leave_escaped(void *userdata, struct MHD_Connection *connection, char *text)
{
        (void) userdata;
        (void) connection;
        return strlen(text);
}

/* ---- the server --------------------------------------------------------------------------------------------------- */

int http_new(const struct http_settings *settings, struct http **ret)
{
        unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
        const struct MHD_OptionItem tls[] = {
                { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) (uintptr_t) HTTP_TLS },
                { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *) (uintptr_t) settings->certificate },
                { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *) (uintptr_t) settings->key },
                { MHD_OPTION_END, 0, NULL },
        };
        struct http *http;

        http = calloc(1, sizeof(*http));
        if (!http) {
                close(settings->fd);
                return -ENOMEM;
        }
        http->settings = *settings;
        deadlines_init(&http->deadlines);
        load_init(&http->load);
        /* Not epoll: a library that takes the listening socket out of a set which another of its threads just did ends the
         * whole program (libmicrohttpd 0.9.75, MHD_quiesce_daemon), and with poll there is no such set. */
        http->daemon = MHD_start_daemon(
                settings->certificate ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, handle, http,
                MHD_OPTION_LISTEN_SOCKET, settings->fd, MHD_OPTION_THREAD_POOL_SIZE, HTTP_THREADS,
                MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                HTTP_CONNECTIONS_PER_IP, MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_SECONDS,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HTTP_HEAD_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                MHD_OPTION_NOTIFY_COMPLETED, completed, http, MHD_OPTION_NOTIFY_CONNECTION, connected, http,
                MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_ARRAY,
                settings->certificate ? tls : &tls[sizeof(tls) / sizeof(tls[0]) - 1], MHD_OPTION_END);
        if (!http->daemon) {
                close(settings->fd);
                load_destroy(&http->load);
                deadlines_destroy(&http->deadlines);
                free(http);
                return -EIO;
        }
        *ret = http;
        return 0;
}

void http_tick(struct http *http)
{
        deadlines_enforce(&http->deadlines);
}

struct http *http_free(struct http *http)
{
        if (!http)
                return NULL;
        MHD_quiesce_daemon(http->daemon);
        load_drain(&http->load, HTTP_GRACE_MS); /* a connection that waits for the writer cannot be closed */
        MHD_stop_daemon(http->daemon);
        close(http->settings.fd);
        load_destroy(&http->load);
        deadlines_destroy(&http->deadlines);
        free(http);
        return NULL;
}
