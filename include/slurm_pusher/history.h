// SPDX-License-Identifier: Apache-2.0
/*
 * history: how many distinct jobs were submitted, completed, failed, ... since the reset time, at
 * a cost that does not grow with their number.
 *
 * What is counted. A state's total is the number of distinct job ids (JobIDRaw) among the rows of
 * `sacct -D` that ended in that state since the reset time: what `sacct -a -X -S RESET -E now
 * -s STATE` lists. `submitted` is what `sacct -a -X -S RESET -E now` lists: jobs that became
 * eligible, and ended since the reset time or not at all; a job that is held again is not among
 * them. By partition the same, the partition string compared whole, as `sacct -r` does (a job
 * waiting for "a,b" belongs to neither a nor b yet).
 *
 * How. For each total and partition a set of job ids: putting an id in twice changes nothing, so
 * an overlap, a repeated row or a crash between two steps counts nothing twice. A pass asks sacct
 * two things, one after the other: what is alive, and what ended since the watermark (the moment
 * of the last good pass) less an overlap. What ended goes into the sets for good; what is alive is
 * asked anew each time. Where these two leave something unclear, a third command asks for those
 * jobs by their ids, which most passes do not need:
 *   - a job was alive and is in neither answer: if it is held again, it does not count; if its
 *     end was recorded late, it counts where it belongs; if it has no row at all it was
 *     purged, and stays counted. So a purge in slurmdbd takes nothing away;
 *   - a job that had finished was requeued, and the record it was counted by is of another state
 *     now: it counts as what its records say.
 *
 * The first count is a pass that has everything since the reset time to read. What is too much
 * for one command (also after a long absence) is read in slices, with rests between them; a slice
 * that comes near its deadline or its bounds makes the next one smaller, and one that fails by
 * them is tried again smaller at once. Before the first count is complete there are no values: not
 * zeros. A recount walks from the reset time to the watermark once more at a quiet pace, with
 * passes between its slices, and finds rows that reached slurmdbd after the overlap had gone by.
 *
 *	first count:   slice, rest, slice, rest ... -> pass -> idle
 *	idle:          (interval over) -> pass -> idle
 *	idle:          (recount due) -> slice, rest, slice ... with passes between -> idle
 *
 * What a command printed counts only when it ended well and its output was whole. After a failure
 * the status says why, nothing has moved, and the same is asked again an interval later. The
 * values of the last good pass go on to be reported meanwhile: unlike a gauge of the moment, a
 * total that was true stays true. That they are not new is told by `up` and `last_success_ms`.
 *
 * State is one file, <storage>/history, written by file_replace() on a worker after a pass that
 * changed something, and now and then during a first count. Values change only with a good pass
 * and are saved with it, so a restart changes none. A file that cannot be read is set aside
 * (history.bad), as is said in the note, and everything is counted anew; so it is when the
 * configured reset time changes.
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
	const char *const *envp;  /* of sacct (see collect_environment()) */
	const char *path;         /* where sacct is looked for */
	const char *storage_path; /* directory, locked by the caller; NULL: nothing is kept */
	bool read_only;           /* read state, never write it (--dry-run) */
	const char *reset_time;   /* as configured: see reset_time_parse() */
	bool reset_time_utc;      /* without a zone it is UTC, not local time */
	int64_t interval_ms, overlap_ms, recount_interval_ms;
	int64_t timeout_ms;      /* of one sacct */
	size_t max_output_bytes; /* of one sacct */
};

enum history_phase { HISTORY_FIRST_COUNT, HISTORY_IDLE, HISTORY_PASS, HISTORY_RECOUNT };

struct history_status {
	enum history_phase phase;
	bool up;                  /* the last sacct worked; false before the first */
	bool complete;            /* the first count is done: there are values */
	int64_t reset_ms;         /* wall clock */
	int64_t walked_to_ms;     /* of a first count or recount: done up to here */
	int64_t walk_end_ms;      /* ... and it ends here */
	int64_t watermark_ms;     /* ended jobs are counted up to here; 0: first count */
	int64_t last_success_ms;  /* wall clock of the last good pass since the start; 0: none */
	int64_t last_duration_ms; /* of the last good pass */
	int64_t last_cpu_us;      /* of its commands, user and system */
	int64_t last_recount_ms;  /* wall clock: end of the last first count or recount; 0: none */
	int64_t next_pass_ms;     /* monotonic */
	uint64_t rows;            /* rows read since the start */
	uint64_t commands;        /* sacct commands run since the start */
	uint64_t failures;        /* those that failed */
	uint64_t passes;          /* good ones since the start */
	const char *error;        /* of the last failure; "" when up */
	const char *save_error;   /* why the state was not written the last time; "" when it was */
	const char *note;         /* what happened to the state file at the start; "" if it was
				     read or there was none */
};

struct history;

/* Reads the state, if there is any for this reset time. ERR_FORMAT: the reset time cannot be
 * understood; ERR_IO, ERR_NOMEM. `wall_ms` resolves a relative reset time; once resolved it
 * is kept with the state, as long as the configured text stays the same. Copies the options. The
 * first pass is due at once. */
int history_open(struct history **out, const struct history_options *options, int64_t mono_ms,
		 int64_t wall_ms, struct err *err);
/* Kills a running sacct; does not write. A save that is still under way should be waited for
 * first (worker_finish(), history_saved()). NULL is fine. */
void history_close(struct history *h);

/* Descriptors to poll; at most HISTORY_MAX_FDS. */
enum { HISTORY_MAX_FDS = 2 };
unsigned history_pollfds(const struct history *h, struct pollfd *fds);

/* When it wants to be stepped at the latest (monotonic), if no descriptor calls earlier. */
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
 * "1 week ago" (second, minute, hour, day, week), "now-24hours" as sacct has it, "2026-01-26",
 * "2026-01-26T12:00:00" (or with a blank for the T, or without seconds), with or without "Z" or
 * "+01:00" at its end; without a zone it is local time, or UTC if `utc`. White space around it
 * does not matter. ERR_FORMAT: it is none of these (the text lists them), or in the future.
 */
int reset_time_parse(const char *text, int64_t wall_ms, bool utc, int64_t *out_ms, struct err *err);

#endif
