/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every setting on which trust rests is written out, also where it is libcurl's default: certificate and name are
 * checked, always, and there is no switch for it; TLS 1.2 at least; no redirect is followed, so that a secret goes to
 * nobody but the host in the enrolment; no proxy, netrc or key log is taken from the environment. Every wait has an end
 * and every answer a largest size.
 *
 * The handle lives as long as there is something to send, then goes, with its connection and its trust store. */

#include "reporter/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

struct post {
        char url[ENROLMENT_URL_MAX + 1];
        char ca_file[sizeof(((struct enrolment *) 0)->ca_file)];
        char proxy[ENROLMENT_URL_MAX + 1];
        bool https;
        CURL *curl; /* NULL while resting */
        char error[CURL_ERROR_SIZE];

        struct reply *reply; /* the one being filled */
        size_t header_bytes;
};

static size_t on_body(char *data, size_t one, size_t size, void *userdata)
{
        struct post *post = userdata;

        (void) one;
        if (size > REPLY_BODY_MAX - post->reply->size)
                return 0; /* ends the transfer */
        memcpy(post->reply->body + post->reply->size, data, size);
        post->reply->size += size;

        return size;
}

/* If the line is the header of that name, keep its value. */
static void keep_header(const char *line, size_t size, const char *name, char *value)
{
        size_t length = strlen(name);

        if (size <= length || line[length] != ':' || strncasecmp(line, name, length) != 0)
                return;
        line += length + 1;
        size -= length + 1;
        while (size > 0 && strchr(" \t", *line)) {
                line++;
                size--;
        }
        while (size > 0 && strchr(" \t\r\n", line[size - 1]))
                size--;
        if (size > REPLY_HEADER_MAX || memchr(line, '\0', size))
                size = 0;
        memcpy(value, line, size);
        value[size] = '\0';
}

static size_t on_header(char *line, size_t one, size_t size, void *userdata)
{
        struct post *post = userdata;
        struct reply *reply = post->reply;

        (void) one;
        post->header_bytes += size;
        if (post->header_bytes > POST_HEADERS_MAX)
                return 0;
        if (reply->size > 0) /* trailers have no say */
                return size;
        if (size >= 5 && memcmp(line, "HTTP/", 5) == 0)
                reply->content_type[0] = reply->retry_after[0] = reply->date[0] = '\0';
        keep_header(line, size, "Content-Type", reply->content_type);
        keep_header(line, size, "Retry-After", reply->retry_after);
        keep_header(line, size, "Date", reply->date);

        return size;
}

static CURLcode set_protocol(CURL *curl, bool https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
        return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
#else
        return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, https ? CURLPROTO_HTTPS : CURLPROTO_HTTP);
#endif
}

static int set_up(struct post *post)
{
        CURL *curl = curl_easy_init();
        CURLcode r = CURLE_OK;

        if (!curl)
                return -ENOMEM;

#define SET(option, value)                                                                                             \
        do {                                                                                                           \
                if (r == CURLE_OK)                                                                                     \
                        r = curl_easy_setopt(curl, option, value);                                                     \
        } while (0)
        /* where */
        if (r == CURLE_OK)
                r = set_protocol(curl, post->https);
        SET(CURLOPT_PROXY, post->proxy); /* "" is none, the environment's included */
        SET(CURLOPT_NOPROXY, "");
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
        /* to whom */
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        if (post->ca_file[0] != '\0') {
                SET(CURLOPT_CAINFO, post->ca_file);
                SET(CURLOPT_CAPATH, NULL); /* else the system's authorities are believed too */
        }
        /* what */
        SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
        SET(CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE); /* the credential is not for the proxy */
        SET(CURLOPT_USERAGENT, "lekdicht-reporter/" LEKDICHT_VERSION);
        SET(CURLOPT_POST, 1L);
        /* how long, how much */
        SET(CURLOPT_CONNECTTIMEOUT, POST_CONNECT_SECONDS);
        SET(CURLOPT_TIMEOUT, POST_SECONDS_MAX);
        SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
        SET(CURLOPT_LOW_SPEED_TIME, POST_SILENT_SECONDS);
        SET(CURLOPT_NOSIGNAL, 1L);
        /* what comes back */
        SET(CURLOPT_HTTP09_ALLOWED, 0L);
        SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        SET(CURLOPT_HEADERFUNCTION, on_header);
        SET(CURLOPT_HEADERDATA, post);
        SET(CURLOPT_WRITEFUNCTION, on_body);
        SET(CURLOPT_WRITEDATA, post);
        SET(CURLOPT_ERRORBUFFER, post->error);
#undef SET
        if (r != CURLE_OK) {
                curl_easy_cleanup(curl);
                return r == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EIO;
        }
        post->curl = curl;

        return 0;
}

int post_new(const struct enrolment *enrolment, struct post **ret)
{
        struct post *post;
        int r;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -EIO;
        post = calloc(1, sizeof(*post));
        if (!post)
                return -ENOMEM;
        strcpy(post->url, enrolment->url);
        strcpy(post->ca_file, enrolment->ca_file);
        strcpy(post->proxy, enrolment->proxy);
        post->https = strncmp(post->url, "https:", 6) == 0;
        r = set_up(post);
        if (r < 0) {
                post_free(post);
                return r;
        }
        *ret = post;

        return 0;
}

struct post *post_free(struct post *post)
{
        if (!post)
                return NULL;
        post_rest(post);
        free(post);
        curl_global_cleanup();

        return NULL;
}

void post_rest(struct post *post)
{
        curl_easy_cleanup(post->curl);
        post->curl = NULL;
}

/* curl_easy_strerror() says the same each time, which a log that tells only what is new depends on; the longer message
 * of the transfer is worth having where a person must act. */
static void explain(struct post *post, CURLcode code, struct reply *reply)
{
        char text[REPLY_TROUBLE_MAX];
        int detail = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
                     code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY;

        if (code == CURLE_WRITE_ERROR) /* on_body and on_header end it so */
                snprintf(text, sizeof(text), "the answer is too long");
        else if (detail && post->error[0] != '\0')
                snprintf(text, sizeof(text), "%s (%.150s)", curl_easy_strerror(code), post->error);
        else
                snprintf(text, sizeof(text), "%s", curl_easy_strerror(code));
        text_clean(text, strlen(text), reply->trouble, sizeof(reply->trouble));
}

static int add_header(struct curl_slist **headers, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*headers, line);

        if (!longer)
                return -ENOMEM;
        *headers = longer;

        return 0;
}

/* The headers of one request, for curl_slist_free_all(), also after an error. */
static int make_headers(const struct post_request *request, struct curl_slist **ret)
{
        char line[sizeof("Authorization: Bearer ") + POST_CREDENTIAL_MAX];
        int r = 0;

        if (request->credential) {
                snprintf(line, sizeof(line), "Authorization: Bearer %s", request->credential);
                r = add_header(ret, line);
        }
        if (r >= 0)
                r = add_header(ret, "Content-Type: application/json");
        if (r >= 0 && request->gzip)
                r = add_header(ret, "Content-Encoding: gzip");
        if (r >= 0)
                r = add_header(ret, "Accept: application/json");
        if (r >= 0)
                r = add_header(ret, "Expect:"); /* no waiting for "100 Continue" */

        return r;
}

void post_send(struct post *post, const struct post_request *request, struct reply *ret)
{
        char url[ENROLMENT_URL_MAX + POST_PATH_MAX + 1];
        struct curl_slist *headers = NULL;
        long status = 0;
        CURLcode r = CURLE_OUT_OF_MEMORY;

        ret->status = 0;
        ret->size = 0;
        ret->trouble[0] = ret->content_type[0] = ret->retry_after[0] = ret->date[0] = '\0';
        post->reply = ret;
        post->header_bytes = 0;
        post->error[0] = '\0';

        snprintf(url, sizeof(url), "%s%s", post->url, request->path);
        if (make_headers(request, &headers) >= 0 && (post->curl || set_up(post) >= 0))
                r = curl_easy_setopt(post->curl, CURLOPT_URL, url);
        if (r == CURLE_OK)
                r = curl_easy_setopt(post->curl, CURLOPT_HTTPHEADER, headers);
        if (r == CURLE_OK)
                r = curl_easy_setopt(post->curl, CURLOPT_POSTFIELDS, request->body);
        if (r == CURLE_OK)
                r = curl_easy_setopt(post->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->size);
        if (r == CURLE_OK)
                r = curl_easy_perform(post->curl);
        if (r == CURLE_OK)
                r = curl_easy_getinfo(post->curl, CURLINFO_RESPONSE_CODE, &status);
        if (post->curl)
                (void) curl_easy_setopt(post->curl, CURLOPT_HTTPHEADER, NULL);
        curl_slist_free_all(headers);
        if (r != CURLE_OK)
                explain(post, r, ret);
        ret->status = r == CURLE_OK ? (int) status : 0;
}
