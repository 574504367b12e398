// SPDX-License-Identifier: Apache-2.0
/*
 * version: which version Slurm's commands are of (`scontrol --version`, which asks nobody).
 *
 * What a command prints by hand can depend on it. It is asked for with the first tick that
 * needs it, and again after a tick in which something failed: that is what an upgrade looks like.
 */
#ifndef COLLECT_VERSION_H
#define COLLECT_VERSION_H

#include "slurm_pusher/child.h"
#include "slurm_pusher/collect.h"

struct version {
	char text[16];       /* "22.05"; "" while it is not known */
	struct child *child; /* while it is asked for */
	char output[64];
	size_t n_output;
	struct err err; /* why it is not known */
};

/* Asks; what goes wrong is in `err`. */
void version_ask(struct version *v, const struct collect_options *options, int64_t deadline_ms,
		 int64_t mono_ms);

/* True when nothing is being asked (any more). */
bool version_step(struct version *v, int64_t mono_ms);

void version_done(struct version *v);

#endif
