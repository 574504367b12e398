// SPDX-License-Identifier: Apache-2.0
/*
 * What an administrator is told: once per change of state, not once per tick.
 */
#include <stdio.h>

#include "daemon.h"
#include "slurm_pusher/log.h"

static void report_sources(struct daemon *d)
{
	for (size_t i = 0; i < collector_n_sources(d->setup.collector); i++) {
		struct source_status s = collector_source(d->setup.collector, i);

		if (!s.up && !d->source_was_down[i])
			log_warn("source failed; its metrics are left out until it works again",
				 "source", s.name, "err", s.error, NULL);
		if (s.up && d->source_was_down[i])
			log_info("source works again", "source", s.name, NULL);
		d->source_was_down[i] = !s.up;
	}
}

void daemon_report_tick(struct daemon *d)
{
	char text[64];

	report_sources(d);
	snprintf(text, sizeof text, "%lld", (long long)d->status.tick_duration_ms);
	log_debug("tick", "duration_ms", text, NULL);
}

static void report_progress(const struct history_status *h)
{
	char done[16];

	snprintf(done, sizeof done, "%.0f%%", 100 * status_walked(h));
	log_info(h->phase == HISTORY_RECOUNT ? "history: recount" : "history: first count", "done",
		 done, NULL);
}

void daemon_report_note(const struct daemon *d)
{
	struct history_status h;

	if (!d->setup.history)
		return;
	h = history_status(d->setup.history);
	if (*h.note)
		log_warn("history", "note", h.note, NULL);
}

void daemon_report_history(struct daemon *d)
{
	struct history_status h = history_status(d->setup.history);

	d->status.errors += h.failures - d->history_failures;
	d->history_failures = h.failures;
	if (!h.up && !d->history_was_down)
		log_warn(h.complete ? "history failed; totals stay as they were"
				    : "history failed; there are no totals yet",
			 "err", h.error, NULL);
	if (h.up && d->history_was_down)
		log_info("history works again", NULL);
	d->history_was_down = !h.up;
	if (h.up && (h.phase == HISTORY_FIRST_COUNT || h.phase == HISTORY_RECOUNT))
		report_progress(&h);
	if (h.complete && !d->history_was_complete)
		log_info("history: counted from the reset time to now", NULL);
	d->history_was_complete = h.complete;
}

void daemon_report_destinations(struct daemon *d)
{
	for (size_t i = 0; i < d->setup.n_outboxes; i++) {
		struct destination *destination = d->setup.outboxes[i].destination;
		struct destination_status s = destination_status(destination);
		struct event e;

		while (destination_event(destination, &e)) {
			char samples[32];

			snprintf(samples, sizeof samples, "%llu", (unsigned long long)e.samples);
			if (e.kind == EVENT_RECOVERED)
				log_info("destination takes samples again", "destination", s.name,
					 NULL);
			else if (e.kind == EVENT_FAILING)
				log_warn("destination does not take samples; retrying",
					 "destination", s.name, "url", s.url, "err", e.text, NULL);
			else
				log_warn("destination refused samples; they are given up",
					 "destination", s.name, "url", s.url, "samples", samples,
					 "err", e.text, NULL);
		}
	}
}

/* At the end: what our patience did not last for. */
void daemon_report_unsent(const struct daemon *d)
{
	for (size_t i = 0; i < d->setup.n_outboxes; i++) {
		struct destination_status s = destination_status(d->setup.outboxes[i].destination);
		char samples[32];

		if (s.state == DESTINATION_IDLE)
			continue;
		snprintf(samples, sizeof samples, "%llu", (unsigned long long)s.queue.samples);
		log_warn("stopped before the destination had taken everything", "destination",
			 s.name, "samples", samples, NULL);
	}
}
