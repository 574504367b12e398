// SPDX-License-Identifier: Apache-2.0
/*
 * history_walk: what is asked next, and what an answer changes. One command at a time:
 *
 *	SLICE    what ended in a stretch of time, when more is unread than fits into one command
 *	ALIVE    what is alive: a pass begins
 *	ENDED    what ended in the rest that is unread, up to the moment of ALIVE
 *	JOBS     jobs that were alive and are neither now, by their ids: as often as it takes, most
 *often never RECOUNT  what ended in a stretch between the reset time and the watermark
 *
 *	(pass due) -> SLICE, rest, SLICE, rest ... -> ALIVE -> ENDED [-> JOBS] -> good pass
 *
 * The first count is a pass like any other, with everything since the reset time unread. ALIVE
 * comes before ENDED, so that a job that ends between the two is found by one of them.
 *
 * What is unread begins at the watermark less the overlap. It moves on with each slice that is
 * settled, so a failure later on loses nothing, and a restart goes on where it was.
 */
#ifndef COLLECT_HISTORY_WALK_H
#define COLLECT_HISTORY_WALK_H

#include "history_ask.h"
#include "history_file.h"
#include "history_totals.h"
#include "slurm_pusher/history.h"

enum history_task {
	TASK_NONE,
	TASK_SLICE,
	TASK_ALIVE,
	TASK_ENDED,
	TASK_JOBS,
	TASK_RECOUNT,
};

enum { HISTORY_MAX_ASKED = 1000 };

struct history {
	struct arena arena;
	struct history_options options; /* its strings are in the arena, but for envp */

	struct history_state state;
	struct history_counts counts; /* of the state at the last good pass */
	struct history_sets found;    /* by the commands under way */
	struct history_file file;

	enum history_task task;
	struct history_question question; /* of the task */
	struct history_ask ask;
	uint32_t asked[HISTORY_MAX_ASKED];

	int64_t mono_ms, wall_ms; /* of this step */
	int64_t next_pass_ms, next_recount_ms;
	int64_t unread_s; /* the next pass reads from here */
	int64_t pass_s;   /* moment of the pass under way */
	int64_t pass_started_ms;
	int64_t pass_cpu_us; /* of its commands up to now */
	int64_t slice_s;     /* how long a slice sacct can answer, as far as is known */

	bool unsaved; /* the state is not what is in the file */
	bool save_due;
	int64_t saved_ms; /* when it was last handed to the worker */

	struct history_status status;
	struct err error, save_error;
	char note[1024];
};

/* Sets out from the state that was read, or from an empty one. */
int history_walk_init(struct history *h, struct err *err);

/* Starts what is due, if anything is. Negative when it cannot be started. */
int history_walk_start(struct history *h, struct err *err);

/* Settles the answer to h->question. May start the next command. Negative when it was no good. */
int history_walk_settle(struct history *h, const struct history_answer *answer, struct err *err);

/* The task failed, or (TASK_NONE) could not be started: plans when and how it is tried again. */
void history_walk_failed(struct history *h, enum history_task task, const struct err *err);

#endif
