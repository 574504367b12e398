// SPDX-License-Identifier: Apache-2.0
/*
 * setup: what a configuration asks for, built: definitions and their collector, the
 * history, the destinations, the web endpoint.
 *
 * A reload builds a new setup beside the old one: first what is new and can fail, and then
 * nothing has changed yet; then it takes over from the old one what stays the same: the history,
 * the listening socket, destinations, or what waits for them.
 */
#ifndef SLURM_PUSHER_SETUP_H
#define SLURM_PUSHER_SETUP_H

#include "config.h"
#include "outbox.h"
#include "slurm_pusher/collect.h"
#include "slurm_pusher/history.h"
#include "web.h"

enum mode {
	MODE_DAEMON,
	MODE_ONCE,    /* collect, push, exit */
	MODE_DRY_RUN, /* collect, print, exit; no state is written */
};

struct setup {
	struct config config;
	struct arena arena; /* what the parts below point to */
	const char *const *envp;
	struct definitions *definitions;
	struct collector *collector;
	struct history *history; /* NULL: turned off */
	const char *history_settings;
	struct web *web;         /* NULL: turned off */
	struct outbox *outboxes; /* none before the cluster's name is known */
	size_t n_outboxes;
};

/* What a setup is built with and does not own. */
struct setup_means {
	enum mode mode;
	const struct flags *flags;
	struct registry *registry;
	struct deliver *deliver;
	const struct web_page *pages;
	size_t n_pages;
	void *pages_ctx;
	int64_t mono_ms, wall_ms;
};

/* Reads the configuration and the definitions. What is wrong is in `problems` (and then
 * ERR_FORMAT is returned, err saying where to look); ERR_NOMEM. */
int setup_read(struct setup *s, const struct flags *flags, struct problems *problems,
	       struct err *err);

/* Builds everything but the destinations; of the history and the web endpoint only what differs
 * from the old setup's (NULL: there is none). */
int setup_build(struct setup *s, const struct setup_means *means, const struct setup *old,
		struct err *err);

/* Takes over what setup_build() did not build because the old setup has it. */
void setup_take(struct setup *s, struct setup *old);

/* Builds the destinations, the cluster's name being known now; takes over those that are
 * the same in the old setup, and what waits for those that have the same name. One that cannot be
 * made is left out; err is about the last such. */
int setup_destinations(struct setup *s, const struct setup_means *means, const char *cluster,
		       struct setup *old, struct err *err);

void setup_done(struct setup *s);

/* When the cluster was deployed: the reset time where none is configured. */
#define DEPLOY_TIME_FILE "/opt/azurehpc/slurm/cluster_deploy_time"

#endif
