// SPDX-License-Identifier: Apache-2.0
/*
 * signals: they arrive through a descriptor, in the one wait of the loop.
 */
#ifndef SLURM_PUSHER_SIGNALS_H
#define SLURM_PUSHER_SIGNALS_H

#include <stdbool.h>

#include "slurm_pusher/err.h"

struct signals {
	bool reload; /* SIGHUP */
	bool stop;   /* SIGTERM, SIGINT */
};

/* Blocks SIGHUP, SIGTERM, SIGINT and SIGCHLD, ignores SIGPIPE, and returns the descriptor that
 * becomes readable with them; ERR_IO. Call before there is any thread. */
int signals_open(struct err *err);

/* Takes what has arrived; sets what was asked for, clears nothing. */
void signals_take(int fd, struct signals *out);

#endif
