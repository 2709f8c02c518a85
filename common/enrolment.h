/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where the records go, and how the laptop is let in there. `lekdicht enroll` writes it, the reporter reads it:
 *
 *      [collector]
 *      url = https://lekdicht.school.example        the collector; /v1/logs and /v1/enroll are put behind it
 *      token = ...                                  of the site: 32 to 128 printable characters without blanks
 *      label = L-0421                               what IT calls this laptop; else it has no name there
 *      attempt = ...                                32 hexadecimal digits, others each time that somebody enrols it
 *      ca-file = /etc/lekdicht/ca.pem               only certificates under this one are believed; else the system's
 *      proxy = http://proxy.school.example:3128     else none, whatever the environment says
 *
 * Refused whole when anything in it is not understood. http:// is taken for the addresses 127.x.x.x and [::1] alone. */

#include <stddef.h>

#define ENROLMENT_FILE_MAX  8192U /* bytes */
#define ENROLMENT_LINE_MAX  190U  /* bytes of a line; inih cuts at 200 without a word */
#define ENROLMENT_URL_MAX   170U
#define ENROLMENT_TOKEN_MIN 32U
#define ENROLMENT_TOKEN_MAX 128U
#define ENROLMENT_LABEL_MAX 64U /* bytes */
#define ENROLMENT_ATTEMPT   32U
#define ENROLMENT_ERROR_MAX 256U

struct enrolment {
        char url[ENROLMENT_URL_MAX + 1]; /* without a slash at its end */
        char token[ENROLMENT_TOKEN_MAX + 1];
        char label[ENROLMENT_LABEL_MAX + 1];  /* "": none */
        char attempt[ENROLMENT_ATTEMPT + 1];  /* "": none was written down */
        char ca_file[ENROLMENT_LINE_MAX + 1]; /* "": the system's */
        char proxy[ENROLMENT_URL_MAX + 1];    /* "": none */
};

/* Read a file that belongs to root or to the caller, is no link, and that only those two and the group may read and
 * only the owner may change. 0; else -errno and a sentence in error, which never holds the token. */
int enrolment_load(const char *path, struct enrolment *ret, char error[static ENROLMENT_ERROR_MAX]);

/* The same for size bytes of text. 0 or -EINVAL. */
int enrolment_parse(const char *text, size_t size, struct enrolment *ret, char error[static ENROLMENT_ERROR_MAX]);
