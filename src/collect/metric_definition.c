// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <string.h>

#include "expansion.h"

#define AT(member) offsetof(struct metric_yaml, member)

static const struct key metric_keys[] = {
	{ .name = "name", .kind = KEY_STRING, .offset = AT(name) },
	{ .name = "help", .kind = KEY_STRING, .offset = AT(help) },
	{ .name = "type", .kind = KEY_STRING, .offset = AT(type) },
	{ .name = "each", .kind = KEY_NODE, .offset = AT(each) },
	{ .name = "from", .kind = KEY_STRING, .offset = AT(from) },
	{ .name = "subset", .kind = KEY_STRING, .offset = AT(subset) },
	{ .name = "where", .kind = KEY_NODE, .offset = AT(where) },
	{ .name = "sum", .kind = KEY_STRING, .offset = AT(sum) },
	{ .name = "by", .kind = KEY_STRINGS, .offset = AT(by) },
	{ .name = "command", .kind = KEY_STRINGS, .offset = AT(command) },
	{ .name = "parse", .kind = KEY_STRING, .offset = AT(parse) },
	{ .name = "separator", .kind = KEY_STRING, .offset = AT(separator) },
	{ .name = "value", .kind = KEY_INTEGER, .offset = AT(value), .min = 1, .max = 1000 },
	{ .name = "labels", .kind = KEY_PAIRS, .offset = AT(labels) },
	{ 0 },
};

const char *expansion_fill(const struct expansion *x, const char *text)
{
	return placeholders_fill(&x->d->arena, text, &x->variables);
}

/* ---- what both kinds of metric have ---- */

/* A variable of `each` that the name does not mention tells its series apart by a label. */
static int set_labels(const struct expansion *x, struct metric_definition *m)
{
	m->labels = arena_alloc(&x->d->arena, (x->variables.n + 1) * sizeof *m->labels);
	if (!m->labels)
		return ERR_NOMEM;
	for (size_t i = 0; i < x->variables.n; i++) {
		const struct pair *v = &x->variables.items[i];

		if (!placeholder_is_in(x->yaml->name, v->name))
			m->labels[m->n_labels++] = (struct label){ v->name, v->value };
	}
	return 0;
}

static void set_type(const struct expansion *x, struct metric_definition *m)
{
	const char *type = x->yaml->type;

	m->type = type && strcmp(type, "counter") == 0 ? METRIC_COUNTER : METRIC_GAUGE;
	if (type && strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0)
		problem_add(x->problems, x->tree, "type \"%s\": it is gauge or counter", type);
}

/* Families that the program makes itself; a second one of the same name cannot be. */
static const char *const reserved[] = { "slurm_exporter_", "slurm_jobs_total_",
					"slurm_partition_jobs_total_" };

static void check_name(const struct expansion *x, const struct metric_definition *m)
{
	if (!metric_name_is_legal(m->name))
		problem_add(x->problems, x->tree,
			    "\"%s\" is not a metric name: letters, digits, _ and : only", m->name);
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strncmp(m->name, reserved[i], strlen(reserved[i])) == 0)
			problem_add(x->problems, x->tree,
				    "metric %s: names that begin with %s are slurm-pusher's own",
				    m->name, reserved[i]);
	if (strcmp(m->source, "history") == 0)
		problem_add(x->problems, x->tree,
			    "a metric cannot be called history: that source exists");
}

static int set_common(const struct expansion *x, struct metric_definition *m)
{
	m->tree = x->tree;
	m->source = x->yaml->name;
	m->name = expansion_fill(x, x->yaml->name);
	m->help = m->name ? expansion_fill(x, x->yaml->help ? x->yaml->help : "") : NULL;
	if (!m->help)
		return ERR_NOMEM;
	if (!*m->help)
		problem_add(x->problems, x->tree, "metric %s: help is missing", m->name);
	check_name(x, m);
	set_type(x, m);
	return set_labels(x, m);
}

/* ---- over a table ---- */

static void set_sum(const struct expansion *x, struct metric_definition *m)
{
	if (!x->yaml->sum)
		return;
	m->sum = table_column(x->table, x->yaml->sum);
	if (!m->sum || m->sum->type != COLUMN_NUMBER)
		problem_add(x->problems, x->tree, "sum: table %s has no column \"%s\" of numbers",
			    x->table->name, x->yaml->sum);
}

static void check_values(const struct expansion *x, const struct column *c)
{
	const struct table_definition *table;
	size_t column;

	if (c->values && !values_find(x->d, c->values, &table, &column))
		problem_add(x->problems, x->table->tree,
			    "table %s, column %s: values: there is no table and column \"%s\"",
			    x->table->name, c->name, c->values);
}

static int set_by(const struct expansion *x, struct metric_definition *m)
{
	m->by = arena_alloc(&x->d->arena, (x->yaml->by.n + 1) * sizeof *m->by);
	if (!m->by)
		return ERR_NOMEM;
	for (size_t i = 0; i < x->yaml->by.n; i++) {
		const struct column *c = table_column(x->table, x->yaml->by.items[i]);

		if (c) {
			m->by[m->n_by++] = c;
			check_values(x, c);
		} else {
			problem_add(x->problems, x->tree, "by: table %s has no column \"%s\"",
				    x->table->name, x->yaml->by.items[i]);
		}
	}
	return 0;
}

/* The conditions of `where`, and those of the subset after them. */
static int set_where(const struct expansion *x, const struct subset *subset,
		     struct metric_definition *m)
{
	struct conditions own;
	int rc = conditions_read(&x->d->arena, x->table, x->yaml->where, &x->variables, &own,
				 x->problems);
	size_t n_subset = subset ? subset->where.n : 0;

	if (rc < 0)
		return rc;
	m->where.items = arena_alloc(&x->d->arena, (own.n + n_subset + 1) * sizeof *own.items);
	if (!m->where.items)
		return ERR_NOMEM;
	for (size_t i = 0; i < own.n; i++)
		m->where.items[m->where.n++] = own.items[i];
	for (size_t i = 0; i < n_subset; i++)
		m->where.items[m->where.n++] = subset->where.items[i];
	if (subset)
		m->unless = subset->unless;
	return 0;
}

static int set_meaning(const struct expansion *x, const struct subset *subset,
		       struct metric_definition *m)
{
	struct pair meaning = { .name = "meaning", .value = subset->meaning };

	m->help = placeholders_fill(&x->d->arena, m->help, &(struct pairs){ &meaning, 1 });
	return m->help ? 0 : ERR_NOMEM;
}

static int set_table(const struct expansion *x, struct metric_definition *m)
{
	const char *name = x->yaml->subset ? expansion_fill(x, x->yaml->subset) : NULL;
	const struct subset *subset = name ? table_subset(x->table, name) : NULL;
	int rc;

	m->table = x->table;
	if (x->yaml->subset && !name)
		return ERR_NOMEM;
	if (name && !subset)
		problem_add(x->problems, x->tree, "table %s has no subset \"%s\"", x->table->name,
			    name);
	rc = set_where(x, subset, m);
	if (rc == 0)
		rc = set_by(x, m);
	set_sum(x, m);
	return rc == 0 && subset ? set_meaning(x, subset, m) : rc;
}

/* ---- expansion ---- */

/* Metrics are known by name and fixed labels: a later one replaces an earlier. */
static int put_metric(struct definitions *d, struct metric_definition *m)
{
	const char *key = m->name;
	struct map_entry *e;

	for (size_t i = 0; i < m->n_labels && key; i++)
		key = arena_format(&d->arena, "%s\x1f%s=%s", key, m->labels[i].name,
				   m->labels[i].value);
	e = key ? map_entry(&d->metrics, key, strlen(key)) : NULL;
	if (!e)
		return ERR_NOMEM;
	e->value = m;
	return 0;
}

/* A family has one type, whatever the labels. */
static void check_family(const struct expansion *x, const struct metric_definition *m)
{
	for (size_t i = 0; i < x->d->metrics.n; i++) {
		const struct metric_definition *other = x->d->metrics.entries[i].value;

		if (other->type != m->type && strcmp(other->name, m->name) == 0)
			problem_add(
				x->problems, x->tree,
				"metric %s: it is a gauge in one place and a counter in another",
				m->name);
	}
}

/* The i-th label that the metric's series have, or NULL. */
static const char *label_name(const struct metric_definition *m, size_t i)
{
	if (i < m->n_labels)
		return m->labels[i].name;
	i -= m->n_labels;
	if (i < m->n_by)
		return m->by[i]->name;
	i -= m->n_by;
	if (i < m->n_label_columns)
		return m->label_columns[i].name;
	i -= m->n_label_columns;
	return i == 0 && metric_needs_partitions(m) ? "partition" : NULL;
}

static void check_labels(const struct expansion *x, const struct metric_definition *m)
{
	const char *name;

	for (size_t i = 0; (name = label_name(m, i)); i++) {
		if (!label_name_is_legal(name))
			problem_add(x->problems, x->tree, "metric %s: \"%s\" is not a label name",
				    m->name, name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(label_name(m, j), name) == 0)
				problem_add(x->problems, x->tree,
					    "metric %s: two labels are called %s", m->name, name);
	}
}

/* What is only for metrics of the other kind. */
static void check_kind(const struct expansion *x)
{
	const struct metric_yaml *y = x->yaml;

	if (x->table && (y->parse || y->separator || y->value || y->labels.n))
		problem_add(x->problems, x->tree,
			    "parse, separator, value and labels are for a metric with a command");
	if (!x->table && (y->subset || y->where || y->sum || y->by.n))
		problem_add(x->problems, x->tree,
			    "subset, where, sum and by are for a metric over a table");
}

static int expand_one(const struct expansion *x)
{
	struct metric_definition *m = arena_alloc(&x->d->arena, sizeof *m);
	int rc = m ? set_common(x, m) : ERR_NOMEM;

	if (rc == 0)
		rc = x->table ? set_table(x, m) : expansion_set_command(x, m);
	if (rc == 0) {
		check_family(x, m);
		check_labels(x, m);
		placeholders_check(m->help, (const char *const[]){ NULL }, x->tree, x->problems);
	}
	return rc == 0 ? put_metric(x->d, m) : rc;
}

/* Every combination of the values of `each`, the first name varying slowest. */
static int expand_each(struct expansion *x, const struct tree *each)
{
	struct pair *variable = &x->variables.items[x->variables.n];
	int rc = 0;

	if (!each)
		return expand_one(x);
	if (each->kind != TREE_SEQUENCE || !each->n_children) {
		problem_add(x->problems, each, "each %s: a list of values is expected", each->key);
		return 0;
	}
	x->variables.n++;
	for (const struct tree *value = each->child; value && rc == 0; value = value->next) {
		*variable = (struct pair){ each->key, value->text, value };
		if (value->kind == TREE_SCALAR)
			rc = expand_each(x, each->next);
		else
			problem_add(x->problems, value, "each %s: a word is expected here",
				    each->key);
	}
	x->variables.n--;
	return rc;
}

static bool find_table(struct expansion *x)
{
	const struct metric_yaml *yaml = x->yaml;

	if (!yaml->from == !yaml->command.n) {
		problem_add(x->problems, x->tree,
			    "metric %s: either from (a table) or command is needed", yaml->name);
		return false;
	}
	if (!yaml->from)
		return true;
	x->table = map_gets(&x->d->tables, yaml->from);
	if (!x->table)
		problem_add(x->problems, x->tree, "metric %s: there is no table \"%s\"", yaml->name,
			    yaml->from);
	return x->table != NULL;
}

int metric_read(struct definitions *d, const struct tree *tree, struct problems *problems)
{
	struct metric_yaml yaml = { 0 };
	struct expansion x = { .d = d, .tree = tree, .yaml = &yaml, .problems = problems };
	int rc = schema_read(&d->arena, tree, metric_keys, &yaml, problems);

	if (rc < 0)
		return rc;
	if (!yaml.name || !find_table(&x))
		return 0;
	check_kind(&x);
	if (yaml.each && yaml.each->kind != TREE_MAPPING) {
		problem_add(problems, yaml.each, "each: a mapping of names to lists is expected");
		return 0;
	}
	x.variables.items = arena_alloc(&d->arena, (yaml.each ? yaml.each->n_children + 1 : 1) *
							   sizeof *x.variables.items);
	if (!x.variables.items)
		return ERR_NOMEM;
	return expand_each(&x, yaml.each ? yaml.each->child : NULL);
}
