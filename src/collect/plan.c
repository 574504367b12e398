// SPDX-License-Identifier: Apache-2.0
/*
 * What to run in a tick, found out once: the tables that some metric needs, of each the columns
 * in use, and the commands that metrics have of their own.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collector.h"

struct source *collector_find(const struct collector *c, const struct table_definition *table,
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
	struct source *s = collector_find(c, table, name);

	if (s)
		return s;
	s = &c->sources[c->n_sources++];
	s->table = table;
	s->status.name = name;
	s->status.error = s->error;
	if (table) {
		tally_init(&s->tally, table);
		s->tally.version = c->version.text;
	}
	return s;
}

static struct source *get_table_source(struct collector *c, const struct table_definition *table)
{
	struct source *s = get_source(c, table, table->name);

	for (size_t i = 0; i < table->where.n; i++)
		s->tally.used[table->where.items[i].column] = true;
	return s;
}

struct source *collector_find_values(const struct collector *c, const char *values, size_t *column)
{
	const struct table_definition *table;

	if (!values_find(c->definitions, values, &table, column))
		return NULL;
	return collector_find(c, table, table->name);
}

/* The column's values are asked for: its table is run, the column used. That there are such was
 * found out when the definitions were read. */
static void use_values(struct collector *c, const char *values)
{
	const struct table_definition *table;
	size_t column;
	bool found = values_find(c->definitions, values, &table, &column);

	assert(found);
	if (found)
		get_table_source(c, table)->tally.used[column] = true;
}

static void use_table(struct collector *c, const struct metric_definition *m)
{
	struct source *s = get_table_source(c, m->table);

	for (size_t i = 0; i < m->where.n; i++)
		s->tally.used[m->where.items[i].column] = true;
	for (size_t i = 0; i < m->unless.n; i++)
		s->tally.used[m->unless.items[i].column] = true;
	if (m->sum)
		s->tally.used[m->sum - m->table->columns] = true;
	for (size_t i = 0; i < m->n_by; i++) {
		s->tally.used[m->by[i] - m->table->columns] = true;
		if (m->by[i]->values)
			use_values(c, m->by[i]->values);
	}
}

static int use_command(struct collector *c, const struct metric_definition *m, struct err *err)
{
	struct source *s = get_source(c, NULL, m->source);
	const struct metric_definition **metrics =
		realloc(s->metrics, (s->n_metrics + 1) * sizeof *metrics);

	if (!metrics)
		return err_set(err, ERR_NOMEM, "collector: out of memory");
	s->metrics = metrics;
	s->metrics[s->n_metrics++] = m;
	s->needs_partitions = s->needs_partitions || metric_needs_partitions(m);
	if (s->needs_partitions)
		use_values(c, PARTITION_VALUES);
	return 0;
}

/* What is used beyond what single metrics say: the partitions' names, by the collector itself, and
 * the version. */
static void use_common(struct collector *c)
{
	const struct table_definition *partitions = map_gets(&c->definitions->tables, "partitions");

	if (partitions)
		c->partitions_source = collector_find(c, partitions, partitions->name);
	if (c->partitions_source && table_column(partitions, "name"))
		use_values(c, PARTITION_VALUES);
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct source *s = &c->sources[i];

		if (s->table && s->tally.used[s->table->n_columns])
			c->needs_version = true;
	}
}

int collector_new(struct collector **out, const struct definitions *d,
		  const struct collect_options *options, struct registry *registry, struct err *err)
{
	struct collector *c = calloc(1, sizeof *c);
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

		if (m->table)
			use_table(c, m);
		else
			rc = use_command(c, m, err);
	}
	use_common(c);
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
	version_done(&c->version);
	arena_done(&c->partitions_arena);
	free(c);
}
