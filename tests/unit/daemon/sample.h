// SPDX-License-Identifier: Apache-2.0
/*
 * sample: a status with something in every field, for the tests of what shows it.
 * One source and one destination are in trouble; the history is in its first count.
 */
#ifndef SLURM_PUSHER_TEST_SAMPLE_H
#define SLURM_PUSHER_TEST_SAMPLE_H

#include "status.h"

enum { SAMPLE_SOURCES = 3, SAMPLE_DESTINATIONS = 2 };

struct sample_status {
	struct status status; /* points into the others */
	struct source_status sources[SAMPLE_SOURCES];
	struct history_status history;
	struct destination_status destinations[SAMPLE_DESTINATIONS];
};

static const int64_t SAMPLE_NOW_MS = 1795417200000; /* 2026-11-23 07:00:00 UTC */

static inline void sample_sources(struct source_status *sources)
{
	sources[0] = (struct source_status){ .name = "jobs",
					     .up = true,
					     .duration_ms = 340,
					     .cpu_us = 21500,
					     .last_success_ms = SAMPLE_NOW_MS - 12000,
					     .failures = 2,
					     .commands = 1236,
					     .error = "" };
	sources[1] = (struct source_status){ .name = "nodes",
					     .up = true,
					     .duration_ms = 95,
					     .cpu_us = 8000,
					     .last_success_ms = SAMPLE_NOW_MS - 12000,
					     .commands = 1236,
					     .error = "" };
	sources[2] = (struct source_status){
		.name = "site_licenses",
		.duration_ms = 2500,
		.cpu_us = 1000,
		.last_success_ms = SAMPLE_NOW_MS - 7200000,
		.failures = 240,
		.commands = 1236,
		.error = "lmstat: exit status 3: <license> server \"down\" & out",
	};
}

static inline void sample_destinations(struct destination_status *destinations)
{
	destinations[0] = (struct destination_status){
		.name = "pushgateway",
		.url = "http://pg:9091/metrics/job/slurm/cluster/demo",
		.protocol = PROTOCOL_PUSHGATEWAY,
		.ok = true,
		.requests = 1236,
		.sent_samples = 541368,
		.sent_bytes = 9765432,
		.last_success_ms = SAMPLE_NOW_MS - 11000,
		.newest_sent_ms = SAMPLE_NOW_MS - 12000,
		.last_duration_ms = 8,
		.last_error = "",
	};
	destinations[1] = (struct destination_status){
		.name = "central",
		.url = "https://prometheus.example.org/api/v1/write",
		.protocol = PROTOCOL_REMOTE_WRITE,
		.state = DESTINATION_WAITING,
		.requests = 1301,
		.sent_samples = 520001,
		.failed_samples = 17,
		.retried_samples = 4380,
		.sent_bytes = 7654321,
		.last_success_ms = SAMPLE_NOW_MS - 840000,
		.newest_sent_ms = SAMPLE_NOW_MS - 841000,
		.last_duration_ms = 30000,
		.next_attempt_ms = 5008000,
		.last_error = "503 Service Unavailable: <h1>upstream</h1>",
		.queue = { .blocks = 28,
			   .bytes = 98304,
			   .samples = 12264,
			   .oldest_ms = SAMPLE_NOW_MS - 811000,
			   .dropped_full = 438,
			   .dropped_too_old = 5 },
	};
}

static inline void sample_status_init(struct sample_status *sample)
{
	sample_sources(sample->sources);
	sample_destinations(sample->destinations);
	sample->history = (struct history_status){
		.phase = HISTORY_FIRST_COUNT,
		.up = true,
		.reset_ms = SAMPLE_NOW_MS - 30 * INT64_C(86400000),
		.walked_to_ms = SAMPLE_NOW_MS - 18 * INT64_C(86400000),
		.walk_end_ms = SAMPLE_NOW_MS,
		.last_duration_ms = 1250,
		.last_cpu_us = 43000,
		.commands = 8,
		.rows = 1234567,
		.passes = 3,
		.error = "",
		.note = "",
	};
	sample->status = (struct status){
		.version = "0.1.0",
		.cluster = "demo",
		.now_ms = SAMPLE_NOW_MS,
		.mono_ms = 5000000,
		.start_ms = SAMPLE_NOW_MS - 37080000,
		.interval_ms = 30000,
		.timeout_ms = 20000,
		.tick_ms = SAMPLE_NOW_MS - 12000,
		.tick_duration_ms = 2510,
		.all_up_ms = SAMPLE_NOW_MS - 7212000,
		.ticks = 1236,
		.late_ticks = 4,
		.errors = 242,
		.series = 438,
		.reload_ok = true,
		.reload_ms = SAMPLE_NOW_MS - 37080000,
		.reload_error = "",
		.sources = sample->sources,
		.n_sources = SAMPLE_SOURCES,
		.history = &sample->history,
		.destinations = sample->destinations,
		.n_destinations = SAMPLE_DESTINATIONS,
	};
}

#endif
