// SPDX-License-Identifier: Apache-2.0
#include "collector.h"

/* Commands at the same time; a user's metric may ask for hundreds. */
enum { MAX_RUNNING = 8 };

static void begin_source(struct collector *c, struct source *s, int64_t mono_ms)
{
	struct err err;

	if (source_prepare(s, &c->options, &c->partitions, mono_ms, &err) < 0) {
		source_fail(s, err.text);
		source_reset(s);
	}
}

static void start_waiting(struct collector *c, int64_t mono_ms)
{
	size_t running = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		running += c->sources[i].n_running;
	for (size_t i = 0; i < c->n_sources && running < MAX_RUNNING; i++)
		while (running < MAX_RUNNING &&
		       source_start_run(&c->sources[i], &c->options, c->deadline_ms, mono_ms))
			running++;
}

void collector_start(struct collector *c, int64_t mono_ms, int64_t wall_ms)
{
	c->running = true;
	c->partitions_known = false;
	c->tick_ms = wall_ms;
	c->deadline_ms = mono_ms + c->options.timeout_ms;
	if (c->needs_version && (!*c->version.text || !collector_all_up(c)))
		version_ask(&c->version, &c->options, c->deadline_ms, mono_ms);
	for (size_t i = 0; i < c->n_sources; i++) {
		source_reset(&c->sources[i]);
		if (!c->sources[i].needs_partitions)
			begin_source(c, &c->sources[i], mono_ms);
	}
	start_waiting(c, mono_ms);
}

/* The sources that waited for the partitions can begin, or have failed with them. */
static void partitions_are_over(struct collector *c, int64_t mono_ms)
{
	const struct source *p = c->partitions_source;
	const struct column *name = table_column(p->table, "name");
	bool good = p->status.up && name;

	c->partitions_known = true;
	if (good) {
		arena_clear(&c->partitions_arena);
		good = evaluate_domain(&p->tally, (size_t)(name - p->table->columns),
				       &c->partitions_arena, &c->partitions) == 0;
	}
	for (size_t i = 0; i < c->n_sources; i++) {
		struct source *s = &c->sources[i];

		if (!s->needs_partitions)
			continue;
		begin_source(c, s, mono_ms);
		if (!good) {
			source_reset(s);
			source_fail(s, "the partitions are not known");
		}
	}
}

static bool is_over(const struct collector *c)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (!source_is_over(&c->sources[i]))
			return false;
	return !c->partitions_source || c->partitions_known;
}

/* A table with a metric that depends on the version cannot be told without it. */
static void check_version(struct collector *c)
{
	for (size_t i = 0; i < c->n_sources && !*c->version.text; i++) {
		struct source *s = &c->sources[i];

		if (s->table && s->tally.used[s->table->n_columns])
			source_fail(s, c->version.err.text);
	}
}

bool collector_step(struct collector *c, int64_t mono_ms)
{
	if (!c->running)
		return false;
	for (size_t i = 0; i < c->n_sources; i++)
		source_step(&c->sources[i], mono_ms);
	if (c->partitions_source && !c->partitions_known && source_is_over(c->partitions_source))
		partitions_are_over(c, mono_ms);
	start_waiting(c, mono_ms);
	if (!version_step(&c->version, mono_ms) || !is_over(c))
		return false;
	check_version(c);
	c->running = false;
	return true;
}

unsigned collector_pollfds(const struct collector *c, struct pollfd *fds, unsigned max)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		for (size_t j = 0; j < c->sources[i].n_runs && n + 2 <= max; j++)
			if (c->sources[i].runs[j].child)
				n += (unsigned)child_pollfds(c->sources[i].runs[j].child, fds + n);
	if (c->version.child && n + 2 <= max)
		n += (unsigned)child_pollfds(c->version.child, fds + n);
	return n;
}

int64_t collector_due_ms(const struct collector *c)
{
	int64_t due = c->version.child ? child_deadline_ms(c->version.child) : INT64_MAX;

	for (size_t i = 0; i < c->n_sources; i++) {
		int64_t ms = source_due_ms(&c->sources[i]);

		due = ms < due ? ms : due;
	}
	return due;
}

bool collector_all_up(const struct collector *c)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (!c->sources[i].status.up)
			return false;
	return true;
}

size_t collector_n_sources(const struct collector *c)
{
	return c->n_sources;
}

struct source_status collector_source(const struct collector *c, size_t i)
{
	return c->sources[i].status;
}

const char *const *collector_partitions(const struct collector *c, size_t *n)
{
	*n = c->partitions.n;
	return c->partitions.values;
}
