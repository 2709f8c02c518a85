/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What rclone calls its backends, and which service each of them reaches. */

enum backend_kind {
        BACKEND_UNKNOWN, /* one that is not in the table */
        BACKEND_LOCAL,   /* it stays on the laptop */
        BACKEND_SERVER,  /* some server: whose is not known */
        BACKEND_WRAPPER, /* it stands before others, which are what counts */
        BACKEND_SERVICE,
};

/* type: as behind "type =", or as between the colons of a connection string. *ret_service only with BACKEND_SERVICE. */
enum backend_kind backend_kind(const char *type, const char **ret_service);

/* The name of a service as the table has it; NULL: no backend reaches that. */
const char *backend_service(const char *service);
