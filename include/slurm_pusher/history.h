// SPDX-License-Identifier: Apache-2.0
/*
 * history: how many distinct jobs were submitted, completed, failed, ... since
 * the reset time, at a cost that does not grow with their number.
 *
 * What is counted. A state's total is the number of distinct job ids (JobIDRaw)
 * among the rows of `sacct -D` that ended in that state since the reset time: what
 * `sacct -a -X -S RESET -E now -s STATE` lists. `submitted` is what the unfiltered
 * `sacct -a -X -S RESET -E now` lists: jobs that became eligible, and have ended since
 * or not at all. By partition the same, the partition string compared whole, as `sacct -r`
 * does (a job waiting for "a,b" belongs to neither a nor b yet).
 *
 * How. A set of job ids for each state and partition string; putting an id in twice
 * changes nothing, so an overlap, a repeated row or a crash between two steps counts
 * nothing twice. A pass asks sacct two things, one after the other: what is alive,
 * and what ended since the watermark (the end of the last good pass) less an overlap.
 * Ended rows go into the sets for good; alive ids are those of the last pass. A purge
 * in slurmdbd takes nothing away. A job that was alive and is now nowhere to be seen
 * stays counted as submitted until the next recount has looked for it.
 *
 * The first count, and a recount at a quiet pace that finds rows which reached slurmdbd late, walk
 * from the reset time to now in slices; a slice that comes near its deadline or its bound of
 * bytes is made smaller. Before the first count is complete there are no values: not zeros.
 *
 *	first count:   slices ... -> pass -> idle
 *	idle:          (interval over) -> pass -> idle
 *	idle:          (recount due) -> slice, rest, slice, ... with passes between
 *
 * State is one file, <storage>/history, written by file_replace() on a worker after a
 * pass that changed something; unreadable state is set aside (history.bad) and counted anew.
 */
#ifndef SLURM_PUSHER_HISTORY_H
#define SLURM_PUSHER_HISTORY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/err.h"
#include "slurm_pusher/model.h"
#include "slurm_pusher/worker.h"

struct history_options {
	const char *const *envp; /* of sacct; lives as long as the history */
	const char *path;        /* where sacct is looked for */
	const char
		*storage_path;  /* directory, already locked by the caller; NULL: nothing is kept */
	bool read_only;         /* read state, never write it (--dry-run) */
	const char *reset_time; /* as configured: see reset_time_parse() */
	int64_t interval_ms, overlap_ms, recount_interval_ms;
	int64_t timeout_ms;      /* of one sacct */
	size_t max_output_bytes; /* of one sacct */
};

enum history_phase { HISTORY_FIRST_COUNT, HISTORY_IDLE, HISTORY_PASS, HISTORY_RECOUNT };

struct history_status {
	enum history_phase phase;
	bool up;                  /* the last sacct worked */
	bool complete;            /* the first count is done: there are values */
	int64_t reset_ms;         /* wall clock */
	int64_t walked_to_ms;     /* of a first count or recount: done up to here */
	int64_t walk_end_ms;      /* ... and it ends here */
	int64_t watermark_ms;     /* end of the last good pass; 0: none yet */
	int64_t last_success_ms;  /* wall clock of the last good pass; 0: none */
	int64_t last_duration_ms; /* of the last good pass */
	int64_t last_recount_ms;  /* wall clock; 0: never */
	int64_t next_pass_ms;     /* monotonic */
	uint64_t rows;            /* rows read since the start */
	uint64_t failures;        /* sacct commands that failed since the start */
	uint64_t passes;          /* good ones since the start */
	const char *error;        /* of the last failure; "" when up */
	const char *note;         /* what happened to the state file at the start; "" if it was
				     read or there was none */
};

struct history;

/* Reads the state, if there is any for this reset time. ERR_FORMAT: the reset time cannot be
 * understood; ERR_IO, ERR_NOMEM. `wall_ms` resolves a relative reset time; once
 * resolved it is kept with the state, as long as the configured text stays the same. */
int history_open(struct history **out, const struct history_options *options, int64_t mono_ms,
		 int64_t wall_ms, struct err *err);
/* Kills a running sacct; does not write. NULL is fine. */
void history_close(struct history *h);

/* Descriptors to poll; at most HISTORY_MAX_FDS. */
enum { HISTORY_MAX_FDS = 2 };
unsigned history_pollfds(const struct history *h, struct pollfd *fds);

/* When it wants to be stepped next (monotonic). */
int64_t history_due_ms(const struct history *h);

/* Starts what is due, reads what came. Hands changed state to the worker when that is free.
 * Returns true when a pass, a slice or a failure ended in this step: look at the status. */
bool history_step(struct history *h, struct worker *worker, int64_t mono_ms, int64_t wall_ms);

/* The worker has finished a job that history_step() started: tell how it went (an error is
 * remembered in the status and the write repeated after the next pass). */
void history_saved(struct history *h, int result, const struct err *err);

/* Wants a pass at once (for --once and at the start): due now. */
void history_hurry(struct history *h);

struct history_status history_status(const struct history *h);

/* Adds slurm_jobs_total_* and, for each of the partitions, slurm_partition_jobs_total_*;
 * adds nothing before the first count is complete. */
int history_report(const struct history *h, struct registry *r, struct snapshot *s,
		   const char *const *partitions, size_t n_partitions, struct err *err);

/*
 * A moment in time as an administrator writes it, in ms since the epoch: "24 hours ago",
 * "7 days ago", "1 week ago" (units second to year is not needed: second, minute, hour, day,
 * week), "now-24hours", "2026-01-26", "2026-01-26T12:00:00", the same with a space, "Z" or "+01:00"
 * after it; without a zone it is local time, or UTC if `utc`. ERR_FORMAT lists the forms.
 */
int reset_time_parse(const char *text, int64_t wall_ms, bool utc, int64_t *out_ms, struct err *err);

#endif
