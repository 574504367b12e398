// SPDX-License-Identifier: Apache-2.0
/*
 * source: what is run in a tick and can fail by itself. A table is one command; a
 * metric with a command of its own is as many as its placeholders ask for.
 *
 * States of a run: waiting (its turn has not come), running, over.
 */
#ifndef COLLECT_SOURCE_H
#define COLLECT_SOURCE_H

#include "evaluate.h"
#include "lines.h"
#include "reading.h"
#include "slurm_pusher/child.h"
#include "tally.h"

struct run {
	struct strings command; /* with nothing left to fill in */
	struct child *child;    /* while it runs */
	struct lines lines;
	struct reading reading; /* of a metric's own command */
	bool over;
};

struct source {
	struct source_status status;
	char error[sizeof((struct err *)0)->text];
	const struct table_definition *table; /* NULL: a metric's own commands */
	struct tally tally;
	const struct metric_definition **metrics; /* of own commands: those with one definition */
	size_t n_metrics;
	bool needs_partitions;
	struct run *runs;
	size_t n_runs;
	size_t n_over;
	size_t n_running;
	struct arena arena; /* of this tick's runs */
	int64_t started_ms;
};

/* Makes the runs of this tick. `partitions` is only used by commands with {partition}. */
int source_prepare(struct source *s, const struct collect_options *options,
		   const struct domain *partitions, int64_t mono_ms, struct err *err);

/* Ends what still runs, frees this tick's runs. */
void source_reset(struct source *s);
void source_done(struct source *s);

/* Starts the next waiting run; false if there is none. One whose turn comes after the deadline
 * is not started: it has failed. */
bool source_start_run(struct source *s, const struct collect_options *options, int64_t deadline_ms,
		      int64_t mono_ms);

/* Reads and reaps. */
void source_step(struct source *s, int64_t mono_ms);

/* When its runs have to be stepped at the latest (monotonic); INT64_MAX: none runs. */
int64_t source_due_ms(const struct source *s);

/* The source has failed as a whole (it could not even begin). */
void source_fail(struct source *s, const char *why);

static inline bool source_is_over(const struct source *s)
{
	return s->n_over == s->n_runs;
}

#endif
