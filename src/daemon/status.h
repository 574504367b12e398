// SPDX-License-Identifier: Apache-2.0
/*
 * status: everything the daemon knows about itself at one moment.
 *
 * The loop fills it in; the page (page.h) and our own metrics (self.h) are two ways
 * of saying it. Nothing in it is owned: text and arrays live where the loop has them, and
 * are good until its next step.
 */
#ifndef SLURM_PUSHER_STATUS_H
#define SLURM_PUSHER_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/collect.h"
#include "slurm_pusher/deliver.h"
#include "slurm_pusher/history.h"

struct status {
	const char *version;
	const char *cluster; /* "" as long as it is not known */

	int64_t now_ms;  /* wall clock */
	int64_t mono_ms; /* the same moment, monotonic */
	int64_t start_ms;

	int64_t interval_ms;
	int64_t timeout_ms;       /* of a tick's commands */
	int64_t tick_ms;          /* timestamp of the last finished tick; 0: none yet */
	int64_t tick_duration_ms; /* from its start to its last source */
	int64_t all_up_ms;        /* last tick in which every source succeeded; 0: none */
	uint64_t ticks;
	uint64_t late_ticks;
	uint64_t errors; /* collections of a source that failed, history included */
	size_t series;   /* in the last tick's snapshot */

	bool reload_ok;           /* the newest configuration was taken */
	int64_t reload_ms;        /* when the one in use was taken */
	const char *reload_error; /* "" when ok */

	const struct source_status *sources;
	size_t n_sources;
	const struct history_status *history; /* NULL when turned off */
	const struct destination_status *destinations;
	size_t n_destinations;
	size_t n_waiting; /* destinations configured, but waiting for the cluster's name */
};

/* History as one of the sources. */
struct source_status status_history_source(const struct history_status *h);

/* How much of its walk a first count or recount has behind it, 0 to 1; 1 when there is
 * nothing to walk. */
double status_walked(const struct history_status *h);

#endif
