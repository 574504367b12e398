// SPDX-License-Identifier: Apache-2.0
#include "history_walk.h"

enum {
	SECOND_MS = 1000,
	HOUR_S = 3600,
	FIRST_SLICE_S = 25 * HOUR_S, /* by default the reset time is 24 hours ago */
	MAX_SLICE_S = 7 * 24 * HOUR_S,
	MANY_ROWS = 50000, /* sacct needs 1.7 KB of memory for each */
	RECOUNT_REST = 10, /* times as long as the slice took */
};

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool recount_is_on(const struct history *h)
{
	return h->state.recount_from_s < h->state.recount_to_s;
}

/* Where a window ending at `to_s` and overlapping what is read begins. */
static int64_t overlapped(const struct history *h, int64_t to_s)
{
	return max64(h->state.reset_s, to_s - h->options.overlap_ms / SECOND_MS);
}

static void plan_recount(struct history *h)
{
	int64_t interval = h->options.recount_interval_ms;
	int64_t wait = interval - (h->wall_ms - h->state.counted_ms);

	/* A clock that was set must not put it off for longer than an interval. */
	h->next_recount_ms = h->mono_ms + max64(0, min64(wait, interval));
}

int history_walk_init(struct history *h, struct err *err)
{
	int rc = history_sets_init(&h->found, err);

	h->slice_s = FIRST_SLICE_S;
	h->next_pass_ms = h->mono_ms;
	h->next_recount_ms = INT64_MAX;
	h->pass_s = h->wall_ms / SECOND_MS;
	h->unread_s = overlapped(h, h->state.read_to_s);
	if (rc < 0 || !h->state.complete)
		return rc;
	if (recount_is_on(h))
		h->next_recount_ms = h->mono_ms;
	else
		plan_recount(h);
	return history_counts_take(&h->counts, &h->state.sets, err);
}

/* ---- asking ---- */

static int ask(struct history *h, enum history_task task, struct history_question question,
	       struct err *err)
{
	struct history_rows rows = {
		.found = &h->found,
		.reset_s = h->state.reset_s,
		.now_s = h->pass_s,
	};
	int rc;

	/* ALIVE and ENDED are one answer, settled together. */
	if (task != TASK_ENDED)
		history_sets_clear(&h->found);
	rc = history_ask_start(&h->ask, &h->options, &question, &rows, h->mono_ms, err);
	if (rc < 0)
		return rc;
	h->task = task;
	h->question = question;
	h->status.commands++;
	return 0;
}

static int ask_ended(struct history *h, enum history_task task, int64_t from_s, int64_t to_s,
		     struct err *err)
{
	struct history_question question = { .kind = ASK_ENDED, .from_s = from_s, .to_s = to_s };

	return ask(h, task, question, err);
}

static int start_pass(struct history *h, struct err *err)
{
	struct history_question alive = { .kind = ASK_ALIVE };

	/* The clock may have been set back since. */
	h->unread_s = min64(h->unread_s, overlapped(h, h->pass_s));
	h->pass_s = max64(h->pass_s, h->unread_s);
	if (h->pass_s - h->unread_s > h->slice_s)
		return ask_ended(h, TASK_SLICE, h->unread_s, h->unread_s + h->slice_s, err);
	h->pass_started_ms = h->mono_ms;
	h->pass_cpu_us = 0;
	alive.from_s = h->pass_s;
	return ask(h, TASK_ALIVE, alive, err);
}

static int start_recount(struct history *h, struct err *err)
{
	struct history_state *state = &h->state;

	if (!recount_is_on(h)) {
		state->recount_from_s = state->reset_s;
		state->recount_to_s = max64(state->read_to_s, state->reset_s + 1);
	}
	return ask_ended(h, TASK_RECOUNT, state->recount_from_s,
			 min64(state->recount_from_s + h->slice_s, state->recount_to_s), err);
}

int history_walk_start(struct history *h, struct err *err)
{
	h->pass_s = h->wall_ms / SECOND_MS;
	if (h->mono_ms >= h->next_pass_ms)
		return start_pass(h, err);
	if (h->mono_ms >= h->next_recount_ms)
		return start_recount(h, err);
	return 0;
}

/* ---- settling ---- */

/* Learns from an answer how long a slice may be. */
static void adapt_slice(struct history *h, const struct history_answer *a)
{
	const struct history_options *o = &h->options;
	int64_t length_s = h->question.to_s - h->question.from_s;
	bool near = a->duration_ms > o->timeout_ms / 2 || a->bytes > o->max_output_bytes / 2 ||
		    a->rows > MANY_ROWS;
	bool far = a->duration_ms < o->timeout_ms / 8 && a->bytes < o->max_output_bytes / 8 &&
		   a->rows < MANY_ROWS / 8;

	if (near)
		h->slice_s = max64(1, length_s / 2);
	else if (far && length_s >= h->slice_s)
		h->slice_s = min64(h->slice_s * 2, MAX_SLICE_S);
}

static int fold(struct history *h, struct err *err)
{
	return history_sets_fold(&h->state.sets, &h->found, err);
}

static int settle_slice(struct history *h, const struct history_answer *a, struct err *err)
{
	int rc;

	history_sets_suspect(&h->state.sets, &h->found);
	rc = fold(h, err);
	if (rc < 0)
		return rc;
	h->unread_s = h->question.to_s;
	h->state.read_to_s = max64(h->state.read_to_s, h->unread_s);
	adapt_slice(h, a);
	h->next_pass_ms = h->mono_ms + a->duration_ms;
	h->next_recount_ms = max64(h->next_recount_ms, h->next_pass_ms); /* the pass goes first */
	h->unsaved = true;
	h->save_due = h->save_due || h->mono_ms - h->saved_ms >= h->options.interval_ms;
	return 0;
}

static int settle_alive(struct history *h, const struct history_answer *a, struct err *err)
{
	(void)a;
	return ask_ended(h, TASK_ENDED, h->unread_s, h->pass_s, err);
}

static int finish_pass(struct history *h, struct err *err)
{
	struct history_state *state = &h->state;
	int64_t took_ms = h->mono_ms - h->pass_started_ms;
	int rc = moments_ripen(&state->sets.later, h->pass_s, &state->sets.ended[TOTAL_SUBMITTED],
			       &state->sets.changed, err);

	if (rc == 0)
		rc = history_counts_take(&h->counts, &state->sets, err);
	if (rc < 0)
		return rc;
	state->read_to_s = h->pass_s;
	h->unread_s = overlapped(h, h->pass_s);
	if (!state->complete) {
		state->complete = true;
		state->counted_ms = h->wall_ms;
		plan_recount(h);
		h->unsaved = true;
	}
	h->unsaved = h->unsaved || state->sets.changed;
	state->sets.changed = false;
	h->save_due = h->unsaved;
	h->next_pass_ms = max64(h->pass_started_ms + h->options.interval_ms, h->mono_ms + took_ms);
	h->status.passes++;
	h->status.last_success_ms = h->wall_ms;
	h->status.last_duration_ms = took_ms;
	h->status.last_cpu_us = h->pass_cpu_us;
	return 0;
}

/* What was asked for is clear then, so this comes to an end. */
static int ask_for_unclear(struct history *h, struct err *err)
{
	struct history_question jobs = { .kind = ASK_JOBS, .ids = h->asked };

	jobs.n_ids = history_sets_unclear(&h->state.sets, h->asked, HISTORY_MAX_ASKED);
	return jobs.n_ids ? ask(h, TASK_JOBS, jobs, err) : finish_pass(h, err);
}

static int settle_ended(struct history *h, const struct history_answer *a, struct err *err)
{
	int rc = history_sets_renew(&h->state.sets, &h->found, err);

	if (rc < 0)
		return rc;
	adapt_slice(h, a);
	return ask_for_unclear(h, err);
}

static int settle_jobs(struct history *h, const struct history_answer *a, struct err *err)
{
	int rc = history_sets_resolve(&h->state.sets, &h->found, h->asked, h->question.n_ids, err);

	(void)a;
	return rc < 0 ? rc : ask_for_unclear(h, err);
}

/* Late rows are shown, and saved, with the next pass. */
static int settle_recount(struct history *h, const struct history_answer *a, struct err *err)
{
	int rc = fold(h, err);

	if (rc < 0)
		return rc;
	adapt_slice(h, a);
	h->unsaved = true;
	h->state.recount_from_s = h->question.to_s;
	h->next_recount_ms = h->mono_ms + RECOUNT_REST * a->duration_ms;
	if (!recount_is_on(h)) {
		h->state.counted_ms = h->wall_ms;
		plan_recount(h);
	}
	return 0;
}

int history_walk_settle(struct history *h, const struct history_answer *answer, struct err *err)
{
	static int (*const settle[])(struct history *, const struct history_answer *,
				     struct err *) = {
		[TASK_SLICE] = settle_slice,     [TASK_ALIVE] = settle_alive,
		[TASK_ENDED] = settle_ended,     [TASK_JOBS] = settle_jobs,
		[TASK_RECOUNT] = settle_recount,
	};
	enum history_task task = h->task;

	h->task = TASK_NONE;
	h->status.rows += answer->rows;
	h->pass_cpu_us += answer->cpu_us;
	return settle[task](h, answer, err);
}

/* The shortest slice that a failure of this kind may lead to, or 0 when slices are not to blame.
 * slurmdbd refuses an answer that is too large with an ordinary error, and it is that too
 * when it is merely down. */
static int64_t shortest_slice(const struct err *err)
{
	switch (err->code) {
	case ERR_TIMEOUT:
	case ERR_LIMIT:
		return 1;
	case ERR_FAILED:
		return HOUR_S;
	default:
		return 0;
	}
}

void history_walk_failed(struct history *h, enum history_task task, const struct err *err)
{
	bool sliced = task == TASK_SLICE || task == TASK_ENDED || task == TASK_RECOUNT;
	int64_t length_s = sliced ? h->question.to_s - h->question.from_s : 0;
	int64_t shortest_s = shortest_slice(err);
	int64_t wait_ms = h->options.interval_ms;

	if (shortest_s > 0 && length_s > shortest_s) {
		h->slice_s = max64(shortest_s, length_s / 2);
		if (err->code != ERR_FAILED)
			wait_ms = 0;
	}
	if (task != TASK_RECOUNT)
		h->next_pass_ms = h->mono_ms + wait_ms;
	if (task == TASK_RECOUNT || task == TASK_NONE)
		h->next_recount_ms = max64(h->next_recount_ms, h->mono_ms + wait_ms);
}
