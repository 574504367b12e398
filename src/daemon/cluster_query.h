// SPDX-License-Identifier: Apache-2.0
/*
 * cluster_query: asks Slurm for its ClusterName (`scontrol show config`), until it answers.
 */
#ifndef SLURM_PUSHER_CLUSTER_QUERY_H
#define SLURM_PUSHER_CLUSTER_QUERY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"

struct cluster_query {
	struct child *child; /* while it runs */
	struct buf output;
	char name[256]; /* "": not known */
	struct err err; /* of the last attempt; code 0 when it answered */
};

/* Starts asking; a failure to do so is the attempt's result. */
void cluster_query_start(struct cluster_query *q, const char *path, const char *const *envp,
			 int64_t timeout_ms, int64_t mono_ms);

/* True when the attempt ended in this step: `name` is set, or `err`. */
bool cluster_query_step(struct cluster_query *q, int64_t mono_ms);

unsigned cluster_query_pollfds(const struct cluster_query *q, struct pollfd *fds);
void cluster_query_done(struct cluster_query *q);

#endif
