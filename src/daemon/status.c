// SPDX-License-Identifier: Apache-2.0
#include "status.h"

struct source_status status_history_source(const struct history_status *h)
{
	return (struct source_status){
		.name = "history",
		.up = h->up,
		.duration_ms = h->last_duration_ms,
		.cpu_us = h->last_cpu_us,
		.last_success_ms = h->last_success_ms,
		.failures = h->failures,
		.commands = h->commands,
		.error = h->error,
	};
}

double status_walked(const struct history_status *h)
{
	int64_t whole_ms = h->walk_end_ms - h->reset_ms;
	int64_t done_ms = h->walked_to_ms - h->reset_ms;

	if (whole_ms <= 0)
		return h->complete ? 1 : 0;
	if (done_ms <= 0)
		return 0;
	return done_ms >= whole_ms ? 1 : (double)done_ms / (double)whole_ms;
}
