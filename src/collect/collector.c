// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/collect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

/* Commands at the same time; a user's metric may ask for hundreds. */
enum { MAX_RUNNING = 8 };

struct collector {
	const struct definitions *definitions;
	struct collect_options options;
	struct registry *registry;
	struct source *sources;
	size_t n_sources;
	const struct source *partitions_source; /* the table `partitions`, or NULL */
	struct domain partitions;               /* of the last tick that read them */
	struct arena partitions_arena;
	bool partitions_known; /* read in this tick */
	bool running;
	int64_t deadline_ms;
	int64_t tick_ms; /* wall clock */
};

/* ---- what to run ---- */

static struct source *find_source(const struct collector *c, const struct table_definition *table,
				  const char *name)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].table == table &&
		    (table || strcmp(c->sources[i].status.name, name) == 0))
			return &c->sources[i];
	return NULL;
}

static struct source *get_source(struct collector *c, const struct table_definition *table,
				 const char *name)
{
	struct source *s = find_source(c, table, name);

	if (s)
		return s;
	s = &c->sources[c->n_sources++];
	s->table = table;
	s->status.name = name;
	s->status.error = s->error;
	if (table)
		tally_init(&s->tally, table);
	return s;
}

static struct source *get_table_source(struct collector *c, const struct table_definition *table)
{
	struct source *s = get_source(c, table, table->name);

	for (size_t i = 0; i < table->where.n; i++)
		s->tally.used[table->where.items[i].column] = true;
	return s;
}

/* "table.column" -> the source of the table; marks the column as used. NULL: no such thing. */
static struct source *get_domain_source(struct collector *c, const char *values, size_t *column)
{
	const char *dot = strchr(values, '.');
	const struct table_definition *table =
		dot ? map_get(&c->definitions->tables, values, (size_t)(dot - values)) : NULL;
	const struct column *found = table ? table_column(table, dot + 1) : NULL;
	struct source *s;

	if (!found)
		return NULL;
	s = get_table_source(c, table);
	*column = (size_t)(found - table->columns);
	s->tally.used[*column] = true;
	return s;
}

static int use_table(struct collector *c, const struct metric_definition *m, struct err *err)
{
	struct source *s = get_table_source(c, m->table);
	size_t column;

	for (size_t i = 0; i < m->where.n; i++)
		s->tally.used[m->where.items[i].column] = true;
	if (m->sum)
		s->tally.used[m->sum - m->table->columns] = true;
	for (size_t i = 0; i < m->n_by; i++) {
		s->tally.used[m->by[i] - m->table->columns] = true;
		if (m->by[i]->values && !get_domain_source(c, m->by[i]->values, &column))
			return err_set(err, ERR_FORMAT,
				       "table %s, column %s: values: there is no table and column "
				       "\"%s\"",
				       m->table->name, m->by[i]->name, m->by[i]->values);
	}
	return 0;
}

static int use_command(struct collector *c, const struct metric_definition *m, struct err *err)
{
	struct source *s = get_source(c, NULL, m->source);
	const struct metric_definition **metrics =
		realloc(s->metrics, (s->n_metrics + 1) * sizeof *metrics);
	size_t column;

	if (!metrics)
		return err_set(err, ERR_NOMEM, "collector: out of memory");
	s->metrics = metrics;
	s->metrics[s->n_metrics++] = m;
	for (size_t i = 0; i < m->command.n; i++)
		if (placeholder_is_in(m->command.items[i], "partition"))
			s->needs_partitions = true;
	if (s->needs_partitions && !get_domain_source(c, "partitions.name", &column))
		return err_set(err, ERR_FORMAT,
			       "metric %s: {partition} needs a table partitions with a column name",
			       m->name);
	return 0;
}

int collector_new(struct collector **out, const struct definitions *d,
		  const struct collect_options *options, struct registry *registry, struct err *err)
{
	struct collector *c = calloc(1, sizeof *c);
	const struct table_definition *partitions;
	int rc = 0;

	if (c)
		c->sources = calloc(d->tables.n + d->metrics.n + 1, sizeof *c->sources);
	if (!c || !c->sources) {
		free(c);
		return err_set(err, ERR_NOMEM, "collector: out of memory");
	}
	c->definitions = d;
	c->options = *options;
	c->registry = registry;
	for (size_t i = 0; i < d->metrics.n && rc == 0; i++) {
		const struct metric_definition *m = d->metrics.entries[i].value;

		rc = m->table ? use_table(c, m, err) : use_command(c, m, err);
	}
	partitions = map_gets(&d->tables, "partitions");
	if (partitions)
		c->partitions_source = find_source(c, partitions, partitions->name);
	if (rc < 0)
		collector_free(c);
	else
		*out = c;
	return rc;
}

void collector_free(struct collector *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_sources; i++)
		source_done(&c->sources[i]);
	free(c->sources);
	arena_done(&c->partitions_arena);
	free(c);
}

/* ---- a tick ---- */

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
	for (size_t i = 0; i < c->n_sources; i++) {
		source_reset(&c->sources[i]);
		if (!c->sources[i].needs_partitions)
			begin_source(c, &c->sources[i], mono_ms);
	}
	start_waiting(c, mono_ms);
}

/* The distinct values of a column, in the order of the rows. */
static int list_values(const struct tally *t, size_t column, struct arena *arena,
		       struct domain *out)
{
	const char **values = arena_alloc(arena, (t->tuples.n + 1) * sizeof *values);

	*out = (struct domain){ .values = values };
	for (size_t i = 0; values && i < t->tuples.n; i++) {
		struct word words[MAX_COLUMNS];

		tally_split(t, &t->tuples.entries[i], words);
		values[i] = arena_copy(arena, words[column].text, words[column].n);
		if (!values[i])
			return ERR_NOMEM;
		out->n++;
	}
	return values ? 0 : ERR_NOMEM;
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
		good = list_values(&p->tally, (size_t)(name - p->table->columns),
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

static void note_success(struct collector *c)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].status.up)
			c->sources[i].status.last_success_ms = c->tick_ms;
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
	if (!is_over(c))
		return false;
	c->running = false;
	note_success(c);
	return true;
}

unsigned collector_pollfds(const struct collector *c, struct pollfd *fds, unsigned max)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		for (size_t j = 0; j < c->sources[i].n_runs && n + 2 <= max; j++)
			if (c->sources[i].runs[j].child)
				n += (unsigned)child_pollfds(c->sources[i].runs[j].child, fds + n);
	return n;
}

int64_t collector_due_ms(const struct collector *c)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < c->n_sources; i++) {
		int64_t ms = source_due_ms(&c->sources[i]);

		due = ms < due ? ms : due;
	}
	return due;
}

/* ---- after it ---- */

/* The domain of a metric with one `by` column that has one. 0: the metric can be told;
 * 1: its domain was not read in this tick, so it cannot be told whole. */
static int find_domain(struct collector *c, const struct metric_definition *m, struct arena *arena,
		       struct domain *domain, const struct domain **out, struct err *err)
{
	const struct source *s;
	size_t column;

	*out = NULL;
	if (m->n_by != 1 || !m->by[0]->values)
		return 0;
	s = get_domain_source(c, m->by[0]->values, &column);
	if (!s || !s->status.up)
		return 1;
	if (list_values(&s->tally, column, arena, domain) < 0)
		return err_set(err, ERR_NOMEM, "metric %s: out of memory", m->name);
	*out = domain;
	return 0;
}

static int report_table_metric(struct collector *c, const struct metric_definition *m,
			       struct snapshot *s, struct err *err)
{
	const struct source *source = find_source(c, m->table, m->table->name);
	const struct domain *domain;
	struct arena arena = { 0 };
	struct domain storage;
	int rc;

	if (!source->status.up)
		return 0;
	rc = find_domain(c, m, &arena, &storage, &domain, err);
	if (rc == 0)
		rc = evaluate_metric(m, &source->tally, domain, c->registry, s, err);
	arena_done(&arena);
	return rc < 0 ? rc : 0;
}

static int report_command_metric(struct collector *c, const struct metric_definition *m,
				 struct snapshot *s, struct err *err)
{
	const struct source *source = find_source(c, NULL, m->source);
	int rc = 0;

	if (!source->status.up)
		return 0;
	for (size_t i = 0; i < source->n_runs && rc == 0; i++)
		if (source->runs[i].reading.metric == m)
			rc = reading_report(&source->runs[i].reading, c->registry, s, err);
	return rc;
}

int collector_report(struct collector *c, struct snapshot *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->definitions->metrics.n && rc == 0; i++) {
		const struct metric_definition *m = c->definitions->metrics.entries[i].value;

		rc = m->table ? report_table_metric(c, m, s, err)
			      : report_command_metric(c, m, s, err);
	}
	return rc;
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
