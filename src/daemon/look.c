// SPDX-License-Identifier: Apache-2.0
#include "daemon.h"
#include "slurm_pusher/clock.h"

/* The arrays of the status are as long as the setup has sources and destinations. */
static void look_at_parts(struct daemon *d)
{
	struct status *st = &d->status;

	st->n_sources = collector_n_sources(d->setup.collector);
	for (size_t i = 0; i < st->n_sources; i++)
		d->sources[i] = collector_source(d->setup.collector, i);
	st->sources = d->sources;
	st->n_destinations = d->setup.n_outboxes;
	for (size_t i = 0; i < st->n_destinations; i++)
		d->destinations[i] = destination_status(d->setup.outboxes[i].destination);
	st->destinations = d->destinations;
	st->n_waiting = d->cluster_is_known
				? 0
				: d->setup.config.remote_write.n + d->setup.config.pushgateway.n;
	st->history = NULL;
	if (d->setup.history) {
		d->history = history_status(d->setup.history);
		st->history = &d->history;
	}
}

void daemon_look_at_itself(struct daemon *d)
{
	struct status *st = &d->status;

	st->version = SLURM_PUSHER_VERSION;
	st->cluster = d->cluster;
	st->now_ms = clock_wall_ms();
	st->mono_ms = clock_mono_ms();
	st->interval_ms = d->setup.config.global.scrape_interval_ms;
	st->timeout_ms = d->setup.config.global.scrape_timeout_ms;
	st->reload_error = d->reload_error;
	look_at_parts(d);
}
