// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- before the commands ---- */

static int fill_command(struct source *s, const struct strings *command,
			const struct pairs *variables, struct strings *out)
{
	/* One more for the NULL that ends an argv. */
	out->items = arena_alloc(&s->arena, (command->n + 1) * sizeof *out->items);
	out->n = 0;
	for (; out->items && out->n < command->n; out->n++) {
		out->items[out->n] =
			placeholders_fill(&s->arena, command->items[out->n], variables);
		if (!out->items[out->n])
			return ERR_NOMEM;
	}
	return out->items ? 0 : ERR_NOMEM;
}

static int add_run(struct source *s, const struct metric_definition *m, const char *partition,
		   const struct collect_options *options)
{
	struct pair items[] = {
		{ .name = "start_time", .value = options->start_time },
		{ .name = "reset_time", .value = options->start_time },
		{ .name = "partition", .value = partition },
	};
	struct pairs variables = { items, partition ? 3 : 2 };
	struct run *run = &s->runs[s->n_runs++];

	if (m) {
		reading_init(&run->reading, m, partition);
		lines_init(&run->lines, reading_line, &run->reading);
	} else {
		lines_init(&run->lines, tally_row, &s->tally);
	}
	return fill_command(s, m ? &m->command : &s->table->command, &variables, &run->command);
}

static int add_metric_runs(struct source *s, const struct metric_definition *m,
			   const struct domain *partitions, const struct collect_options *options)
{
	int rc = 0;

	if (!metric_needs_partitions(m))
		return add_run(s, m, NULL, options);
	for (size_t i = 0; i < partitions->n && rc == 0; i++)
		rc = add_run(s, m, partitions->values[i], options);
	return rc;
}

int source_prepare(struct source *s, const struct collect_options *options,
		   const struct domain *partitions, int64_t mono_ms, struct err *err)
{
	size_t max_runs = s->table ? 1 : s->n_metrics * (partitions->n + 1);
	int rc = 0;

	s->started_ms = mono_ms;
	s->status.up = true;
	s->status.cpu_us = 0;
	s->error[0] = '\0';
	tally_clear(&s->tally);
	s->runs = calloc(max_runs, sizeof *s->runs);
	if (!s->runs)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (s->table)
		rc = add_run(s, NULL, NULL, options);
	for (size_t i = 0; i < s->n_metrics && rc == 0; i++)
		rc = add_metric_runs(s, s->metrics[i], partitions, options);
	return rc < 0 ? err_set(err, rc, "out of memory") : 0;
}

void source_reset(struct source *s)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		child_free(s->runs[i].child);
		lines_done(&s->runs[i].lines);
		reading_done(&s->runs[i].reading);
	}
	free(s->runs);
	s->runs = NULL;
	s->n_runs = s->n_over = s->n_running = 0;
	arena_clear(&s->arena);
}

void source_done(struct source *s)
{
	source_reset(s);
	tally_done(&s->tally);
	arena_done(&s->arena);
	free(s->metrics);
}

/* ---- while they run ---- */

/* The first error of a tick stays: the others mostly follow from it. */
void source_fail(struct source *s, const char *why)
{
	if (!s->status.up)
		return;
	s->status.up = false;
	s->status.failures++;
	snprintf(s->error, sizeof s->error, "%s", why);
}

static void end_run(struct source *s, struct run *run, int64_t mono_ms)
{
	run->over = true;
	s->n_over++;
	s->status.duration_ms = mono_ms - s->started_ms;
}

bool source_start_run(struct source *s, const struct collect_options *options, int64_t deadline_ms,
		      int64_t mono_ms)
{
	struct err err;
	int rc;

	for (size_t i = 0; i < s->n_runs; i++) {
		struct run *run = &s->runs[i];
		struct child_options child = {
			.argv = run->command.items,
			.envp = options->envp,
			.path = options->path,
			.deadline_ms = deadline_ms,
			.max_output_bytes = options->max_output_bytes,
			.sink = lines_feed,
			.sink_ctx = &run->lines,
		};

		if (run->over || run->child)
			continue;
		if (mono_ms < deadline_ms) {
			s->status.commands++;
			rc = child_start(&run->child, &child, mono_ms, &err);
		} else {
			rc = err_set(&err, ERR_TIMEOUT, "timed out before its turn came");
		}
		if (rc < 0) {
			source_fail(s, err.text);
			end_run(s, run, mono_ms);
			continue;
		}
		s->n_running++;
		return true;
	}
	return false;
}

static void finish_run(struct source *s, struct run *run, int64_t mono_ms)
{
	const struct child_result *result = child_result(run->child);
	struct err err = result->err;

	if (err.code == 0 && lines_end(&run->lines, &err) == 0 && run->reading.metric)
		reading_end(&run->reading, &err);
	if (err.code < 0) {
		err_prefix(&err, "%s", run->command.items[0]);
		source_fail(s, err.text);
	}
	s->status.cpu_us += result->cpu_us;
	child_free(run->child);
	run->child = NULL;
	s->n_running--;
	end_run(s, run, mono_ms);
}

void source_step(struct source *s, int64_t mono_ms)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		struct run *run = &s->runs[i];

		if (run->child && child_step(run->child, mono_ms))
			finish_run(s, run, mono_ms);
	}
}

int64_t source_due_ms(const struct source *s)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < s->n_runs; i++) {
		if (s->runs[i].child) {
			int64_t ms = child_deadline_ms(s->runs[i].child);

			due = ms < due ? ms : due;
		}
	}
	return due;
}
