// SPDX-License-Identifier: Apache-2.0
/*
 * collect: what was found. Slurm commands in, samples out.
 *
 * A TABLE is a command run once per tick, and the columns of its output that matter.
 * A METRIC counts (or sums) rows of a table; or it has a command of its own, and a way to
 * read it. Both are definitions in YAML (config/metrics/ has those that are built in; the
 * manual page slurm-pusher.yaml(5) the language), so a new metric is a few lines and no code.
 *
 * A SOURCE is what is run and can fail by itself: a table, or a metric's own
 * command. The contract for every source: when its command fails, is cut short, prints what
 * cannot be read or more than allowed, or passes its deadline, it has no values in this
 * tick, not zeros; the other sources are not affected.
 *
 * Rows are not kept. Only the columns that some metric asks for are taken from a row, and equal
 * tuples of them are counted together; metrics are evaluated over the distinct tuples when
 * the command has ended well. So 60,000 jobs cost 60,000 look-ups and some dozens of tuples.
 *
 *	collector_start(c, now_ms);
 *	while (!collector_step(c, clock_mono_ms()))
 *		poll(fds, collector_pollfds(c, fds, max), ...);
 *	collector_report(c, snapshot, err);
 */
#ifndef SLURM_PUSHER_COLLECT_H
#define SLURM_PUSHER_COLLECT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/err.h"
#include "slurm_pusher/model.h"
#include "slurm_pusher/schema.h"

/* ---- definitions ---- */

struct definitions;

/* The definitions that are built in. Those added later with the name of an earlier table
 * or metric replace it. */
int definitions_new(struct definitions **out, struct err *err);
void definitions_free(struct definitions *d);

/* Adds the `tables` and `metrics` of a file (either may be NULL). What is wrong goes to
 * `problems`. The trees must outlive the definitions. ERR_NOMEM. */
int definitions_add(struct definitions *d, const struct tree *tables, const struct tree *metrics,
		    struct problems *problems);

/* Adds a whole file of definitions: a mapping with `tables` and `metrics`. */
int definitions_read(struct definitions *d, const char *file, const char *bytes, size_t n,
		     struct problems *problems);

/* Call once, after the last addition: resolves what metrics say about tables. */
int definitions_finish(struct definitions *d, struct problems *problems);

/* ---- collecting ---- */

struct collect_options {
	const char *path;        /* where commands are looked for */
	const char *const *envp; /* of commands: see collect_environment() */
	int64_t timeout_ms;      /* of a tick's commands, all started at its beginning */
	size_t max_output_bytes; /* of a command */
	const char *start_time;  /* what {start_time} and {reset_time} stand for */
};

struct source_status {
	const char *name; /* of the table, or of the metric that has a command */
	bool up;          /* in the last tick */
	int64_t duration_ms;
	int64_t cpu_us;          /* of its commands, user and system */
	int64_t last_success_ms; /* wall clock of the tick; 0: never */
	uint64_t failures;       /* ticks in which it failed */
	uint64_t commands;       /* commands run since the start */
	const char *error;       /* of the last tick; "" when up */
};

struct collector;

/* The definitions, options and registry must outlive the collector. */
int collector_new(struct collector **out, const struct definitions *d,
		  const struct collect_options *options, struct registry *registry,
		  struct err *err);
void collector_free(struct collector *c);

/* Begins a tick: starts what does not have to wait for another source. */
void collector_start(struct collector *c, int64_t mono_ms, int64_t wall_ms);

/* Fills in at most `max` descriptors to poll; returns how many. */
unsigned collector_pollfds(const struct collector *c, struct pollfd *fds, unsigned max);

/* Reads, reaps, starts what waited; true when every source of the tick is over. */
bool collector_step(struct collector *c, int64_t mono_ms);

/* When it has to be stepped at the latest (monotonic). */
int64_t collector_due_ms(const struct collector *c);

/* After the tick: adds the samples of every source that succeeded. */
int collector_report(struct collector *c, struct snapshot *s, struct err *err);

/* True if every source of the last tick succeeded. */
bool collector_all_up(const struct collector *c);

size_t collector_n_sources(const struct collector *c);
struct source_status collector_source(const struct collector *c, size_t i);

/* The partitions of the last tick in which their table was read; NULL before. */
const char *const *collector_partitions(const struct collector *c, size_t *n);

/* ---- the environment of commands ---- */

/* A fresh environment: what finds the cluster is carried over (SLURM_CONF, given or from
 * ours, and the like), nothing that changes what the commands print. Ended by
 * NULL; lives in the arena. NULL without memory. */
const char *const *collect_environment(struct arena *arena, const char *path,
				       const char *slurm_conf);

/* ---- the cluster's name ---- */

/* Finds `ClusterName = x` in the output of `scontrol show config`; copies it to `name`.
 * False if it is not there. */
bool cluster_name_find(const char *output, char *name, size_t room);

#endif
