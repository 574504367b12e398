// SPDX-License-Identifier: Apache-2.0
/*
 * A tick: look at Slurm, make one snapshot of it, show it at /metrics, hand it over.
 */
#include "daemon.h"
#include "self.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/encode.h"
#include "slurm_pusher/log.h"

enum { SMALL_STEP_MS = 10 * 60 * 1000 };

int64_t tick_timestamp(int64_t now_ms, int64_t last_ms)
{
	if (now_ms > last_ms || last_ms - now_ms >= SMALL_STEP_MS)
		return now_ms;
	return last_ms + 1;
}

static void take_timestamp(struct daemon *d)
{
	int64_t last = d->tick_wall_ms;

	d->tick_wall_ms = tick_timestamp(clock_wall_ms(), last);
	if (d->tick_wall_ms < last)
		log_warn("the clock was set back; receivers may refuse samples as out of order "
			 "until it has caught up",
			 NULL);
}

static void start_tick(struct daemon *d, int64_t mono_ms)
{
	d->collecting = true;
	d->tick_start_ms = mono_ms;
	take_timestamp(d);
	d->next_tick_ms = mono_ms + d->setup.config.global.scrape_interval_ms;
	collector_start(d->setup.collector, mono_ms, d->tick_wall_ms);
}

/* What this tick says about the sources, before it is told. */
static void note_sources(struct daemon *d)
{
	for (size_t i = 0; i < collector_n_sources(d->setup.collector); i++)
		d->status.errors += !collector_source(d->setup.collector, i).up;
	if (collector_all_up(d->setup.collector))
		d->status.all_up_ms = d->tick_wall_ms;
}

/* Everything there is to say now, as one snapshot. */
static int take_snapshot(struct daemon *d, struct err *err)
{
	size_t n_partitions;
	const char *const *partitions = collector_partitions(d->setup.collector, &n_partitions);
	int rc;

	snapshot_clear(&d->snapshot, d->tick_wall_ms);
	rc = collector_report(d->setup.collector, &d->snapshot, err);
	note_sources(d);
	if (rc == 0 && d->setup.history)
		rc = history_report(d->setup.history, d->registry, &d->snapshot, partitions,
				    n_partitions, err);
	d->status.series = d->snapshot.n;
	daemon_look_at_itself(d);
	if (rc == 0)
		rc = self_report(&d->status, d->registry, &d->snapshot, err);
	snapshot_finish(&d->snapshot);
	return rc;
}

static bool wants_gzip(const struct daemon *d)
{
	for (size_t i = 0; i < d->setup.n_outboxes; i++)
		if (d->setup.outboxes[i].gzip)
			return true;
	return false;
}

static int write_text(struct daemon *d, struct err *err)
{
	buf_clear(&d->text);
	buf_clear(&d->gzipped);
	encode_text(&d->snapshot, &d->text);
	if (wants_gzip(d) && !d->text.failed &&
	    encode_gzip(d->text.ptr, d->text.len, &d->gzipped, err) < 0)
		buf_clear(&d->gzipped); /* it is only an offer */
	return buf_check(&d->text, "exposition", err);
}

static void hand_over(struct daemon *d)
{
	const struct buf *gzipped = d->gzipped.len ? &d->gzipped : NULL;
	struct err err;

	for (size_t i = 0; i < d->setup.n_outboxes; i++) {
		struct outbox *o = &d->setup.outboxes[i];

		if (outbox_put(o, &d->snapshot, &d->text, gzipped, &err) < 0)
			log_error("snapshot not handed over", "destination",
				  destination_status(o->destination).name, "err", err.text, NULL);
	}
}

static void end_tick(struct daemon *d, int64_t mono_ms)
{
	struct err err;
	int rc;

	d->collecting = false;
	d->status.ticks++;
	d->status.tick_ms = d->tick_wall_ms;
	d->status.tick_duration_ms = mono_ms - d->tick_start_ms;
	rc = take_snapshot(d, &err);
	if (rc == 0)
		rc = write_text(d, &err);
	if (rc == 0)
		hand_over(d);
	else
		log_error("snapshot not taken", "err", err.text, NULL);
	registry_sweep(d->registry);
}

bool daemon_tick_is_held(const struct daemon *d)
{
	return d->querying && !d->query_failed_before;
}

bool daemon_collect(struct daemon *d)
{
	int64_t now = clock_mono_ms();

	if (!d->collecting) {
		if (now < d->next_tick_ms || daemon_tick_is_held(d))
			return false;
		start_tick(d, now);
	}
	/* Also right after the start: where no command could be run, nothing else would wake us. */
	if (!collector_step(d->setup.collector, now))
		return false;
	end_tick(d, now);
	if (now >= d->next_tick_ms) {
		/* It took longer than the interval: the tick that was due meanwhile is not made
		 * up for. */
		d->status.late_ticks++;
		d->next_tick_ms = now;
	}
	return true;
}
