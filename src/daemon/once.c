// SPDX-License-Identifier: Apache-2.0
/*
 * --once and --dry-run: one tick, with the history counted; then it is pushed, or printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/log.h"

enum { PUSH_PATIENCE_MS = 60000 };

/* Whatever the wait was ended by is taken up, else the next one would end at once. */
static void wait_for_something(struct daemon *d)
{
	daemon_wait(d);
	signals_take(d->signal_fd, &d->signals);
	daemon_history(d);
}

/* The history goes first, so that the one tick has its totals; it has as long as it needs
 * to be counted, unless it fails. */
static void count_history(struct daemon *d)
{
	struct history_status h;

	if (!d->setup.history)
		return;
	history_hurry(d->setup.history);
	d->next_tick_ms = INT64_MAX;
	do {
		wait_for_something(d);
		h = history_status(d->setup.history);
	} while (!d->signals.stop && !(h.complete && h.passes) && !h.failures);
}

static void collect(struct daemon *d)
{
	bool done = false;

	d->next_tick_ms = clock_mono_ms();
	while (!done && !d->signals.stop) {
		wait_for_something(d);
		daemon_find_cluster(d);
		done = daemon_collect(d);
	}
	if (done)
		daemon_report_tick(d);
}

static bool all_sent(struct daemon *d)
{
	for (size_t i = 0; i < d->setup.n_outboxes; i++) {
		struct destination_status s = destination_status(d->setup.outboxes[i].destination);

		if (!s.last_success_ms || s.state != DESTINATION_IDLE)
			return false;
	}
	return true;
}

/* A refusal is final; anything else is tried again while our patience lasts. */
static bool any_refused(struct daemon *d)
{
	for (size_t i = 0; i < d->setup.n_outboxes; i++)
		if (destination_status(d->setup.outboxes[i].destination).failed_samples)
			return true;
	return false;
}

static bool push(struct daemon *d)
{
	int64_t end = clock_mono_ms() + PUSH_PATIENCE_MS;

	if (!d->setup.n_outboxes) {
		log_error("nothing was pushed: there is no destination, or no cluster name", NULL);
		return false;
	}
	d->next_tick_ms = INT64_MAX;
	while (!all_sent(d) && !any_refused(d) && !d->signals.stop && clock_mono_ms() < end) {
		deliver_step(d->deliver, clock_mono_ms(), clock_wall_ms());
		daemon_report_destinations(d);
		wait_for_something(d);
	}
	daemon_report_destinations(d);
	if (all_sent(d) && !any_refused(d))
		return true;
	log_error("not everything was pushed", NULL);
	return false;
}

int daemon_once(struct daemon *d)
{
	bool worked;

	count_history(d);
	collect(d);
	worked = collector_all_up(d->setup.collector) &&
		 (!d->setup.history || history_status(d->setup.history).up);
	if (d->signals.stop) {
		log_error("interrupted", NULL);
		return EXIT_FAILURE;
	}
	if (d->mode == MODE_DRY_RUN)
		worked &= fwrite(buf_text(&d->text), 1, d->text.len, stdout) == d->text.len &&
			  fflush(stdout) == 0;
	else
		worked &= push(d);
	return worked ? EXIT_SUCCESS : EXIT_FAILURE;
}
