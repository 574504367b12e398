// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/history.h"

#include <stdlib.h>
#include <string.h>

#include "history_walk.h"
#include "slurm_pusher/child.h"

/* sacct takes "uts" times from here on only. */
enum { EARLIEST_S = 1000000 };

static const char *const *copy_environment(struct arena *arena, const char *const *envp)
{
	const char **copy;
	size_t n = 0;

	while (envp[n])
		n++;
	copy = arena_alloc(arena, (n + 1) * sizeof *copy);
	for (size_t i = 0; copy && i < n; i++)
		if (!(copy[i] = arena_string(arena, envp[i])))
			return NULL;
	return copy; /* the arena's memory is zero: NULL ends it */
}

static int copy_options(struct history *h, const struct history_options *options, struct err *err)
{
	h->options = *options;
	h->options.envp = copy_environment(&h->arena, options->envp);
	h->options.path = arena_string(&h->arena, options->path);
	h->options.reset_time = arena_string(&h->arena, options->reset_time);
	h->options.storage_path = NULL; /* h->file has it */
	if (!h->options.envp || !h->options.path || !h->options.reset_time)
		return err_set(err, ERR_NOMEM, "no memory for the history");
	return history_file_init(&h->file, options->storage_path, options->read_only, err);
}

/* Begins with nothing counted. */
static int set_reset(struct history *h, struct err *err)
{
	int64_t reset_ms;
	int rc = reset_time_parse(h->options.reset_time, h->wall_ms, h->options.reset_time_utc,
				  &reset_ms, err);

	if (rc < 0)
		return rc;
	h->state.reset_s = reset_ms / 1000 < EARLIEST_S ? EARLIEST_S : reset_ms / 1000;
	h->state.read_to_s = h->state.reset_s;
	return 0;
}

static int load(struct history *h, struct err *err)
{
	struct history_state *state = &h->state;
	size_t n = strlen(h->options.reset_time);
	int rc = history_sets_init(&state->sets, err);

	if (rc < 0)
		return rc;
	if (n >= sizeof state->reset_text)
		return set_reset(h, err); /* no time is as long as that: says so */
	memcpy(state->reset_text, h->options.reset_time, n);
	rc = history_file_load(&h->file, state, h->note, sizeof h->note, err);
	if (rc == 0)
		rc = set_reset(h, err);
	return rc < 0 ? rc : 0;
}

int history_open(struct history **out, const struct history_options *options, int64_t mono_ms,
		 int64_t wall_ms, struct err *err)
{
	struct history *h = calloc(1, sizeof *h);
	int rc;

	if (!h)
		return err_set(err, ERR_NOMEM, "no memory for the history");
	h->mono_ms = mono_ms;
	h->wall_ms = wall_ms;
	rc = copy_options(h, options, err);
	if (rc == 0)
		rc = load(h, err);
	if (rc == 0)
		rc = history_walk_init(h, err);
	if (rc < 0) {
		history_close(h);
		return rc;
	}
	*out = h;
	return 0;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	history_ask_done(&h->ask);
	history_file_done(&h->file);
	history_counts_done(&h->counts);
	history_sets_done(&h->found);
	history_sets_done(&h->state.sets);
	arena_done(&h->arena);
	free(h);
}

unsigned history_pollfds(const struct history *h, struct pollfd *fds)
{
	return h->task == TASK_NONE ? 0 : (unsigned)child_pollfds(h->ask.child, fds);
}

int64_t history_due_ms(const struct history *h)
{
	if (h->task != TASK_NONE)
		return child_deadline_ms(h->ask.child);
	return h->next_pass_ms < h->next_recount_ms ? h->next_pass_ms : h->next_recount_ms;
}

void history_hurry(struct history *h)
{
	h->next_pass_ms = INT64_MIN;
}

static void failed(struct history *h, enum history_task task, const struct err *err)
{
	h->error = *err;
	h->status.up = false;
	h->status.failures++;
	history_walk_failed(h, task, err);
}

/* Settles the answer that is there; true when a pass, a slice or a failure ended. */
static bool settle(struct history *h, const struct history_answer *answer)
{
	enum history_task task = h->task;
	struct err err = answer->err;
	int rc = err.code;

	if (rc == 0) {
		h->status.up = true;
		h->error = (struct err){ 0 };
		rc = history_walk_settle(h, answer, &err);
	}
	if (rc < 0) {
		h->task = TASK_NONE;
		failed(h, task, &err);
	}
	return h->task == TASK_NONE;
}

static bool start(struct history *h)
{
	struct err err;

	if (history_walk_start(h, &err) == 0)
		return false;
	failed(h, TASK_NONE, &err);
	return true;
}

static void save(struct history *h, struct worker *worker)
{
	if (!h->save_due || !history_file_can_save(&h->file, worker))
		return;
	h->save_due = false;
	h->saved_ms = h->mono_ms;
	if (history_file_save(&h->file, &h->state, worker, &h->save_error) == 0)
		h->unsaved = false;
}

bool history_step(struct history *h, struct worker *worker, int64_t mono_ms, int64_t wall_ms)
{
	struct history_answer answer;
	bool news = false;

	h->mono_ms = mono_ms;
	h->wall_ms = wall_ms;
	if (h->task != TASK_NONE && history_ask_step(&h->ask, mono_ms, &answer))
		news = settle(h, &answer);
	if (h->task == TASK_NONE)
		news = start(h) || news;
	save(h, worker);
	return news;
}

void history_saved(struct history *h, int result, const struct err *err)
{
	history_file_saved(&h->file);
	h->save_error = (struct err){ 0 };
	if (result == 0)
		return;
	h->save_error = *err;
	h->unsaved = true;
}

static enum history_phase phase_of(const struct history *h)
{
	if (!h->state.complete)
		return HISTORY_FIRST_COUNT;
	if (h->task != TASK_NONE && h->task != TASK_RECOUNT)
		return HISTORY_PASS;
	return h->state.recount_from_s < h->state.recount_to_s ? HISTORY_RECOUNT : HISTORY_IDLE;
}

struct history_status history_status(const struct history *h)
{
	const struct history_state *state = &h->state;
	bool recount = state->recount_from_s < state->recount_to_s;
	struct history_status status = h->status;

	status.phase = phase_of(h);
	status.complete = state->complete;
	status.reset_ms = state->reset_s * 1000;
	status.walked_to_ms = (recount ? state->recount_from_s : state->read_to_s) * 1000;
	status.walk_end_ms = recount ? state->recount_to_s * 1000 : h->wall_ms;
	status.watermark_ms = state->complete ? state->read_to_s * 1000 : 0;
	status.last_recount_ms = state->counted_ms;
	status.next_pass_ms = h->next_pass_ms;
	status.error = h->error.text;
	status.save_error = h->save_error.text;
	status.note = h->note;
	return status;
}

int history_report(const struct history *h, struct registry *r, struct snapshot *s,
		   const char *const *partitions, size_t n_partitions, struct err *err)
{
	if (!h->state.complete)
		return 0;
	return history_counts_report(&h->counts, r, s, partitions, n_partitions, err);
}
