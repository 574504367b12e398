// SPDX-License-Identifier: Apache-2.0
/*
 * listen: a listening TCP socket for an address as an administrator writes it.
 */
#ifndef SLURM_PUSHER_LISTEN_H
#define SLURM_PUSHER_LISTEN_H

#include <stdbool.h>

#include "slurm_pusher/err.h"

/* Listens on HOST:PORT, [IPV6]:PORT or :PORT (every address); of a name's addresses on
 * the first that works, IPv4 before IPv6. Returns the descriptor (non-blocking,
 * close-on-exec), ERR_FORMAT or ERR_IO; a port that is taken, or may not be used, is explained. */
int listen_open(const char *address, bool shared, struct err *err);

/* Lets another descriptor of ours be opened on the port of this one, with `shared`: that is how a
 * reload goes from one address to all of them without letting go of the port. */
void listen_share(int fd);

/* The port a listening descriptor has, 0 if it cannot be told. */
unsigned listen_port(int fd);

#endif
