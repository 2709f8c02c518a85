/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where the collector listens: an address with a port, or a Unix socket for a web server in front of it. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ADDRESS_TEXT_MAX 160U /* bytes of an address as text, NUL included */

union address {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
};

/* "127.0.0.1:4318", "[::1]:4318" or "/run/lekdicht-collector/socket". False when it is none of these; *ret is zeroed then. */
bool address_read(const char *text, union address *ret);

/* Is it one that nobody but this machine can reach? */
bool address_is_local(const union address *address);

/* As a browser wants it, "https://127.0.0.1:4318", or the path of the socket. */
void address_write(const union address *address, bool tls, char ret[static ADDRESS_TEXT_MAX]);

/* The address without a port: "192.168.1.5", "2001:db8::". What is none has family AF_UNSPEC, and is written as "". */
void address_read_host(const char *text, union address *ret);
void address_write_host(const union address *address, char *ret, size_t size);

/* A listening socket there, for the caller to close. A socket file that nobody listens at any more is replaced. Returns
 * the descriptor or -errno. */
int address_listen(const union address *address, int backlog);
